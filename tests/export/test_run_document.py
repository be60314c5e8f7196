"""A run as a document: all that is known of it, and how to repeat it."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from finished_run import CONFIG, copy, train
from history.samples import add_run, change, life, record

from cnnlab.config import presets
from cnnlab.config.overrides import apply_settings
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.events import Logged
from cnnlab.export.document import Document, Facts, Figure, Listing, Table, Words
from cnnlab.export.documents import document_of
from cnnlab.export.format import format_figure
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_data import MatrixPlot
from cnnlab.history.edits import add_note
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    return train(tmp_path_factory.mktemp("trained"))


def document(home: Home, *run_ids: str, **options: Any) -> Document:
    return document_of(ExportJob(home, run_ids, options=ExportOptions(**options)))


def blocks(found: Document, kind: type[Any], section: str = "") -> list[Any]:
    return [
        block
        for each in found.sections
        for block in each.blocks
        if isinstance(block, kind) and section in ("", each.title)
    ]


def told(home: Home) -> Document:
    """A run that some things happened to."""
    add_run(home, "r1", name="told", preset="quickstart", config=CONFIG.model_dump(mode="json"))
    record(home, "r1", *life()[:-1], Logged("warning", "It is late."), *life()[-1:])
    add_note(home, "r1", "first\nsecond")
    return document(home, "r1")


def test_the_figures_are_those_of_the_history(home: Home, trained: tuple[Home, str]) -> None:
    copy(trained[0], home)
    found = document(home, trained[1])
    with Reader(home) as reader:
        evaluations = reader.final_evaluations([trained[1]])[trained[1]]
    (splits,) = blocks(found, Table, "Result")
    assert [row[2].text for row in splits.rows] == [
        format_figure(one.accuracy) for one in evaluations
    ]
    assert {(row[0].text[:4], row[1].text) for row in splits.rows} == {
        (checkpoint, split)
        for checkpoint in ("best", "last")
        for split in ("train", "validation", "test")
    }


@pytest.mark.parametrize(("split", "checkpoint"), [("test", "best"), ("train", "last")])
def test_classes_and_confusion_are_of_the_split_and_checkpoint_asked_for(
    home: Home, trained: tuple[Home, str], split: str, checkpoint: str
) -> None:
    copy(trained[0], home)
    found = document(home, trained[1], split=split, checkpoint=checkpoint)
    with Reader(home) as reader:
        (one,) = [
            each
            for each in reader.final_evaluations([trained[1]])[trained[1]]
            if (each.split, each.checkpoint) == (split, checkpoint)
        ]
        matrix = reader.confusion(one.id, 10)
    (classes,) = blocks(found, Table, "Classes")
    assert classes.title == f"Classes of the {split} images, {checkpoint} checkpoint"
    assert [row[2].text for row in classes.rows[:-1]] == [
        format_figure(each.recall) for each in one.classes
    ]
    (figure,) = [each for each in blocks(found, Figure) if isinstance(each.plot, MatrixPlot)]
    assert [list(row) for row in figure.plot.images] == matrix
    (pairs,) = blocks(found, Table, "Confused classes")
    counts = figure.table
    assert [[cell.text for cell in row[1:]] for row in counts.rows] == [
        [f"{images:,}" for images in row] for row in matrix
    ]
    wrong = max(
        images for true, row in enumerate(matrix) for at, images in enumerate(row) if at != true
    )
    assert pairs.rows[0][2].text == f"{wrong:,}"


def test_what_happened_to_a_run_is_told(home: Home) -> None:
    found = told(home)
    (by_hand,) = blocks(found, Table, "By hand")
    assert [cell.text for cell in by_hand.rows[0]][1:3] == ["1", "2"]
    (note,) = blocks(found, Words, "Notes")
    assert note.paragraphs[0].endswith(": first\nsecond")
    (warnings,) = blocks(found, Words, "Warnings")
    assert warnings.paragraphs == ("It is late.",)
    (kept,) = blocks(found, Table, "Checkpoints")
    assert [row[-1].text for row in kept.rows] == ["best-2.pt", "last-2.pt"]
    (sums,) = blocks(found, Listing, "Checkpoints")
    assert sums.text.splitlines()[0] == f"{2:064x}  best-2.pt"
    words = blocks(found, Words, "How to repeat it")[0].paragraphs
    assert any("changed by hand" in line for line in words)


@pytest.mark.parametrize(
    ("unknown", "words"),
    [
        ((), "400 training, 60 validation, 90 test images"),
        (("validation",), "400 training, 90 test images"),
        (("train", "test"), "60 validation images"),
        (("train", "validation", "test"), ""),
    ],
)
def test_images_are_counted_as_far_as_their_numbers_are_known(
    home: Home, unknown: tuple[str, ...], words: str
) -> None:
    told(home)
    for split in unknown:
        change(home, f"update runs set {split}_images = null")
    (data,) = [
        value
        for facts in blocks(document(home, "r1"), Facts)
        for name, value in facts.rows
        if name == "data"
    ]
    assert data == ", ".join(filter(None, ("mnist-5k", words)))


def test_later_evaluations_stand_apart_with_their_data_set(home: Home) -> None:
    told(home)
    change(
        home,
        "update evaluations set dataset = 'other-digits' where split = 'test' and"
        " checkpoint = 'last'",
    )
    own, later = blocks(document(home, "r1"), Table, "Result")
    assert len(own.rows) == 2
    assert later.title == "Evaluated later"
    assert [row[0].text for row in later.rows] == ["other-digits, test"]


def test_a_run_in_the_trash_is_told_as_such(home: Home) -> None:
    assert "trash" not in told(home).subtitle
    change(home, "update runs set trashed_at = '2026-01-01T00:00:00+00:00'")
    assert document(home, "r1").subtitle.endswith(", in the trash")


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("optimizer.lr=0.02", "training.epochs=3"),
        ("optimizer.name=sgd", "optimizer.momentum=0.5"),
        ("model.name=fully-connected", "model.hidden=[32, 24]"),
        ('augmentation=[{name = "horizontal-flip"}, "random-crop"]', "data.validation=0.25"),
        ("schedule.name=multi-step", "schedule.milestones=[2, 3]", "data.resize=[30, 32]"),
        ("training.evaluate_every=4", "training.compile=true"),
    ],
)
def test_every_way_to_repeat_a_run_gives_its_config(
    home: Home, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    base = presets.load(home, "quickstart")
    config = validate(RunConfig, apply_settings(base.tables, [*settings, "training.seed=5"]))
    add_run(home, "r1", preset="quickstart", config=config.model_dump(mode="json"))
    found = document(home, "r1")
    (commands,) = blocks(found, Listing, "How to repeat it")
    lines = [shlex.split(line) for line in commands.text.splitlines() if line[0] != "#"]
    assert lines[0] == ["cnnlab", "run", "--from", "r1"]
    assert lines[1] == ["cnnlab", "run", "run.toml"]
    (listing,) = blocks(found, Listing, "Config")
    (tmp_path / "run.toml").write_text(listing.text)
    assert presets.load(home, str(tmp_path / "run.toml")).config == config
    cnnlab, run, preset, *options = lines[2]
    assert (cnnlab, run, preset) == ("cnnlab", "run", "quickstart")
    pairs = list(zip(options[::2], options[1::2], strict=True))
    wanted = [
        value if name == "--set" else f"training.{name.removeprefix('--')}={value}"
        for name, value in pairs
    ]
    assert {name for name, _ in pairs} <= {"--set", "--seed"}
    assert base.with_settings(wanted) == config


def test_a_preset_that_is_gone_is_not_named_as_a_way_to_repeat(home: Home) -> None:
    config = {**CONFIG.model_dump(mode="json")}
    add_run(home, "r1", preset="gone/away", config=config)
    (commands,) = blocks(document(home, "r1"), Listing, "How to repeat it")
    assert "gone/away" not in commands.text
    assert tomllib.loads(blocks(document(home, "r1"), Listing, "Config")[0].text)


def test_a_config_that_this_version_cannot_read_is_listed_without_commands(home: Home) -> None:
    add_run(home, "r1", config={"model": {"name": "perceptron", "eyes": 3}})
    found = document(home, "r1")
    assert blocks(found, Listing, "How to repeat it") == []
    (listing,) = blocks(found, Listing, "Config")
    assert tomllib.loads(listing.text) == {"model": {"name": "perceptron", "eyes": 3}}


def test_imported_curves_have_curves_and_no_way_to_repeat_them(home: Home) -> None:
    add_run(home, "r1", config={}, model="", name="old")
    record(home, "r1", *[event for event in life() if type(event).__name__ == "EpochFinished"])
    change(home, "update runs set status = 'finished', origin = 'tensorboard'")
    found = document(home, "r1")
    assert [block.plot.name for block in blocks(found, Figure)] == ["loss", "accuracy"]
    assert blocks(found, Listing) == []
    (words,) = blocks(found, Words, "How to repeat it")
    assert "imported" in words.paragraphs[0]
    assert "TensorBoard" in " ".join(value for _, value in blocks(found, Facts)[0].rows)


def test_a_run_that_never_began_is_a_document_too(home: Home) -> None:
    add_run(home, "r1", config=CONFIG.model_dump(mode="json"))
    found = document(home, "r1")
    assert [section.title for section in found.sections] == ["", "How to repeat it", "Config"]


def test_several_runs_are_a_comparison(home: Home) -> None:
    for name in ("a", "b"):
        add_run(home, name)
    title = "Comparison of lenet-1 and lenet-2 (lenet on mnist-5k)"
    assert document(home, "a", "b").title == title
