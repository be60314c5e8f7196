"""The figures of classes in the document of a comparison, against its baseline or of repeats."""

from __future__ import annotations

from dataclasses import replace

from analysis.finished_runs import compared
from analysis.finished_runs import finished as of_classes
from cost import cpu_seconds
from export.comparisons import (
    blocks,
    document,
    finished,
    heads,
    imported,
    row,
    said,
    table,
)
from history.samples import change

from cnnlab.events import ClassMetrics
from cnnlab.export.comparison_tables import Compared, class_table
from cnnlab.export.document import Words
from cnnlab.home import Home


def test_another_baseline_turns_the_differences_round(home: Home, groups: list[str]) -> None:
    found = document(home, groups, baseline="fast")
    classes = table(found, "F1 of each class")
    assert heads(classes) == ["class", "lr=0.1 (baseline)", "lr=0.01"]
    assert row(classes, "cat") == ["0.8100", "+13.0"]
    assert row(table(document(home, groups), "F1 of each class"), "cat") == [
        "0.9400 ± 0.0361",
        "-13.0",
    ]
    assert "Test accuracy against lr=0.1:" in said(found)
    assert any(line.startswith("lr=0.01: +13.00 points") for line in said(found))


def test_repeats_of_one_run_have_mean_best_and_number_of_each_figure_and_class(
    home: Home, groups: list[str]
) -> None:
    found = document(home, groups[:3])
    assert found.title == "3 repeats of lenet on mnist-5k"
    assert found.subtitle == "3 seeds, best checkpoint"
    figures = table(found, "Figures")
    assert heads(figures) == ["", "mean ± std", "best", "n"]
    assert row(figures, "test accuracy") == ["0.9300 ± 0.0361", "0.9700", "3"]
    assert row(figures, "test loss") == ["0.0700 ± 0.0361", "0.0300", "3"]
    assert row(figures, "parameters") == ["61,706", "61,706", "3"]
    classes = table(found, "F1 of each class")
    assert heads(classes) == ["class", "mean ± std", "best", "n"]
    assert row(classes, "cat") == ["0.9400 ± 0.0361", "0.9800", "3"]
    assert table(found, "Runs").columns[0].name == "run"
    assert "baseline" not in str(found)


def test_the_best_of_repeats_is_told_where_all_agree(home: Home) -> None:
    ids = [finished(home, f"run-{seed}", 0.99, f"training.seed={seed}") for seed in range(3)]
    classes = table(document(home, ids), "F1 of each class")
    assert row(classes, "cat") == ["1.0000 ± 0.0000", "1.0000", "3"]


def test_groups_of_other_classes_are_left_out_of_the_table_of_classes_and_told(
    home: Home, groups: list[str]
) -> None:
    """One of other classes, one of other images, and two that were not tested."""
    finished(home, "left", 0.9, "optimizer.lr=0.3")
    change(
        home,
        "update class_metrics set class_name = 'owl' where class_name = 'cat' and evaluation_id in "
        "(select id from evaluations where run_id = 'left')",
    )
    finished(home, "fewer", 0.9, "optimizer.lr=0.4", dataset="few")
    ids = [*groups, "left", "fewer", imported(home, "old"), imported(home, "older")]
    classes = table(document(home, ids), "F1 of each class")
    assert heads(classes) == ["class", "lr=0.01 (baseline)", "lr=0.1"]
    assert row(classes, "cat") == ["0.9400 ± 0.0361", "-13.0"]
    assert classes.notes[1:] == (
        "lr=0.3 has other classes and is left out.",
        "lr=0.4 has figures of other images and is left out.",
        "old and older have no figures of classes and are left out.",
    )


def test_of_many_groups_and_classes_the_best_stand_beside_the_baseline(home: Home) -> None:
    many = [ClassMetrics(f"class {at}", 0.5, 0.5, 0.5, 10) for at in range(13)]
    ids = [
        of_classes(home, f"r{at:02}", 0.5 + at / 100, f"optimizer.lr=0.{at + 1:02}", classes=many)
        for at in range(14)
    ]
    classes = table(document(home, ids), "F1 of each class")
    _, first, *others = heads(classes)
    assert first == "lr=0.01 (baseline)"
    assert others == [f"lr=0.{at + 1:02}".rstrip("0") for at in range(6, 14)]
    assert classes.notes[1:] == ("Beside the baseline 8 of 13 groups: the best by test accuracy.",)


def test_an_untested_baseline_has_no_differences_of_classes(home: Home, groups: list[str]) -> None:
    found = document(home, [imported(home, "old"), *groups])
    assert any("not tested" in words.paragraphs[0] for words in blocks(found, Words))


def test_many_groups_below_each_other_cost_no_more_than_their_number(
    home: Home, groups: list[str]
) -> None:
    comparison = compared(home, groups)

    def cost(number: int) -> float:
        many = replace(comparison, groups=comparison.groups[:1] * number)
        this = Compared(many, [f"group {at}" for at in range(number)], 0)
        assert len(class_table(this, "f1").rows) == number
        return cpu_seconds(lambda: class_table(this, "f1"))

    # Ten times as many take about ten times as long; what is quadratic takes a hundred times.
    assert cost(3_000) < 35 * cost(300)
