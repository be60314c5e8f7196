"""Which figures of a comparison are marked as the best, and what is told where none is."""

from __future__ import annotations

from collections.abc import Sequence

from export.comparisons import blocks, document, finished, row, table
from history.samples import change

from cnnlab.export.document import Document, Figure, Table
from cnnlab.home import Home

UNFINISHED = (
    "Training times compare only where all runs were trained to their end: no best of them is "
    "marked."
)
OTHER_CUTS = (
    "Validation and training figures of different seeds or validation shares are of different "
    "images"
)


def marks(figures: Table, name: str) -> list[bool]:
    (cells,) = [cells for cells in figures.rows if cells[0].text == name]
    return [cell.best for cell in cells[1:]]


def pair(home: Home, accuracies: Sequence[float], *, seeds: Sequence[int] = (1, 1)) -> list[str]:
    """Runs of two learning rates."""
    return [
        finished(home, f"run-{at}", accuracy, f"optimizer.lr=0.{at + 1}", f"training.seed={seed}")
        for at, (accuracy, seed) in enumerate(zip(accuracies, seeds, strict=True))
    ]


def untested(home: Home, ids: Sequence[str]) -> Document:
    """The document of runs that have their epochs alone."""
    change(home, "delete from evaluations")
    return document(home, ids)


def test_beside_a_run_that_was_broken_off_no_time_is_marked_and_the_table_says_why(
    home: Home,
) -> None:
    ids = pair(home, (0.9, 0.8))
    for run_id, seconds in zip(ids, (9.0, 3.0), strict=True):
        change(home, "update runs set duration_s = ? where id = ?", [seconds, run_id])
    figures = table(document(home, ids), "Figures")
    assert marks(figures, "training time") == [False, True]
    assert UNFINISHED not in figures.notes
    change(home, "update runs set status = 'interrupted' where id = 'run-1'")
    figures = table(document(home, ids), "Figures")
    assert marks(figures, "training time") == [False, False]
    assert UNFINISHED in figures.notes
    assert marks(figures, "test accuracy") == [True, False]


def test_of_other_seeds_no_validation_is_marked_and_the_table_and_the_plot_say_why(
    home: Home,
) -> None:
    found = untested(home, pair(home, (0.9, 0.8), seeds=(1, 2)))
    figures = table(found, "Figures")
    assert marks(figures, "best validation accuracy") == [False, False]
    assert [note for note in figures.notes if OTHER_CUTS in note] == [
        f"{OTHER_CUTS}: no best of them is marked."
    ]
    (bars,) = [one for one in blocks(found, Figure) if one.plot.name == "comparison"]
    assert f"{OTHER_CUTS}." in bars.caption


def test_of_the_same_seed_the_best_validation_is_marked_and_nothing_is_told(home: Home) -> None:
    found = untested(home, pair(home, (0.9, 0.8)))
    figures = table(found, "Figures")
    assert marks(figures, "best validation accuracy") == [True, False]
    assert not any(OTHER_CUTS in note for note in figures.notes)
    assert not any(OTHER_CUTS in one.caption for one in blocks(found, Figure))


def test_a_figure_that_a_single_group_has_needs_no_word_on_its_mark(home: Home) -> None:
    ids = pair(home, (0.9, 0.8), seeds=(1, 2))
    change(home, "update runs set duration_s = null where id = 'run-0'")
    change(home, "update runs set status = 'interrupted' where id = 'run-1'")
    assert UNFINISHED not in table(document(home, ids), "Figures").notes


def test_groups_whose_figures_read_the_same_are_marked_alike(home: Home) -> None:
    """Two losses of three differ in the fifth digit, which is not shown."""
    ids = [
        finished(home, f"run-{at}", accuracy, f"optimizer.lr=0.{at + 1}")
        for at, accuracy in enumerate((0.85281, 0.85283, 0.8))
    ]
    figures = table(document(home, ids), "Figures")
    assert row(figures, "test loss") == ["0.1472", "0.1472", "0.2000"]
    assert marks(figures, "test loss") == [True, True, False]
    figures = table(document(home, ids[:2]), "Figures")
    assert marks(figures, "test loss") == [False, False]
