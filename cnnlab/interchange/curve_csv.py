"""CSV files of curves as runs: a column is a curve, a row an epoch or a step.

Read are the files of Keras' `CSVLogger`, of Lightning and fastai, and cnnlab's own tables `epochs`
and `steps`, of which each `run_id` is a run; also all that lie in a folder. Rows may leave cells
empty. Other cells that are no numbers, such as ``n/a``, are gaps too, and told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from cnnlab.amounts import listed
from cnnlab.errors import ConfigError
from cnnlab.history.importing import ImportedRun
from cnnlab.interchange.csv_folders import SUFFIXES, csv_files, logs_in
from cnnlab.interchange.csv_table import Table, first_names, read_sheet
from cnnlab.interchange.curve_axes import Axes, Trace, axes_of
from cnnlab.interchange.curve_columns import TableCurves, table_curves
from cnnlab.interchange.curve_names import AXES, meaning_of, require_names
from cnnlab.interchange.curve_rows import FoundCurves, imported_run, nothing_known
from cnnlab.interchange.readers import ImportOptions, ReadingJob


def recognises(path: Path) -> bool:
    """Whether it is a text with the names of curves in its first line, or is called one.

    A folder is one if there is a CSV file in it, whatever it holds.
    """
    if path.is_dir():
        return next(csv_files(path), None) is not None
    names = first_names(path)
    if names is None or path.suffix.lower() in SUFFIXES:
        return names is not None
    return sum(meaning_of(name) is not None for name in names) > 1


def read(job: ReadingJob) -> list[ImportedRun]:
    """The runs of a CSV file, or of those in a folder, in their order.

    Raises:
        ConfigError: no column is known, or one that was named is not there.
        ExchangeError: a file cannot be read.
    """
    if job.path.is_dir():
        return _read_folder(job)
    job.progress(f"reading {job.path.name}", 0, 1)
    require_names(job.options.columns, first_names(job.path) or [])
    return _runs(job.path, job.path.stem, [job.path], job.options)


def _read_folder(job: ReadingJob) -> list[ImportedRun]:
    """The runs in a folder; what is left out is told.

    Raises:
        ConfigError: there is none, or a column that was named is in none of them.
        ExchangeError: a file cannot be read.
    """
    logs, told = logs_in(job.path, job.options.columns, job.taken)
    if not logs:
        raise ConfigError(" ".join(told), "A file that is named itself is tried.")
    require_names(job.options.columns, [name for one in logs for name in one.columns])
    runs: list[ImportedRun] = []
    for number, log in enumerate(logs):
        job.progress(f"reading {log.source.name}", number, len(logs))
        try:
            runs += _runs(log.source, log.name, log.files, job.options)
        except ConfigError as error:
            if len(logs) == 1:
                raise
            told.append(f"Not imported: {error.message}")
    if not runs:
        raise ConfigError(" ".join(told))
    return [replace(one, beside=tuple(told)) for one in runs]


def _runs(
    source: Path, name: str, files: Sequence[Path], options: ImportOptions
) -> list[ImportedRun]:
    """The runs in the files of one log.

    Raises:
        ConfigError: there are no rows, no column is known, or none holds a number.
        ExchangeError: a file cannot be read.
    """
    parts = _tables(source, files)
    several = len(parts) > 1
    runs = []
    for run_id in list(parts):
        called = f"{name}-{run_id}" if run_id and several else name
        # The numbers make room for the points that become of them.
        curves = _curves(source, called, parts.pop(run_id), options.columns)
        runs.append(imported_run(curves, options))
    return runs


def _tables(source: Path, files: Sequence[Path]) -> dict[str, list[Table]]:
    """The tables of each run in some files.

    Raises:
        ConfigError: there are no rows.
        ExchangeError: a file cannot be read.
    """
    sheets = [read_sheet(file) for file in files]
    parts: dict[str, list[Table]] = defaultdict(list)
    for sheet in sheets:
        for run_id, table in sheet.runs.items():
            parts[run_id].append(table)
    if not parts and any(sheet.names for sheet in sheets):
        raise ConfigError(f"{source} has no rows below its first line.", "Check what is in it.")
    if not parts:
        raise nothing_known(source, [])
    return parts


# Its curves


def _curves(
    source: Path, name: str, tables: Sequence[Table], by_hand: Mapping[str, str]
) -> FoundCurves:
    """The curves of one run, from the tables that have some of them.

    Raises:
        ConfigError: there are columns for them, but no number is in one; or the tables count
            what they hold in ways that do not go together.
    """
    found = _told_apart([table_curves(table, by_hand) for table in tables])
    _require_numbers(source, found)
    _require_common(source, found)
    traces, axes = _joined(found)
    began = [point.time for one in traces for point in one.points if point.time is not None]
    return FoundCurves(
        origin="csv",
        name=name,
        source=source,
        traces=traces,
        axes=axes,
        unread=list(dict.fromkeys(chain(*(one.unread for one in found)))),
        began=min(began, default=tables[0].path.stat().st_mtime),
        is_timed=bool(began),
        places=dict(chain(*(one.places.items() for one in found))),
        gaps=dict(sum((Counter(one.gaps) for one in found), Counter())),
        remarks=list(_remarks(found)),
    )


def _told_apart(tables: list[TableCurves]) -> list[TableCurves]:
    """The same tables; curves of several that share a name are called by their files, too."""
    names = Counter(one.name for table in tables for one in table.traces)
    for table in tables:
        table.qualify([name for name, count in names.items() if count > 1])
    return tables


def _require_numbers(source: Path, tables: Sequence[TableCurves]) -> None:
    """Checks that there is something in the columns of curves.

    Raises:
        ConfigError: there are some, but no number is in one.
    """
    blank = [
        name for table in tables for name, one in table.blank.items() if one.quantity not in AXES
    ]
    if blank and not any(table.traces for table in tables):
        raise ConfigError(
            f"{source} has no numbers in {listed(blank)}.", "Write them as 0.5 or 5e-1."
        )


def _require_common(source: Path, tables: Sequence[TableCurves]) -> None:
    """Checks that the tables of a run can be laid over each other.

    Raises:
        ConfigError: rows of one are counted, as no column tells where they belong, and those of
            another one are not those.
    """
    holding = [table for table in tables if table.traces]
    counts = [table.rows_are for table in holding]
    of_steps = [table for table in holding if table.of_steps]
    if len(holding) > 1 and ("epochs" in counts or ("steps" in counts and len(of_steps) > 1)):
        raise ConfigError(
            f"{source} has tables that share no column of epochs or steps: "
            f"{listed([table.file for table in holding])}. Import each file by itself.",
            "Or name their columns, such as --column step=NAME.",
        )


def _joined(tables: Sequence[TableCurves]) -> tuple[list[Trace], Axes]:
    """The curves of all tables, and how they count together."""
    traces = [trace for table in tables for trace in table.traces]
    of_epochs = frozenset(chain(*(table.axes.of_epochs for table in tables)))
    of_steps = [one for one in traces if one.name not in of_epochs]
    told = [table.epochs for table in tables if table.epochs is not None]
    if told:
        # The table of epochs comes before that of steps, of which some may not have been logged.
        axes = axes_of(of_steps, told[0])
    else:
        from_zero = max(table.axes.steps_from for table in tables)
        ends = next((table.axes.ends for table in tables if table.axes.ends), {})
        axes = Axes(frozenset(), from_zero, ends=ends)
    counts = [table.axes.epochs_from for table in tables if table.axes.of_epochs]
    axes = replace(axes, of_epochs=of_epochs, epochs_from=max(counts, default=axes.epochs_from))
    if not of_epochs or axes.ends:
        return traces, axes
    # Without a word on where epochs end, nothing else tells that these are of steps.
    return [one if one.name in of_epochs else _of_steps(one) for one in traces], axes


def _of_steps(trace: Trace) -> Trace:
    return replace(trace, meaning=replace(trace.meaning, grain=trace.meaning.grain or "step"))


def _remarks(tables: Sequence[TableCurves]) -> Iterator[str]:
    yield from dict.fromkeys(chain(*(table.remarks for table in tables)))
    blank = list(dict.fromkeys(chain(*(table.blank for table in tables))))
    if blank:
        yield f"Without a number that fits, so not read: {listed(blank)}."
