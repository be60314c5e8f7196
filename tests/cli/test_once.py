"""`--once`: what a run and a study came to, as plain text for a log or a mail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.runs import add_run
from history.samples import change
from rich.cells import cell_len

from cnnlab.events import Logged, RunFinished
from cnnlab.history.edits import add_note
from cnnlab.history.recorder import Recorder
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., str]


@pytest.fixture
def run(home: Home) -> str:
    """A finished run with a long note, a long warning, and a name that is an escape sequence."""
    add_run(
        home, "10000001", "evil \x1b[31mred\nname", epochs=3, accuracy=0.7,
        ending=RunFinished("all epochs trained"),
    )  # fmt: skip
    add_note(home, "10000001", "A note of words. " * 20)
    with Recorder(home, "10000001") as recorder:
        recorder.record(Logged("warning", "This was slower than it has to be. " * 5))
    return "10000001"


def assert_plain(text: str) -> None:
    """A text without control characters, without blanks at ends, of at most 80 columns."""
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        assert line.isprintable(), line
        assert line == line.rstrip()
        # Paths are not broken, so that they can be copied.
        assert cell_len(line) <= 80 or line.startswith("Checkpoints in "), line


def test_a_run_is_the_same_plain_text_on_a_terminal_and_in_a_file(
    cnnlab: Cnnlab, terminal: Terminal, run: str
) -> None:
    shown = terminal("runs", "show", run, "--once", columns=200)
    assert_plain(shown)
    assert "evil ␛[31mred␊name" in shown
    assert "loss   ⣿ training   • validation" in shown
    assert "note: A note of words." in shown
    assert cnnlab("runs", "show", run, "--once").stdout == shown
    forced = cnnlab("runs", "show", run, "--once", env={**os.environ, "FORCE_COLOR": "1"})
    assert forced.stdout == shown
    assert "⣿" not in terminal("runs", "show", run, "--once", "--no-curves")


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("7", 40), ("200", 80)])
def test_a_narrow_terminal_gets_narrow_plots(
    inside: Cnnlab, run: str, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = inside("runs", "show", run, "--once").stdout
    frames = [line for line in shown.split("\n") if line.endswith(("┐", "┘", "│"))]
    assert len(frames) > 10
    assert {cell_len(line) for line in frames} == {width}


def test_without_it_a_pipe_gets_no_colours_and_whole_lines(inside: Cnnlab, run: str) -> None:
    shown = inside("runs", "show", run).stdout
    assert "\x1b" not in shown
    assert f"note: {'A note of words. ' * 20}".strip() in shown


def test_what_an_encoding_lacks_is_a_question_mark(cnnlab: Cnnlab, run: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = cnnlab("runs", "show", run, "--once", env=environment)
    assert done.returncode == 0, done.stderr
    assert "evil ?[31mred?name" in done.stdout


def test_a_run_under_way_shows_what_there_is(inside: Cnnlab, home: Home) -> None:
    add_run(home, "30000003", "gamma", epochs=2)
    done = inside("runs", "show", "gamma", "--once")
    assert_plain(done.stdout)
    assert "status" in done.stdout
    assert "running" in done.stdout
    assert "⣿ training" in done.stdout


def test_what_was_evaluated_later_is_shown(inside: Cnnlab, home: Home, run: str) -> None:
    change(
        home,
        "insert into evaluations select null, run_id, split, checkpoint, epoch, step, loss, 0.1234,"
        " top5_accuracy, precision_macro, recall_macro, f1_macro, evaluated_at, 'other digits'"
        " from evaluations",
    )
    shown = inside("runs", "show", run, "--once").stdout
    _, _, later = shown.partition("Evaluated later\n")
    header, row, rest, *_ = later.splitlines()
    assert header.split()[:3] == ["images", "checkpoint", "accuracy"]
    assert row.split()[:3] == ["other", "digits,", "best"]
    assert " 0.1234 " in row
    assert rest == "test"
    assert "evaluated" not in later.partition("Checkpoints")[0]


def test_a_usual_run_has_one_table_of_its_figures(inside: Cnnlab, home: Home) -> None:
    names = [f"class {number}" for number in range(10)]
    add_run(home, "40000004", "usual", accuracy=0.7, classes=names)
    change(
        home,
        "insert into evaluations select null, run_id, 'validation', checkpoint, 100, step, loss,"
        " accuracy, 0.98, precision_macro, recall_macro, f1_macro, evaluated_at, dataset"
        " from evaluations",
    )
    shown = inside("runs", "show", "usual", "--once").stdout
    assert_plain(shown)
    header, validation, test, note = shown.partition("split\n")[2].splitlines()[:4]
    assert header.split() == [
        *("checkpoint", "split", "accuracy", "top-5", "precision", "recall", "F1", "loss"),
    ]
    figures = ["0.7000"] * 3
    assert test.split() == ["best,", "epoch", "1", "test", "0.7000", "–", *figures, "0.5000"]
    assert validation.split() == [
        *("best,", "epoch", "100", "validation", "0.7000", "0.9800", *figures, "0.5000"),
    ]
    assert note.startswith("Precision, recall and F1")
    classes = shown.partition("best checkpoint\n")[2].splitlines()[:12]
    assert classes[0].split() == ["class", "precision", "recall", "F1", "support"]
    assert classes[11].split() == ["macro", "average", *figures, "100"]
    _, names_of_columns, kept = shown.partition("Checkpoints in ")[2].splitlines()[:3]
    assert names_of_columns.split() == ["kind", "epoch", "step", "size", "sha256", "file"]
    assert kept.endswith("  abababababab  best-epoch0001-step0000005.pt")


def test_a_run_of_imported_curves_without_a_config_is_shown(
    inside: Cnnlab, home: Home, run: str
) -> None:
    change(home, "update runs set config = '{}', origin = 'csv', dataset = '', model = ''")
    done = inside("runs", "show", run, "--once")
    assert done.returncode == 0, done.stderr
    assert "imported from CSV" in done.stdout
    assert_plain(done.stdout)


@pytest.mark.parametrize("study", ["park/resnets-cifar10", "park/lenet", "chen/width"])
def test_a_study_is_plain_text_too(inside: Cnnlab, terminal: Terminal, study: str) -> None:
    shown = terminal("study", "show", study, "--once", columns=160)
    assert_plain(shown)
    assert inside("study", "show", study, "--once").stdout == shown
    assert "\x1b" not in inside("study", "show", study).stdout


def test_a_file_of_ones_own_with_control_characters_is_shown_as_text(
    inside: Cnnlab, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "evil \\u001b[31m title"\n[data]\nname = "mnist-5k"\n[model]\nname = "lenet"\n'
        '[[rows]]\nname = "one"\ntitle = "a \\u009b row"\n',
        encoding="utf-8",
    )
    done = inside("study", "show", str(path), "--once")
    assert_plain(done.stdout)
    assert "evil ␛[31m title" in done.stdout
    assert "a \ufffd row" in done.stdout
