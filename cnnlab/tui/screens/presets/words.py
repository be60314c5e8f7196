"""An entry of the tree in words: what it is, its config, its figures, and what to know of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cnnlab.analysis.study_results import RowResult, StudyResults
from cnnlab.config.differences import MACHINE_FIELDS, flat, flat_stored, unlike
from cnnlab.config.presets import Preset
from cnnlab.config.studies import Study
from cnnlab.export.format import format_duration, format_figure, format_time, one_line, visible
from cnnlab.export.pairs import Pairs
from cnnlab.export.run_words import STATUS_STYLES, setting
from cnnlab.export.study_layout import StudyLayout
from cnnlab.export.study_table import class_table, row_table, study_table
from cnnlab.export.study_words import (
    missing_words,
    notes,
    own_settings,
    own_words,
    trained_words,
    usual_settings,
)
from cnnlab.history.records import RunRecord
from cnnlab.tui.screens.presets.catalog import (
    BrokenEntry,
    Entry,
    ReportEntry,
    RowEntry,
    RunEntry,
    SectionEntry,
    StudyEntry,
    UnreadEntry,
)
from cnnlab.tui.screens.presets.palette import Palette
from cnnlab.tui.screens.presets.standing import Standing

_ABSENT = object()


@dataclass(frozen=True)
class View:
    """What an entry is described with.

    Attributes:
        results: what the history has of the entry's study; None until it is read.
        absent: data sets that are not on this machine.
        presets: the presets by name, to tell what an earlier run changed.
    """

    palette: Palette
    standing: Standing
    results: StudyResults | None = None
    absent: frozenset[str] = frozenset()
    presets: Mapping[str, Preset] = field(default_factory=dict)


def described(entry: Entry, view: View) -> RenderableType:
    """An entry in words; texts from outside are shown as they are."""
    match entry:
        case RowEntry():
            parts = _row(entry, view)
        case StudyEntry():
            parts = _study(entry.study, view)
        case ReportEntry():
            parts = _report(entry, view)
        case RunEntry():
            parts = _run(entry.run, view)
        case UnreadEntry():
            parts = [_heading(entry.name, view), Text("Being read…", view.palette.muted)]
        case BrokenEntry():
            parts = [
                _heading(entry.name, view),
                Text(f"× This file cannot be used.\n\n{visible(entry.error)}", view.palette.bad),
            ]
        case SectionEntry():
            parts = [_heading(entry.title, view), Text(one_line(entry.words))]
    return Group(*_apart(parts))


def without_measurements(study: Study) -> StudyResults:
    """The results of a study of which the history was not read yet."""
    rows = tuple(RowResult(row, "not run", (), (), (), "", 0, {}, {}, {}) for row in study.rows)
    tables = [flat(row.preset.config) for row in study.rows]
    varies = tuple(path for path in unlike(tables) if path not in MACHINE_FIELDS)
    return StudyResults(study, "best", "newest", varies, rows)


def _apart(parts: Iterable[RenderableType]) -> list[RenderableType]:
    """Parts with an empty line between them."""
    spaced = [part for each in parts for part in (Text(), each)]
    return spaced[1:]


# A preset


def _row(entry: RowEntry, view: View) -> list[RenderableType]:
    preset, palette = entry.row.preset, view.palette
    results = view.results or without_measurements(entry.study)
    result = next(each for each in results.rows if each.row.name == entry.row.name)
    own = own_settings(entry.row, usual_settings(results))
    parts: list[RenderableType] = [
        _heading(entry.row.title or entry.row.name, view, _about(entry)),
        *_prose(preset.about.description),
        StudyLayout(row_table(result, being_read=view.results is None), palette.tones),
    ]
    if view.results is not None:
        parts.append(_row_state(result, view))
    parts += _absent_data([preset], view)
    parts.append(_under("Config", _config(flat(preset.config), own, palette), palette))
    if own:
        usual = usual_settings(results)
        parts.append(_differences("most rows", {path: (own[path], usual[path]) for path in own}))
    parts += _classes(result, palette)
    parts += _notes(notes(replace(results, rows=(result,))), palette)
    return parts


def _about(entry: RowEntry) -> list[str]:
    about = entry.study.about
    study = "" if entry.alone else about.title
    extends = f"changes {about.extends}" if about.extends else ""
    return [entry.row.preset.name, study, about.source, extends]


def _row_state(result: RowResult, view: View) -> Text:
    """Whether a row was trained, when, and whether it is being trained."""
    signs = {"measured": "✓", "not comparable": "*", "not run": ""}
    words = {"measured": "trained", "not comparable": "trained otherwise", "not run": "Not run yet"}
    text = Text(f"{signs[result.status]} {words[result.status]}".strip())
    if result.runs:
        count, newest = len(result.runs), result.runs[0]
        text.append(f" {count} times" if count > 1 else "")
        text.append(f", last {format_time(newest.created_at)}")
        text.append(f" as {one_line(newest.name)}", view.palette.muted)
    name = result.row.preset.name
    if name in view.standing.live:
        text.append(f" · {view.standing.live[name]} under way or waiting", view.palette.accent)
    return text


def _classes(result: RowResult, palette: Palette) -> list[RenderableType]:
    table = class_table(result)
    if table is None:
        return []
    return [_under("Precision of each class", StudyLayout(table, palette.tones), palette)]


# Studies and reports


def _study(study: Study, view: View) -> list[RenderableType]:
    palette, about = view.palette, study.about
    results = view.results or without_measurements(study)
    lines = [f"{study.name} · {trained_words(view.standing.count(study.rows))}", about.source]
    parts: list[RenderableType] = [
        _heading(about.title or study.name, view, lines),
        *_prose(about.description),
        StudyLayout(study_table(results, being_read=view.results is None), palette.tones),
        *_absent_data([row.preset for row in study.rows], view),
        *_varying(results, palette),
    ]
    lines = notes(results)
    if view.results is not None:
        missing = missing_words(results)
        lines += [*missing[:-1], f"{missing[-1]} Key a queues what is missing."] if missing else []
    return [*parts, *_notes(lines, palette)]


def _varying(results: StudyResults, palette: Palette) -> list[RenderableType]:
    """The fields that vary, by the names of the rows."""
    usual = usual_settings(results)
    if not usual:
        return []
    rows = []
    for result in results.rows:
        rows.append((result.row.name, Text(own_words(result.row, usual))))
    return [_under("What varies", _pairs(rows, palette), palette)]


def _report(entry: ReportEntry, view: View) -> list[RenderableType]:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=view.palette.muted)
    for heading, right in (("study", False), ("trained", True)):
        table.add_column(Text(heading), justify="right" if right else "left", no_wrap=right)
    for study in entry.studies:
        count = view.standing.count(study.rows)
        title = Text(one_line(study.about.title or study.name))
        table.add_row(title, Text(f"{count.as_said}/{count.rows}"))
    words = trained_words(view.standing.count(entry.rows))
    lines = [f"{len(entry.studies)} studies · {words}"]
    return [_heading(report_title(entry.name), view, lines), table]


def report_title(name: str) -> str:
    """What a report is called: the name of its author, after which its folder is named."""
    return name.capitalize() if name.islower() else name


# Earlier runs


def _run(run: RunRecord, view: View) -> list[RenderableType]:
    palette = view.palette
    state = Text(run.status, STATUS_STYLES.get(run.status, ""))
    state.append(f", {format_time(run.created_at)}")
    if run.duration_s is not None:
        state.append(f", took {format_duration(run.duration_s)}")
    if run.test_accuracy is not None:
        state.append(f", test accuracy {format_figure(run.test_accuracy)}")
    values = flat_stored(run.config)
    preset = view.presets.get(run.preset or "")
    theirs = {} if preset is None else flat(preset.config)
    changed = {
        path: (values.get(path, _ABSENT), theirs.get(path, _ABSENT))
        for path in (unlike([values, theirs]) if preset is not None else ())
        if path != "training.seed"
    }
    parts: list[RenderableType] = [
        _heading(run.name, view, [run.preset or ""]),
        state,
        _under("Config", _config(values, changed, palette), palette),
    ]
    if changed:
        parts.append(_differences("preset", changed))
    return parts


# Parts


def _heading(title: str, view: View, lines: Sequence[str] = ()) -> Text:
    text = Text(one_line(title), f"bold {view.palette.title}")
    for line in lines:
        if line:
            text.append(f"\n{one_line(line)}", f"not bold default {view.palette.muted}")
    return text


def _under(title: str, part: RenderableType, palette: Palette) -> RenderableType:
    """A part below its title."""
    return Group(Text(title, f"bold {palette.title}"), part)


def _prose(text: str) -> list[RenderableType]:
    words = " ".join(text.split())
    return [Text(visible(words))] if words else []


def _absent_data(presets: Sequence[Preset], view: View) -> list[RenderableType]:
    names = dict.fromkeys(preset.config.data.name for preset in presets)
    absent = [one_line(name) for name in names if name in view.absent]
    if not absent:
        return []
    words = f"! Not on this machine: {', '.join(absent)}. Key 4 leads to the data sets."
    return [Text(words, view.palette.far)]


def _config(
    values: Mapping[str, Any], changed: Mapping[str, Any], palette: Palette
) -> RenderableType:
    """The fields of a config, a line for each of its parts; those that differ stand out."""
    parts: dict[str, Text] = {}
    for path, value in values.items():
        part, _, name = path.partition(".")
        words = _field(name, value)
        if words:
            text = parts.setdefault(part, Text())
            text.append("  " if text else "")
            text.append(words, palette.accent if path in changed else "")
    return _pairs(list(parts.items()), palette)


def _field(name: str, value: Any) -> str:
    """A field as `name=value`; the name of a component alone; empty for what is not set."""
    if value is None or value in ([], {}):
        return ""
    words = setting(value)
    return words if name in ("", "name") else f"{name}={words}"


def _differences(than: str, changed: Mapping[str, tuple[Any, Any]]) -> Text:
    """Fields with their value, and what others have there.

    Where a component is another one, its own fields are not told one by one.
    """
    text = Text("Differs: ", "dim")
    others = tuple(path.removesuffix("name") for path in changed if path.endswith(".name"))
    told = [path for path in changed if path.endswith(".name") or not path.startswith(others)]
    for number, path in enumerate(told):
        own, usual = changed[path]
        text.append(", " if number else "", "not dim")
        text.append(f"{path} {_or_nothing(own)}", "not dim")
        if usual is not None:
            text.append(f" ({than} {_or_nothing(usual)})")
    return text


def _or_nothing(value: Any) -> str:
    return "nothing" if value is _ABSENT else setting(value)


def _notes(lines: Sequence[str], palette: Palette) -> list[RenderableType]:
    if not lines:
        return []
    first, *more = (Text(visible(line)) for line in lines)
    return [_under("Notes", first, palette), *more]


def _pairs(rows: Sequence[tuple[str, Text]], palette: Palette) -> RenderableType:
    return Pairs([(one_line(name), value) for name, value in rows], palette.muted)
