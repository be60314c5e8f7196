"""`cnnlab runs show`: which run a word means, and what is told of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.conftest import Cnnlab
from cli.runs import CONFIG, add_run, assert_refused, ids, listed

from cnnlab.events import (
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    Logged,
    RunFinished,
    StepsFinished,
)
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home

# Which run is meant


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("20000002", "alpha"),
        ("2", "alpha"),
        ("1000", "beta"),
        ("beta", "beta"),
        ("latest", "gamma"),
    ],
)
def test_a_run_is_found(inside: Cnnlab, three: Home, word: str, expected: str) -> None:
    del three
    done = inside("runs", "show", word)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["run", f"{done.stdout.split()[1]}", expected]
    assert json.loads(inside("runs", "show", word, "--json").stdout)["name"] == expected


def test_a_name_goes_before_the_beginning_of_an_id(inside: Cnnlab, three: Home) -> None:
    add_run(three, "50000005", "1000")
    assert json.loads(inside("runs", "show", "1000", "--json").stdout)["id"] == "50000005"


def test_capitals_of_an_id_do_not_matter(inside: Cnnlab, home: Home) -> None:
    add_run(home, "abcdef01", "one")
    assert inside("runs", "show", "ABCD").returncode == 0


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("bta", ["Unknown run 'bta'", "Did you mean 'beta'"]),
        ("10000002", ["Did you mean", "'10000001'"]),
        ("nothing-like-it", ["Unknown run", "cnnlab runs list"]),
        ("", ["''"]),
        ("%", ["Unknown run '%'"]),
        ("' or 1=1 --", ["Unknown run"]),
    ],
)
def test_an_unknown_run_is_a_sentence_with_the_nearest_name(
    inside: Cnnlab, three: Home, word: str, words: list[str]
) -> None:
    for command in (["show"], ["show", "--json"], ["delete"], ["delete", "--for-good", "--yes"]):
        assert_refused(inside("runs", *command, word), 2, *words)
    assert len(ids(three)) == 3


def test_a_word_for_several_runs_names_them(inside: Cnnlab, three: Home) -> None:
    add_run(three, "20000009", "beta", ending=RunFinished("all epochs trained"))
    for word in ("2", "beta"):
        assert_refused(inside("runs", "show", word), 2, "several runs", "20000009")
    assert_refused(inside("runs", "delete", "beta"), 2, "several runs")
    assert len(ids(three)) == 4


def test_no_runs_at_all_is_said(inside: Cnnlab) -> None:
    assert_refused(inside("runs", "show", "latest"), 2, "no runs yet", "cnnlab run quickstart")
    assert_refused(inside("runs", "show", "beta"), 2, "no runs yet")


# What is told of it


def test_show_tells_all_that_is_known(cnnlab: Cnnlab, inside: Cnnlab, three: Home) -> None:
    with Recorder(three, "20000002") as recorder:
        recorder.record(Logged("warning", "The loss is not finite in epoch 1."))
        recorder.record(Logged("info", "only for the log"))
    shown = cnnlab("runs", "show", "alpha").stdout
    for words in (
        "failed: The disk is full.", "mnist/lenet", "80 training, 10 validation, 20 test images",
        "lenet channels=", "100 parameters",
        "seed 7", "cpu (a CPU)", "validation_accuracy 0.5000 in epoch 1, step 5", "odd, old",
        "macro average", "zero", "0.8000", "best, epoch 1", "2.0 MB", "abababababab",
        "Checkpoints in /", "best-epoch0001-step0000005.pt", "note: A Strange one",
        "warning: The loss is not finite in epoch 1.",
    ):  # fmt: skip
        assert words in shown
    assert "only for the log" not in shown
    assert "Classes of the test images, best checkpoint" in shown
    assert "train images" not in shown
    train = inside("runs", "show", "alpha", "--split", "train").stdout
    assert "test images, best checkpoint" not in train
    wrong = inside("runs", "show", "alpha", "--split", "tests")
    assert (wrong.returncode, "Did you mean 'test'" in wrong.stderr) == (2, True)


def test_show_as_json_is_the_export(inside: Cnnlab, three: Home) -> None:
    run = json.loads(inside("runs", "show", "beta", "--json").stdout)
    with Reader(three) as reader:
        assert run == runs_as_json(reader, [reader.run("10000001")])[0]


def test_a_run_that_never_began_can_be_shown(inside: Cnnlab, home: Home) -> None:
    create_run(
        home, "00000001", config=CONFIG, dataset="mnist-5k", model="lenet",
        monitor="validation_loss", epochs=1, name="waiting",
    )  # fmt: skip
    done = inside("runs", "show", "waiting", "--curves")
    assert done.returncode == 0, done.stderr
    assert "queued" in done.stdout
    assert listed(inside("runs", "list")) == "0"


def test_a_long_note_is_one_line_in_a_pipe(inside: Cnnlab, home: Home) -> None:
    note = "word " * 200 + "end"
    add_run(home, "10000001", "one", note=note)
    assert f"note: {note}\n" in inside("runs", "show", "one").stdout


def test_figures_without_a_number_are_shown(inside: Cnnlab, home: Home) -> None:
    nan = float("nan")
    result: Any = Evaluation(nan, 0.1, None, 0.1, 0.1, 0.1, (), ())
    create_run(
        home, "10000001", config=CONFIG, dataset="mnist-5k", model="lenet",
        monitor="validation_loss", epochs=1, name="diverged",
    )  # fmt: skip
    with Recorder(home, "10000001") as recorder:
        recorder.record(StepsFinished(1, 1, (nan, float("inf")), (0.1, 0.1), (0.1, 0.1), 9.0))
        recorder.record(EpochFinished(1, 2, nan, 0.1, float("inf"), 0.1, 0.1, 1.0, 9.0))
        recorder.record(EvaluationFinished("test", "best", 1, 2, result))
    done = inside("runs", "show", "diverged", "--curves")
    assert done.returncode == 0, done.stderr
    assert "0.1000" in done.stdout
