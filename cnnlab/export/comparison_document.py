"""A comparison of runs as a document: figures, what they mean, configs, curves, classes, runs.

Groups stand beside each other while they are few, else below each other. Curves are those of the
best eight groups, as more cannot be told apart; tables have all groups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain

from cnnlab.amounts import enumerated, how_many
from cnnlab.analysis.comparison import ClassFigure, Comparison, compare
from cnnlab.config.differences import without
from cnnlab.config.toml import config_as_toml
from cnnlab.export import document
from cnnlab.export.comparison_picks import picked
from cnnlab.export.comparison_plots import comparison_bars, course_plots
from cnnlab.export.comparison_tables import (
    Compared,
    class_table,
    config_tables,
    figure_tables,
    runs_table,
)
from cnnlab.export.comparison_words import labels, repeated, seeds_words, summary_words
from cnnlab.export.document import Block, Document, Section
from cnnlab.export.format import format_time, one_line
from cnnlab.export.job import ExportOptions
from cnnlab.export.repeating import Anywhere
from cnnlab.export.run_plots import against
from cnnlab.export.unknown_axes import absence_words
from cnnlab.history.naming import left_out
from cnnlab.history.origins import UNKNOWN, is_dated
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

_MOST_NAMES = 3
"""Groups that the title names, where their names are short."""
_LONGEST_NAMES = 60
"""Characters of these names together."""
_MOST_COMMANDS = 50
"""Runs that the commands to repeat them are written out for."""
_MOST_VERDICTS = 20
"""Groups whose difference to the baseline is told, each in a line."""


def comparison_document(
    reader: Reader,
    run_ids: Sequence[str],
    options: ExportOptions,
    *,
    baseline: str = "",
    fold: bool = True,
    class_figures: Sequence[ClassFigure] = ("f1",),
    home: Home | None = None,
) -> Document:
    """Compares runs; those that are not in the history any more are left out, and told.

    Args:
        options: the checkpoint, and how curves are drawn.
        baseline: a run; the others are held against its group, else against the first.
        fold: whether runs that differ only in the seed or the machine become one group.
        class_figures: what classes are compared by.
        home: where presets are looked up for the commands that repeat runs.

    Raises:
        ConfigError: the options name an unknown x axis.
    """
    comparison = compare(reader, run_ids, options.checkpoint, fold=fold, baseline=baseline)
    names = labels(comparison)
    this = Compared(comparison, names, comparison.place_of(baseline))
    runs = [run for group in comparison.groups for run in (*group.runs, *group.repeats)]
    title = _title(comparison, names, len(runs))
    if not comparison.groups:
        none = document.Words(("None of these runs is in the history any more.",))
        return Document(title, "", (Section("", (none,)),))
    told = left_out(len(set(run_ids)) - len(runs))
    gone = (document.Words(tuple(told)),) if told else ()
    sections = (
        Section("", (_facts(this, runs), *gone)),
        Section("Figures", (*figure_tables(this), _meaning(this))),
        Section("Fields that differ", tuple(config_tables(this))),
        Section("Curves", tuple(_plots(reader, this, options))),
        Section("Classes", tuple(_classes(this, class_figures))),
        Section("Runs", (runs_table(this),)),
        Section("The same in all configs", tuple(_common(this))),
        Section("How to repeat it", tuple(_repeating(this, home))),
    )
    told_sections = tuple(section for section in sections if section.blocks)
    return Document(title, _subtitle(this), told_sections, key=_key(this, runs))


def _title(comparison: Comparison, names: Sequence[str], count: int) -> str:
    """What is compared: by its names while they are few, and what all of it is of."""
    if repeated(comparison):
        return f"{count} repeats of {names[0]}"
    compared = enumerated(names)
    if len(names) > _MOST_NAMES or len(compared) > _LONGEST_NAMES:
        compared = how_many(count, "run")
    runs = [group.runs[0] for group in comparison.groups]
    models, datasets = ({run.model for run in runs}, {run.dataset for run in runs})
    shared = [one_line(each.pop()) for each in (models, datasets) if len(each) == 1]
    of = " on ".join(each for each in shared if each not in ("", UNKNOWN))
    return f"Comparison of {compared}{f' ({of})' if of else ''}"


def _key(this: Compared, runs: Sequence[RunRecord]) -> str:
    """The same for the same runs, checkpoint and baseline."""
    said = (*(run.id for run in runs), this.comparison.checkpoint, str(this.baseline))
    return f"comparison-{hashlib.sha256(' '.join(said).encode()).hexdigest()[:6]}"


def _subtitle(this: Compared) -> str:
    groups, checkpoint = this.comparison.groups, f"{this.comparison.checkpoint} checkpoint"
    if len(groups) == 1:
        return f"{seeds_words(groups[0])}, {checkpoint}"
    count = f"{len(groups)} groups, " if _are_folded(this) else ""
    return f"{count}{checkpoint}, held against {this.names[this.baseline]}"


def _are_folded(this: Compared) -> bool:
    return any(len(group.runs) + len(group.repeats) > 1 for group in this.comparison.groups)


def _facts(this: Compared, runs: Sequence[RunRecord]) -> document.Facts:
    groups = len(this.names)
    times = sorted(run.created_at for run in runs if is_dated(run))
    first, last = (format_time(times[0]), format_time(times[-1])) if times else ("", "")
    rows = (
        ("runs", f"{len(runs)}{_grouped_words(this)}"),
        ("baseline", this.names[this.baseline] if groups > 1 else ""),
        ("checkpoint", this.comparison.checkpoint),
        ("data", _each(run.dataset for run in runs)),
        ("model", _each(run.model for run in runs)),
        ("device", _each(run.device_name or run.device or "" for run in runs)),
        ("cnnlab", _each(run.versions.get("cnnlab", "") for run in runs)),
        ("torch", _each(run.versions.get("torch", "") for run in runs)),
        ("started", first if first == last else f"{first} to {last}"),
    )
    return document.Facts("", tuple(row for row in rows if row[1]))


def _grouped_words(this: Compared) -> str:
    groups = len(this.names)
    if groups == 1 or not _are_folded(this):
        return ""
    machine = set(this.comparison.machine_fields) > {"training.seed"}
    where = "the seed or the machine" if machine else "the seed"
    return f" in {groups} groups: runs that differ only in {where} are one group"


def _each(values: Iterator[str]) -> str:
    return ", ".join(dict.fromkeys(one_line(value) for value in values if value))


def _meaning(this: Compared) -> document.Words:
    """What the figures mean: how far the groups lie from the baseline, and what is only noise."""
    comparison, count = this.comparison, len(this.names)
    lines = [f"Test accuracy against {this.names[this.baseline]}:"] if count > 1 else []
    told: list[int] | None = None
    if count > _MOST_VERDICTS:
        others = [place for place in range(count) if place != this.baseline]
        told, how = picked(comparison, others)
        lines.append(f"Of {len(others)} others only {len(told)} are told of here: {how}.")
    lines += summary_words(comparison, this.names, this.baseline, told)
    if any(verdict.p is not None for verdict in comparison.verdicts.values()):
        lines.append(
            "p is that of Welch's two-sided t-test, at a level of 0.05; each pair is tested by "
            "itself, without a correction for their number."
        )
    return document.Words(tuple(lines), of_table=True)


def _common(this: Compared) -> Iterator[Block]:
    """What all configs have in common, as far as they are known."""
    comparison = this.comparison
    known = [group.runs[0] for group in comparison.groups if group.runs[0].config]
    if known:
        differing = {*comparison.fields, *comparison.machine_fields}
        text = config_as_toml(without(known[0].config, differing))
        if text:
            yield document.Listing("", text, "toml")


def _plots(reader: Reader, this: Compared, options: ExportOptions) -> Iterator[Block]:
    comparison = this.comparison
    plots = [one for one in course_plots(reader, comparison, this.names, options) if one.is_course]
    runs = chain.from_iterable(group.runs for group in comparison.groups)
    absence = absence_words(runs, against(options))
    if absence and not plots:
        yield document.Words((absence,))
    for plot in plots:
        caption = f"{plot.title.capitalize()} by {plot.x_label}."
        if any(plot.bands):
            caption += " Mean of the seeds; the band is one sample standard deviation either side."
        yield document.Figure(plot, f"{caption} {plot.note}".rstrip())
    bars = comparison_bars(comparison, this.names)
    if bars is not None:
        yield document.Figure(bars, f"{bars.title.capitalize()}. {bars.note}".rstrip())


def _classes(this: Compared, figures: Sequence[ClassFigure]) -> Iterator[Block]:
    groups = this.comparison.groups
    if groups[this.baseline].class_names:
        yield from (class_table(this, figure) for figure in figures)
    elif any(group.class_names for group in groups):
        yield document.Words(("The baseline has no figures of classes: it was not tested.",))


def _repeating(this: Compared, home: Home | None) -> Iterator[Block]:
    groups = this.comparison.groups
    if sum(len(group.runs) for group in groups) > _MOST_COMMANDS:
        return
    anywhere, lines = Anywhere(home), []
    for name, group in zip(this.names, groups, strict=True):
        commands = anywhere.commands(group.runs)
        if commands:
            lines += [f"# {one_line(name)}", *commands]
    if not lines:
        return
    words = [
        "The commands train each group again wherever cnnlab and the data are"
        f"{', with the files below' if anywhere.files else ''}. In the home that these runs are "
        "in, cnnlab run --from RUN does so with each of them."
    ]
    if any(group.changed for group in groups):
        words.append(
            "Runs that were changed by hand, or did not come to their end, are trained as they "
            "were planned."
        )
    yield document.Words(tuple(words))
    yield document.Listing("", "\n".join(lines) + "\n", "sh")
    for name, text in anywhere.files:
        yield document.Listing(name, text, "toml")
