"""A comparison as a document: what folds, what is marked as the best, what is told."""

from __future__ import annotations

import tomllib

import pytest
from export.comparisons import (
    blocks,
    curves,
    document,
    finished,
    heads,
    imported,
    row,
    said,
    table,
)
from history.samples import change

from cnnlab.errors import ConfigError
from cnnlab.export.comparison_document import comparison_document
from cnnlab.export.document import Facts, Listing, Table, Words
from cnnlab.export.job import ExportOptions
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_seeds_are_folded_into_mean_deviation_and_best_and_the_best_group_is_marked(
    home: Home, groups: list[str]
) -> None:
    found = document(home, groups)
    figures = table(found, "Figures")
    assert heads(figures) == ["", "lr=0.01 (baseline)", "lr=0.1"]
    assert row(figures, "seeds") == ["3 seeds", "1 seed"]
    assert row(figures, "test accuracy") == ["0.9300 ± 0.0361", "0.8000"]
    assert row(figures, "test accuracy, best run") == ["0.9700", "0.8000"]
    marked = {cells[0].text: [cell.best for cell in cells[1:]] for cells in figures.rows}
    assert marked["test accuracy"] == [True, False]
    assert marked["test loss"] == [True, False]
    assert marked["parameters"] == [False, False]
    assert "best validation accuracy" not in marked


@pytest.mark.parametrize(
    ("names", "called"),
    [(("wide-1", "wide-2"), "wide"), (("wide-1", "deep-2"), "wide-1"), (("a", "b"), "a")],
)
def test_where_many_fields_differ_groups_go_by_what_the_names_of_their_runs_share(
    home: Home, names: tuple[str, str], called: str
) -> None:
    many = (
        "optimizer.lr=0.123456",
        "optimizer.momentum=0.987654",
        "training.batch_size=4096",
        "loss.label_smoothing=0.123456",
    )
    seeds = ("training.seed=1", "training.seed=2")
    wide = [finished(home, name, 0.9, *many, seed) for name, seed in zip(names, seeds, strict=True)]
    figures = table(document(home, [*wide, finished(home, "plain", 0.8)]), "Figures")
    assert heads(figures) == ["", f"{called} (baseline)", "plain"]


def test_only_the_fields_that_differ_are_told_and_the_others_are_listed_as_one_config(
    home: Home, groups: list[str]
) -> None:
    found = document(home, groups)
    fields = table(found, "Fields that differ")
    assert [cells[0].text for cells in fields.rows] == ["optimizer.lr", "training.seed"]
    assert row(fields, "optimizer.lr") == ["0.01", "0.1"]
    assert row(fields, "training.seed") == ["0, 1, 2", "0"]
    (common,) = [one for one in blocks(found, Listing) if (one.title, one.language) == ("", "toml")]
    shared = tomllib.loads(common.text)
    assert shared["data"]["name"] == "mnist-5k"
    assert "lr" not in shared["optimizer"]
    assert "seed" not in shared["training"]


def test_of_many_groups_the_best_of_the_others_are_held_against_the_baseline(home: Home) -> None:
    ids = [
        finished(home, f"run-{at:02}", 0.9 - at / 100, f"optimizer.lr=0.{at + 1:02}")
        for at in range(22)
    ]
    (said,) = [words.paragraphs for words in blocks(document(home, ids), Words) if words.of_table]
    assert said[1] == "Of 21 others only 8 are told of here: the best by test accuracy."
    assert sum("points," in line for line in said[2:10]) == 8
    change(home, "update runs set dataset = 'other' where id = 'run-21'")
    (said,) = [words.paragraphs for words in blocks(document(home, ids), Words) if words.of_table]
    assert said[1] == "Of 21 others only 8 are told of here: the first ones."


def test_runs_of_one_name_are_told_apart(home: Home) -> None:
    ids = [finished(home, each, 0.9, "training.seed=1") for each in ("aaaa", "bbbb")]
    change(home, "update runs set status = 'stopped', name = 'same'")
    assert heads(table(document(home, ids), "Figures")) == ["", "same aaaa (baseline)", "same bbbb"]


def test_runs_in_the_trash_and_repeated_ones_are_told_as_such(
    home: Home, groups: list[str]
) -> None:
    finished(home, "again", 0.95, "optimizer.lr=0.01", "training.seed=1")
    change(home, "update runs set created_at = '2999-01-01' where id = 'again'")
    change(home, "update runs set trashed_at = '2026-01-01' where id = 'fast'")
    runs = table(document(home, [*groups, "again"]), "Runs")
    told = {cells[1].text: cells[4].text for cells in runs.rows}
    assert told["slow-1"] == "finished, an older run of its seed, does not count"
    assert told["fast"] == "finished, in the trash"
    assert told["again"] == "finished"


