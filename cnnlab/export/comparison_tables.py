"""The tables of a comparison: figures, the fields that differ, classes, runs.

Groups stand beside each other while they are few, else below each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from cnnlab.amounts import enumerated
from cnnlab.analysis.comparison import ClassFigure, Comparison, Figure, Group
from cnnlab.analysis.evaluated_runs import Measured, on_same_images
from cnnlab.export.comparison_picks import picked
from cnnlab.export.comparison_words import (
    CLASS_TITLES,
    best_words,
    figure_words,
    machine_words,
    marked,
    repeated,
    seeds_words,
    setting_words,
    unmarked_words,
)
from cnnlab.export.document import Cell, Column, Table
from cnnlab.export.format import format_duration, format_points, format_time
from cnnlab.export.run_words import ORIGINS
from cnnlab.history.records import RunRecord

_MOST_BESIDE = 5
"""Groups beside each other, whatever their names."""
_WIDEST = 100
"""Characters of a table whose groups stand beside each other though they are more."""
_FIGURES_BESIDE = 6
"""Figures beside each other; further ones have a table of their own."""
_CLASSES_BESIDE = 12
"""Classes beside each other."""
_MOST_NAMES = 8
"""Groups that are left out and named."""

_Line = tuple[str, list[Cell]]
"""The name of a figure or field, and a cell for each group."""

_Repeated = tuple[str, Figure, Measured]
"""The name of a figure or class, what figure it is, and what it came to over the runs."""


@dataclass(frozen=True)
class Compared:
    """A comparison with the names of its groups and the place of its baseline."""

    comparison: Comparison
    names: Sequence[str]
    baseline: int

    @property
    def repeated(self) -> bool:
        """Whether all runs are repeats of one, so that nothing stands beside their figures."""
        return repeated(self.comparison)

    @property
    def heads(self) -> list[str]:
        """The names of the groups, with a word at the baseline where there is one to tell."""
        if len(self.names) < 2:
            return list(self.names)
        return [
            f"{name} (baseline)" if place == self.baseline else name
            for place, name in enumerate(self.names)
        ]


def figure_tables(this: Compared) -> Iterator[Table]:
    """Each figure of each group: mean, deviation, number of seeds, the best marked."""
    comparison, notes = this.comparison, tuple(_figure_notes(this))
    if this.repeated:
        yield _repeats_table("Figures", "", _known_figures(comparison), notes)
        return
    lines = [("seeds", [Cell(seeds_words(group)) for group in comparison.groups])]
    for figure in comparison.figures:
        lines += _figure_lines(comparison, figure)
    if _fit(this, lines):
        marks = tuple(_mark_notes(comparison, lines))
        yield _table("Figures", "", lines, this.heads, (*notes, *marks))
        return
    first, *more = _parts(lines, _FIGURES_BESIDE + 2)
    notes = (*notes, *_mark_notes(comparison, first))
    yield _table("Figures", "group", first, this.heads, notes, below=True)
    for part in more:
        marks = tuple(_mark_notes(comparison, part))
        yield _table("More figures", "group", part, this.heads, marks, below=True)


def _known_figures(comparison: Comparison) -> list[_Repeated]:
    known = comparison.groups[0].figures
    return [(one.name, one, known[one.name]) for one in comparison.figures]


def _repeats_table(
    title: str, corner: str, lines: Sequence[_Repeated], notes: tuple[str, ...]
) -> Table:
    """Figures of one group below each other."""
    rows = tuple(
        (
            Cell(name),
            Cell(figure_words(figure, value)),
            Cell(best_words(figure, value)),
            Cell(str(value.n)),
        )
        for name, figure, value in lines
    )
    columns = (Column(corner), *(Column(name, number=True) for name in ("mean ± std", "best", "n")))
    return Table(title, columns, rows, notes)


def _figure_lines(comparison: Comparison, figure: Figure) -> Iterator[_Line]:
    """A figure; of the main one also that of the best run, where there are several."""
    best = marked(comparison, figure)
    values = [group.figures.get(figure.name) for group in comparison.groups]
    cells = []
    for place, (group, value) in enumerate(zip(comparison.groups, values, strict=True)):
        words = figure_words(figure, value)
        if value is not None and value.n != len(group.runs):
            words += f" (n = {value.n})"
        cells.append(Cell(words, best=place in best))
    yield figure.name, cells
    if figure == comparison.main and any(value and value.n > 1 for value in values):
        bests = [Cell(best_words(figure, value)) for value in values]
        yield f"{figure.name}, best run", bests


def _figure_notes(this: Compared) -> Iterator[str]:
    comparison = this.comparison
    if this.repeated:
        yield "Mean and sample standard deviation over n runs, and the best figure of them."
    elif any(len(group.runs) > 1 for group in comparison.groups):
        yield "Mean ± sample standard deviation over the seeds."
    if any(_is_infinite(value) for group in comparison.groups for value in group.figures.values()):
        yield "A figure that is infinite in a run has no deviation."
    if any(group.repeats for group in comparison.groups):
        yield "Of several runs with one seed the newest counts."
    if any(not group.runs[0].config for group in comparison.groups):
        yield "Of imported curves no config is known, and no figures but those that came with them."


def _mark_notes(comparison: Comparison, lines: Sequence[_Line]) -> Iterator[str]:
    """What the marks of a table mean, and why there are none where one looks for them."""
    if any(cell.best for _, cells in lines for cell in cells):
        yield "The best of each figure is marked."
    named = {name for name, _ in lines}
    shown = [figure for figure in comparison.figures if figure.name in named]
    yield from unmarked_words(comparison, shown)


def _is_infinite(value: Measured) -> bool:
    return value.n > 1 and value.std is None


# Configs


def config_tables(this: Compared) -> Iterator[Table]:
    """The fields that differ between groups, and, of less weight, those of the machine."""
    comparison = this.comparison
    lines = [
        (path, [Cell(setting_words(group, path)) for group in comparison.groups])
        for path in comparison.fields
    ]
    lines += [
        (path, [Cell(machine_words(group, path), weak=True) for group in comparison.groups])
        for path in comparison.machine_fields
        if path not in comparison.fields
    ]
    if not lines:
        return
    title, notes = "Fields that differ", ("Fields that are the same in all are left out.",)
    if _fit(this, lines):
        yield _table(title, "field", lines, this.heads, notes, words=True)
        return
    for part in _parts(lines, _FIGURES_BESIDE):
        yield _table(title, "group", part, this.heads, notes, words=True, below=True)


def class_table(this: Compared, figure: ClassFigure) -> Table:
    """The baseline's figure of each class, and how far the others are from it in points.

    The baseline must have been tested. Groups that have no figures of the same images are left out,
    and told. Where neither groups nor classes are few, only the best groups are beside it.
    """
    comparison = this.comparison
    if this.repeated:
        return _repeated_classes(comparison, figure)
    base = comparison.groups[this.baseline]
    others = {place: other_classes(base, group) for place, group in enumerate(comparison.groups)}
    alike = [place for place, why in others.items() if not why and place != this.baseline]
    notes = [_class_note(comparison, figure)]
    if alike:
        notes[0] += " Of the baseline its value; of the others the difference in percentage points."
    turned = len(base.class_names) <= _CLASSES_BESIDE <= len(alike)
    if len(alike) >= _CLASSES_BESIDE and not turned:
        count = len(alike)
        alike, how = picked(comparison, alike)
        notes.append(f"Beside the baseline {len(alike)} of {count} groups: {how}.")
    notes += left_out_classes(this.names, others)
    rows = [
        (
            each,
            [
                Cell(figure_words(comparison.figures[0], base.classes[figure][at])),
                *(
                    Cell(format_points(points))
                    for place in alike
                    if (points := differences[place]) is not None
                ),
            ],
        )
        for at, (each, differences) in enumerate(
            comparison.class_differences(figure, this.baseline)
        )
    ]
    all_heads = this.heads
    heads = [all_heads[place] for place in (this.baseline, *alike)]
    corner = "group" if turned else "class"
    title = f"{_class_title(figure)} of each class"
    return _table(title, corner, rows, heads, tuple(notes), below=turned)


def other_classes(base: Group, group: Group) -> str:
    """Why the classes of a group do not stand beside those of another; empty where they do."""
    if not group.class_names:
        return "no figures of classes"
    if group.class_names != base.class_names:
        return "other classes"
    same = on_same_images((base.tested, group.tested))
    if same is None:
        return "figures of images that are not known"
    return "" if same else "figures of other images"


def left_out_classes(all_names: Sequence[str], others: Mapping[int, str]) -> Iterator[str]:
    """Which groups are not in a table of classes, a sentence for each reason.

    Args:
        others: by the place of a group, what `other_classes` says of it.
    """
    for why in dict.fromkeys(filter(None, others.values())):
        names = [all_names[place] for place, own in others.items() if own == why]
        if len(names) > _MOST_NAMES:
            yield f"{len(names)} groups have {why} and are left out."
        elif len(names) > 1:
            yield f"{enumerated(names)} have {why} and are left out."
        else:
            yield f"{names[0]} has {why} and is left out."


def _class_title(figure: ClassFigure) -> str:
    name = CLASS_TITLES[figure]
    return f"{name[0].upper()}{name[1:]}"


def _class_note(comparison: Comparison, figure: ClassFigure) -> str:
    return f"{_class_title(figure)} on the test images, {comparison.checkpoint} checkpoint."


def _repeated_classes(comparison: Comparison, figure: ClassFigure) -> Table:
    """The figure of each class over the runs of one group."""
    (group,) = comparison.groups
    lines = [
        (name, comparison.figures[0], value)
        for name, value in zip(group.class_names, group.classes[figure], strict=True)
    ]
    title = f"{_class_title(figure)} of each class"
    return _repeats_table(title, "class", lines, (_class_note(comparison, figure),))


# Runs


def runs_table(this: Compared) -> Table:
    """The runs that each group is made of, and those of it that do not count."""
    names = ("group", "run", "name", "seed", "status", "epochs", "started", "time")
    rows = [
        _run(name if at == 0 else "", run, counts=at < len(group.runs))
        for name, group in zip(this.heads, this.comparison.groups, strict=True)
        for at, run in enumerate((*group.runs, *group.repeats))
    ]
    first = 1 if this.repeated else 0
    numbers = {"seed", "epochs", "time"}
    columns = tuple(Column(name, name in numbers) for name in names[first:])
    return Table("Runs", columns, tuple(row[first:] for row in rows), naming=2 - first)


def _run(group: str, run: RunRecord, *, counts: bool) -> tuple[Cell, ...]:
    remarks = [
        run.status,
        ORIGINS.get(run.origin or "", ""),
        "" if counts else "an older run of its seed, does not count",
        "in the trash" if run.trashed_at else "",
    ]
    return (
        Cell(group),
        Cell(run.id),
        Cell(run.name),
        Cell("–" if run.seed is None else str(run.seed)),
        Cell(", ".join(filter(None, remarks))),
        Cell(f"{run.epochs_done}/{run.epochs_planned}"),
        Cell(format_time(run.started_at)),
        Cell(format_duration(run.duration_s)),
    )


# Groups beside or below each other


def _fit(this: Compared, lines: Sequence[_Line]) -> bool:
    """Whether groups can stand beside each other."""
    if len(this.names) <= _MOST_BESIDE:
        return True
    names, *columns = (
        [name for name, _ in lines],
        *(
            [head, *(cells[place].text for _, cells in lines)]
            for place, head in enumerate(this.heads)
        ),
    )
    widths = [max(map(cell_len, texts)) for texts in (names, *columns)]
    return sum(widths) + 2 * len(widths) <= _WIDEST


def _table(
    title: str,
    corner: str,
    lines: Sequence[_Line],
    heads: Sequence[str],
    notes: tuple[str, ...],
    *,
    words: bool = False,
    below: bool = False,
) -> Table:
    """Groups in columns beside each other, or `below` each other in rows."""
    rows = [(Cell(name), *cells) for name, cells in lines]
    above = list(heads)
    if below:
        above = [name for name, _ in lines]
        rows = list(zip(map(Cell, heads), *(cells for _, cells in lines), strict=True))
    columns = (Column(corner), *(Column(name, number=not words) for name in above))
    return Table(title, columns, tuple(rows), notes)


def _parts(lines: Sequence[_Line], most: int) -> list[Sequence[_Line]]:
    return [lines[at : at + most] for at in range(0, len(lines), most)]
