"""A comparison as a document: what folds, what is marked, what is drawn, what is told."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from analysis.test_comparison import finished as of_classes
from history.samples import STARTED, add_run, change, checkpoint, epoch, evaluated, record

from cnnlab.config import presets
from cnnlab.config.overrides import apply_settings
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.events import ClassMetrics, EpochFinished, Evaluation, RunFinished
from cnnlab.export.comparison_document import comparison_document
from cnnlab.export.document import Document, Facts, Figure, Listing, Table, Words
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import CurvesPlot
from cnnlab.history.queries import Reader
from cnnlab.home import Home

TABLES: dict[str, Any] = {
    "data": {"name": "mnist-5k"},
    "model": {"name": "lenet"},
    "optimizer": {"name": "sgd"},
}


def finished(
    home: Home, name: str, accuracy: float, *settings: str, epochs: int = 2, **row: Any
) -> str:
    """A run with known accuracies: of the test, of each class, and of each epoch."""
    config = validate(RunConfig, apply_settings(TABLES, settings)).model_dump(mode="json")
    add_run(home, name, **({"name": name, "config": config} | row))
    classes = tuple(
        ClassMetrics(each, accuracy, accuracy, accuracy + shift, 50)
        for each, shift in (("cat", 0.01), ("dog", -0.01))
    )
    result = Evaluation(
        1 - accuracy, accuracy, None, accuracy, accuracy, accuracy, classes, ((1, 0), (0, 1))
    )
    record(
        home,
        name,
        STARTED,
        *(course(number, accuracy) for number in range(1, epochs + 1)),
        checkpoint("best", 1),
        evaluated("test", "best", 8, result),
        RunFinished("done"),
    )
    return name


def course(number: int, accuracy: float) -> EpochFinished:
    reached = accuracy - 0.1 / number
    return EpochFinished(
        number, number * 4, 1 - reached, reached, 1.1 - reached, reached - 0.05, 0.01, 1.5, 266.7
    )


def imported(home: Home, name: str, *, validated: bool = True) -> str:
    """A run of curves alone."""
    add_run(home, name, name=name, config={}, model="", dataset="somewhere")
    epochs = [epoch(number) for number in (1, 2)]
    record(home, name, *epochs, RunFinished("imported"))
    change(home, "update runs set origin = 'csv', device = null where id = ?", [name])
    if not validated:
        change(
            home,
            "update epochs set validation_accuracy = null, validation_loss = null where run_id = ?",
            [name],
        )
    return name


def document(home: Home, ids: Sequence[str], **options: Any) -> Document:
    with Reader(home) as reader:
        return comparison_document(reader, ids, ExportOptions(), home=home, **options)


def blocks(found: Document, kind: type[Any]) -> list[Any]:
    return [
        block for section in found.sections for block in section.blocks if isinstance(block, kind)
    ]


def table(found: Document, title: str) -> Table:
    (one,) = [block for block in blocks(found, Table) if block.title == title]
    assert isinstance(one, Table)
    return one


def row(found: Table, name: str) -> list[str]:
    (one,) = [cells for cells in found.rows if cells[0].text == name]
    return [cell.text for cell in one[1:]]


def curves(found: Document) -> dict[str, CurvesPlot]:
    plots = [block.plot for block in blocks(found, Figure)]
    return {plot.name: plot for plot in plots if isinstance(plot, CurvesPlot)}


@pytest.fixture
def groups(home: Home) -> list[str]:
    """Three seeds of one learning rate, and one of another."""
    slow = [
        finished(home, f"slow-{seed}", accuracy, "optimizer.lr=0.01", f"training.seed={seed}")
        for seed, accuracy in enumerate((0.90, 0.92, 0.97))
    ]
    return [*slow, finished(home, "fast", 0.8, "optimizer.lr=0.1", "training.seed=0")]


def test_seeds_are_folded_into_mean_deviation_and_best_and_the_best_group_is_marked(
    home: Home, groups: list[str]
) -> None:
    found = document(home, groups)
    figures = table(found, "Figures")
    assert [column.name for column in figures.columns] == ["", "lr=0.01 (baseline)", "lr=0.1"]
    assert row(figures, "seeds") == ["3 seeds", "1 seed"]
    assert row(figures, "test accuracy") == ["0.9300 ± 0.0361", "0.8000"]
    assert row(figures, "test accuracy, best run") == ["0.9700", "0.8000"]
    marked = {cells[0].text: [cell.best for cell in cells[1:]] for cells in figures.rows}
    assert marked["test accuracy"] == [True, False]
    assert marked["test loss"] == [True, False]
    assert marked["parameters"] == [False, False]
    assert "best validation accuracy" not in marked


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


def test_another_baseline_turns_the_differences_round(home: Home, groups: list[str]) -> None:
    found = document(home, groups, baseline="fast")
    classes = table(found, "F1 of each class")
    assert [column.name for column in classes.columns] == ["class", "lr=0.1 (baseline)", "lr=0.01"]
    assert row(classes, "cat") == ["0.8100", "+13.0"]
    assert row(table(document(home, groups), "F1 of each class"), "cat") == [
        "0.9400 ± 0.0361",
        "-13.0",
    ]
    said = [line for words in blocks(found, Words) for line in words.paragraphs]
    assert "Test accuracy against lr=0.1:" in said
    assert any(line.startswith("lr=0.01: +13.00 points") for line in said)


def test_curves_of_a_group_are_their_mean_with_a_band(home: Home, groups: list[str]) -> None:
    plot = curves(document(home, groups))["accuracy"]
    mean, single = plot.curves
    assert (mean.label, single.label) == ("lr=0.01", "lr=0.1")
    assert list(mean.x) == [1.0, 2.0]
    assert mean.y == pytest.approx([0.93 - 0.15, 0.93 - 0.10])
    band, none = plot.bands
    assert none is None
    assert band is not None
    assert band.high[0] - mean.y[0] == pytest.approx(0.0361, abs=1e-4)
    assert mean.y[0] - band.low[0] == pytest.approx(0.0361, abs=1e-4)
    assert plot.groups == (0, 1)


def test_a_mean_ends_where_the_first_of_its_runs_ends_and_leaves_out_what_is_no_number(
    home: Home, groups: list[str]
) -> None:
    finished(home, "long", 0.9, "optimizer.lr=0.01", "training.seed=7", epochs=4)
    change(home, "update epochs set train_loss = null where run_id = 'slow-1' and epoch = 1")
    plots = curves(document(home, [*groups, "long"]))
    assert list(plots["accuracy"].curves[0].x) == [1.0, 2.0]
    first, second = plots["training-loss"].curves[0].y
    assert first is None
    assert second is not None


def test_against_seconds_each_run_of_a_group_is_drawn(home: Home, groups: list[str]) -> None:
    with Reader(home) as reader:
        found = comparison_document(reader, groups, ExportOptions(by="time"))
    plot = curves(found)["accuracy"]
    labels = [curve.label for curve in plot.curves]
    assert labels == ["lr=0.01 seed=0", "lr=0.01 seed=1", "lr=0.01 seed=2", "lr=0.1"]
    assert plot.groups == (0, 0, 0, 1)
    assert (plot.x_label, plot.bands) == ("seconds", ())


def test_imported_curves_stand_beside_runs_and_never_fold(home: Home, groups: list[str]) -> None:
    ids = [*groups, imported(home, "old"), imported(home, "older")]
    found = document(home, ids)
    figures = table(found, "Figures")
    assert [column.name for column in figures.columns][3:] == ["old", "older"]
    assert row(figures, "seeds")[2:] == ["imported curves", "imported curves"]
    assert row(figures, "test accuracy")[2:] == ["–", "–"]
    assert row(figures, "best validation accuracy") == [
        "0.8300 ± 0.0361",
        "0.7000",
        "0.7000",
        "0.7000",
    ]
    fields = table(found, "Fields that differ")
    assert [cells[0].text for cells in fields.rows] == ["optimizer.lr", "training.seed"]
    assert row(fields, "optimizer.lr") == ["0.01", "0.1", "–", "–"]
    assert [curve.label for curve in curves(found)["loss"].curves][2:] == ["old", "older"]
    statuses = [cells[5 - 1].text for cells in table(found, "Runs").rows]
    assert statuses[-1] == "finished, imported from CSV"
    commands = [one.text for one in blocks(found, Listing) if one.language == "sh"]
    assert "old" not in commands[0]


def test_of_imported_curves_alone_there_are_curves_and_figures_of_epochs(home: Home) -> None:
    names = [imported(home, name, validated=False) for name in ("a", "b")]
    found = document(home, names)
    assert [*curves(found)] == ["training-accuracy", "training-loss"]
    assert not any(section.title == "Fields that differ" for section in found.sections)


def test_of_many_groups_all_are_in_tables_and_the_best_eight_in_plots(home: Home) -> None:
    ids = [
        finished(
            home, f"run-{at:02}", 0.5 + at / 100, f"optimizer.lr=0.{at + 1:02}", "training.seed=1"
        )
        for at in range(12)
    ]
    found = document(home, ids)
    assert len(table(found, "Figures").rows) == 12
    (accuracy,) = [
        block
        for block in blocks(found, Figure)
        if isinstance(block.plot, CurvesPlot) and block.plot.name == "accuracy"
    ]
    assert [curve.label for curve in accuracy.plot.curves] == [
        f"lr=0.{at + 1:02}".rstrip("0") for at in range(4, 12)
    ]
    assert accuracy.plot.groups == tuple(range(8))
    told = "8 of 12 groups are drawn: the best by test accuracy."
    assert accuracy.caption.endswith(told)
    assert accuracy.plot.note == told


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
    found = document(home, ids)
    heads = [column.name for column in table(found, "Figures").columns]
    assert heads == ["", "same aaaa (baseline)", "same bbbb"]


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


def test_repeats_of_one_run_have_mean_best_and_number_of_each_figure_and_class(
    home: Home, groups: list[str]
) -> None:
    found = document(home, groups[:3])
    assert found.title == "3 repeats of lenet on mnist-5k"
    assert found.subtitle == "3 seeds, best checkpoint"
    figures = table(found, "Figures")
    assert [column.name for column in figures.columns] == ["", "mean ± std", "best", "n"]
    assert row(figures, "test accuracy") == ["0.9300 ± 0.0361", "0.9700", "3"]
    assert row(figures, "test loss") == ["0.0700 ± 0.0361", "0.0300", "3"]
    assert row(figures, "parameters") == ["61,706", "61,706", "3"]
    classes = table(found, "F1 of each class")
    assert [column.name for column in classes.columns] == ["class", "mean ± std", "best", "n"]
    assert row(classes, "cat") == ["0.9400 ± 0.0361", "0.9800", "3"]
    assert table(found, "Runs").columns[0].name == "run"
    assert "baseline" not in str(found)


def test_the_best_of_repeats_is_told_where_all_agree(home: Home) -> None:
    ids = [finished(home, f"run-{seed}", 0.99, f"training.seed={seed}") for seed in range(3)]
    classes = table(document(home, ids), "F1 of each class")
    assert row(classes, "cat") == ["1.0000 ± 0.0000", "1.0000", "3"]


def repeating(found: Document) -> tuple[list[str], dict[str, str]]:
    """The lines of the commands, and the files that they need by name."""
    (section,) = [one for one in found.sections if one.title == "How to repeat it"]
    listings = [block for block in section.blocks if isinstance(block, Listing)]
    commands, *files = listings
    return commands.text.splitlines(), {one.title: one.text for one in files}


def trained_by(line: str, folder: Path, home: Home) -> RunConfig:
    """The config of what a command of a report trains, but for `--repeat`."""
    cnnlab, run, name, *options = shlex.split(line)
    assert (cnnlab, run) == ("cnnlab", "run")
    pairs = dict(zip(options[::2], options[1::2], strict=True))
    assert set(pairs) <= {"--set", "--seed", "--repeat"}
    settings = [
        value
        for option, value in zip(options[::2], options[1::2], strict=True)
        if option == "--set"
    ]
    preset = presets.load(home, str(folder / name) if name.endswith(".toml") else name)
    return preset.with_settings([*settings, f"training.seed={pairs['--seed']}"])


def test_runs_of_no_shipped_preset_are_repeated_anywhere_by_a_config_in_the_report(
    home: Home, tmp_path: Path, groups: list[str]
) -> None:
    finished(home, "sized", 0.7, "data.resize=[30, 30]", "training.seed=4")
    finished(home, "later", 0.9, "optimizer.lr=0.01", "training.seed=7")
    ids = ["sized", *groups, "later"]
    lines, files = repeating(document(home, ids))
    # No setting takes a size away again: the others have a file of their own.
    assert list(files) == ["run.toml", "run-2.toml"]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    made = [trained_by(line, tmp_path, home) for line in lines if not line.startswith("#")]
    with Reader(home) as reader:
        stored = {run.id: validate(RunConfig, run.config) for run in reader.runs_among(list(ids))}
    assert made == [stored[name] for name in ("sized", "slow-0", "later", "fast")]
    assert [line for line in lines if "--repeat" in line] == [
        "cnnlab run run-2.toml --seed 0 --repeat 3"
    ]
    assert not any("--from" in line for line in lines)


def test_runs_of_shipped_presets_are_repeated_by_these(home: Home) -> None:
    base = presets.load(home, "quickstart")
    for seed in (1, 2):
        for epochs in (1, 2):
            config = base.with_settings([f"training.epochs={epochs}", f"training.seed={seed}"])
            name = f"run-{epochs}-{seed}"
            add_run(
                home, name, name=name, preset="quickstart", config=config.model_dump(mode="json")
            )
            record(home, name, STARTED, course(1, 0.9), RunFinished("done"))
    ids = [f"run-{epochs}-{seed}" for epochs in (1, 2) for seed in (1, 2)]
    lines, files = repeating(document(home, ids))
    assert files == {}
    usual = base.config.training.epochs
    assert lines == [
        line
        for epochs in (1, 2)
        for line in (
            f"# epochs={epochs}",
            "cnnlab run quickstart"
            + (f" --set training.epochs={epochs}" if epochs != usual else "")
            + " --seed 1 --repeat 2",
        )
    ]


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
    assert "Figures of different test images do not compare: no best of them is marked." in (
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
    heads = [column.name for column in classes.columns]
    assert heads == ["class", "lr=0.01 (baseline)", "lr=0.1"]
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
    heads = [column.name for column in classes.columns]
    assert (heads[1], len(heads)) == ("lr=0.01 (baseline)", 2 + 8)
    assert heads[2:] == [f"lr=0.{at + 1:02}".rstrip("0") for at in range(6, 14)]
    assert classes.notes[1:] == ("Beside the baseline 8 of 13 groups: the best by test accuracy.",)


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
    said = [line for words in blocks(found, Words) for line in words.paragraphs]
    assert "Whether all were tested on the same images is not known." in said
    change(home, "update runs set dataset = 'mnist'")
    figures = table(document(home, ids), "Figures")
    assert any(cell.best for cells in figures.rows for cell in cells)


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


def test_an_untested_baseline_has_no_differences_of_classes(home: Home, groups: list[str]) -> None:
    found = document(home, [imported(home, "old"), *groups])
    assert any("not tested" in words.paragraphs[0] for words in blocks(found, Words))


def test_an_unknown_x_axis_is_an_error(home: Home, groups: list[str]) -> None:
    with Reader(home) as reader, pytest.raises(ConfigError, match="epoch"):
        comparison_document(reader, groups, ExportOptions(by="epochs"))


def test_what_is_known_of_all_runs_stands_above(home: Home, groups: list[str]) -> None:
    found = document(home, groups)
    (facts,) = blocks(found, Facts)
    assert dict(facts.rows)["runs"].startswith("4 in 2 groups: runs that differ only in the seed")
    assert dict(facts.rows)["data"] == "mnist-5k"
    assert found.title == "Comparison of lr=0.01 and lr=0.1 (lenet on mnist-5k)"