def test_reports_of_other_runs_or_another_baseline_have_other_keys(
    home: Home, groups: list[str]
) -> None:
    found = [
        document(home, groups),
        document(home, groups[1:]),
        document(home, groups, baseline="fast"),
    ]
    assert len({one.key for one in found}) == 3
    assert document(home, groups).key == found[0].key


def test_of_many_groups_the_title_tells_the_number_and_what_they_share(home: Home) -> None:
    ids = [finished(home, f"run-{at}", 0.5 + at / 10, f"optimizer.lr=0.{at}") for at in range(1, 5)]
    assert document(home, ids).title == "Comparison of 4 runs (lenet on mnist-5k)"
    change(home, "update runs set model = 'other' where id = 'run-1'")
    assert document(home, ids).title == "Comparison of 4 runs (mnist-5k)"


def test_repeats_of_a_preset_go_by_its_name(home: Home, groups: list[str]) -> None:
    change(home, "update runs set preset = 'quickstart'")
    found = document(home, groups[:3])
    assert found.title == "3 repeats of quickstart"
    assert [curve.label for curve in curves(found)["loss"].curves] == ["quickstart"]


def test_of_different_test_images_no_best_is_marked_and_the_table_says_why(home: Home) -> None:
    ids = [
        finished(home, f"run-{at}", 0.9 - at / 100, f"optimizer.lr=0.{at + 1}", dataset=f"set-{at}")
        for at in range(2)
    ]
    figures = table(document(home, ids), "Figures")
    images = [cells for cells in figures.rows if cells[0].text.startswith("test ")]
    assert not any(cell.best for cells in images for cell in cells)
    assert "Figures of different images do not compare: no best of them is marked." in (
        figures.notes
    )


def test_of_times_on_different_devices_no_best_is_marked_and_the_table_says_why(
    home: Home, groups: list[str]
) -> None:
    note = (
        "Times and images/s compare on one data set and one device alone: no best of them is "
        "marked."
    )
    assert note not in table(document(home, groups), "Figures").notes
    change(home, "update runs set device_name = 'another' where id = 'fast'")
    figures = table(document(home, groups), "Figures")
    assert note in figures.notes
    marked = {cells[0].text for cells in figures.rows if any(cell.best for cell in cells)}
    assert "test accuracy" in marked
    assert not {"training time", "images/s"} & marked


def test_imported_curves_of_no_known_data_set_have_no_best_and_the_table_says_why(
    home: Home,
) -> None:
    ids = [imported(home, name) for name in ("a", "b")]
    change(home, "update runs set dataset = 'unknown'")
    change(home, "update epochs set validation_accuracy = 0.9 where run_id = 'a'")
    found = document(home, ids)
    figures = table(found, "Figures")
    assert not any(cell.best for cells in figures.rows for cell in cells)
    assert "Whether figures are of the same images is not known: no best of them is marked." in (
        figures.notes
    )
    assert "Whether all were tested on the same images is not known." in said(found)
    change(home, "update runs set dataset = 'mnist'")
    figures = table(document(home, ids), "Figures")
    assert not any(cell.best for cells in figures.rows for cell in cells)
    assert any("validation and training figures are of the same" in note for note in figures.notes)


def test_runs_that_do_not_fold_are_told_without_groups(home: Home, groups: list[str]) -> None:
    found = document(home, groups[2:])
    (facts,) = blocks(found, Facts)
    assert dict(facts.rows)["runs"] == "2"
    assert found.subtitle == "best checkpoint, held against lr=0.01"


def test_runs_that_are_gone_are_left_out(home: Home, groups: list[str]) -> None:
    found = document(home, [*groups, "gone"])
    assert blocks(found, Table) == blocks(document(home, groups), Table)
    said = found.sections[0].blocks[-1]
    assert said == Words(("1 run was deleted meanwhile and left out.",))
    (words,) = blocks(document(home, ["gone", "lost"]), Words)
    assert "history" in words.paragraphs[0]


def test_an_unknown_x_axis_is_an_error(home: Home, groups: list[str]) -> None:
    with Reader(home) as reader, pytest.raises(ConfigError, match="epoch"):
        comparison_document(reader, groups, ExportOptions(by="epochs"))


def test_what_is_known_of_all_runs_stands_above(home: Home, groups: list[str]) -> None:
    found = document(home, groups)
    (facts,) = blocks(found, Facts)
    assert dict(facts.rows)["runs"].startswith("4 in 2 groups: runs that differ only in the seed")
    assert dict(facts.rows)["data"] == "mnist-5k"
    assert found.title == "Comparison of lr=0.01 and lr=0.1 (lenet on mnist-5k)"
