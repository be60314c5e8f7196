"""The tables of a study as data: which columns there are, and what their cells say."""

from __future__ import annotations

import pytest
from analysis.test_study_results import TEXT, add_run, measure

from cnnlab.analysis.study_results import StudyResults
from cnnlab.config import studies
from cnnlab.config.studies import Study
from cnnlab.data.catalog import CIFAR10_CLASSES
from cnnlab.export.study_table import (
    StudyCell,
    StudyTable,
    class_table,
    row_table,
    study_table,
)
from cnnlab.export.study_words import sign_notes
from cnnlab.home import Home

PUBLISHED = (
    "published = { accuracy = 0.9, precision_macro = 0.85, seconds = 75, class_precision = "
    "[0.5, 0.7] }"
)


@pytest.fixture
def study(home: Home) -> Study:
    path = home.presets / "mine" / "rates.toml"
    path.parent.mkdir(parents=True)
    text = TEXT.replace("published = { accuracy = 0.9, class_precision = [0.5, 0.7] }", PUBLISHED)
    path.write_text(text, encoding="utf-8")
    return studies.load(home, "mine/rates")


def kinds(table: StudyTable) -> dict[str, list[str]]:
    return {figure.title: [column.kind for column in figure.columns] for figure in table.figures}


def column(table: StudyTable, title: str, kind: str) -> tuple[StudyCell, ...]:
    (figure,) = [one for one in table.figures if one.title == title]
    (found,) = [one for one in figure.columns if one.kind == kind]
    return found.cells


def lines(table: StudyTable) -> list[list[str]]:
    """The cells of each name, in one line each."""
    columns = [column.cells for figure in table.figures for column in figure.columns]
    return [[cell.line for cell in row] for row in zip(*columns, strict=True)]


def test_the_best_of_several_runs_and_points_have_columns_where_there_are_some(
    home: Home, study: Study
) -> None:
    def shown() -> dict[str, list[str]]:
        return kinds(study_table(measure(home, study)))

    two, three = ["published", "measured"], ["published", "measured", "points"]
    assert shown() == {"accuracy": two, "precision": two, "time": two}
    add_run(home, study, "slow", 0.75, "training.seed=1")
    assert shown() == {"accuracy": three, "precision": three, "time": two}
    add_run(home, study, "slow", 0.85, "training.seed=2")
    four = ["published", "measured", "best", "points"]
    assert shown() == {"accuracy": four, "precision": four, "time": two}


def test_the_rows_have_what_was_published_beside_what_was_measured(
    home: Home, study: Study
) -> None:
    for seed, accuracy in enumerate((0.75, 0.85)):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}")
    table = study_table(measure(home, study))
    assert (table.heading, table.names) == ("row", ("slow", "fast"))
    slow, fast = lines(table)
    assert slow[:8] == [
        "‡ 0.90", "0.8000 ± 0.0707 (2)", "0.8500", "-10.0",
        "0.85", "0.8000 ± 0.0707 (2)", "0.8500", "-5.0",
    ]  # fmt: skip
    assert slow[8] == "1 m 15 s"
    assert fast == ["–", "–", "", "", "–", "–", "", "", "–", "–"]
    assert [cell.tone for cell in column(table, "accuracy", "measured")] == ["plain", "muted"]
    assert [cell.outside for cell in column(table, "accuracy", "published")] == [True, False]


@pytest.mark.parametrize(
    ("accuracy", "tone"), [(0.88, "plain"), (0.92, "plain"), (0.879, "far"), (0.925, "far")]
)
def test_a_share_that_is_far_from_the_published_one_stands_out(
    home: Home, study: Study, accuracy: float, tone: str
) -> None:
    add_run(home, study, "slow", accuracy)
    points = column(study_table(measure(home, study)), "accuracy", "points")
    assert [cell.tone for cell in points] == [tone, "plain"]


def test_what_does_not_compare_is_muted_has_a_sign_and_no_points(home: Home, study: Study) -> None:
    for seed, accuracy in enumerate((0.75, 0.85)):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}", "training.epochs=2")
    results = measure(home, study)
    table = study_table(results)
    assert kinds(table)["accuracy"] == ["published", "measured", "best"]
    assert lines(table)[0][:3] == ["0.90", "0.8000 ± 0.0707 (2) *", "0.8500"]
    tones = [column(table, "accuracy", kind)[0].tone for kind in ("measured", "best")]
    assert tones == ["muted", "muted"]
    classes = class_table(results.rows[0])
    assert classes is not None
    assert lines(classes) == [["0.50", "0.7000 ± 0.0707 (2) *"], ["0.70", "0.7000 ± 0.0707 (2) *"]]


def test_dots_stand_for_what_is_being_read(home: Home, study: Study) -> None:
    results: StudyResults = measure(home, study)
    table = study_table(results, being_read=True)
    assert lines(table) == [["0.90", "…", "0.85", "…", "1 m 15 s", "…"], ["–", "…"] * 3]
    assert lines(row_table(results.rows[1], being_read=True)) == [["–", "…"]]


def test_a_row_has_its_figures_one_a_line(home: Home, study: Study) -> None:
    add_run(home, study, "slow", 0.75)
    add_run(home, study, "fast", 0.75, "training.seed=1")
    add_run(home, study, "fast", 0.85, "training.seed=2")
    slow, fast = (row_table(row) for row in measure(home, study).rows)
    assert (slow.heading, slow.names) == ("figure", ("accuracy", "precision", "time"))
    assert kinds(slow) == {"": ["published", "measured", "points"]}
    assert [line[::2] for line in lines(slow)] == [["0.90", "-15.0"], ["0.85", "-10.0"],
                                                   ["1 m 15 s", ""]]  # fmt: skip
    assert kinds(fast) == {"": ["published", "measured", "best"]}
    assert lines(fast)[0] == ["–", "0.8000 ± 0.0707 (2)", "0.8500"]
    assert lines(fast)[2][2] == ""


def test_classes_that_either_side_lacks_are_absent_figures(home: Home, study: Study) -> None:
    for seed in (1, 2):
        add_run(home, study, "slow", 0.8, f"training.seed={seed}", classes="abc")
    slow, fast = (class_table(row) for row in measure(home, study).rows)
    assert fast is None
    assert slow is not None
    assert (slow.heading, slow.names) == ("class", ("0", "1", "2"))
    assert lines(slow) == [
        ["‡ 0.50", "0.7000 ± 0.0000 (2)"],
        ["0.70", "0.7000 ± 0.0000 (2)"],
        ["–", "0.7000 ± 0.0000 (2)"],
    ]


def test_classes_without_runs_have_what_was_published(home: Home, study: Study) -> None:
    table = class_table(measure(home, study).rows[0])
    assert table is not None
    assert lines(table) == [["0.50", "–"], ["0.70", "–"]]


def test_classes_of_another_data_set_are_not_named_after_those_of_the_row(
    home: Home, study: Study
) -> None:
    add_run(home, study, "slow", 0.5, "data.name=cifar10", classes=CIFAR10_CLASSES)
    results = measure(home, study)
    table = class_table(results.rows[0])
    assert table is not None
    assert (table.names, lines(table)) == (("0", "1"), [["0.50", "–"], ["0.70", "–"]])
    assert "* slow: does not compare with the published figure: data.name cifar10" in "".join(
        sign_notes(results)
    )
