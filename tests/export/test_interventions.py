"""Marks on curves for what a person did to a run."""

from __future__ import annotations

import pytest
from history import samples
from rich.text import Text

from cnnlab.analysis.curves import read_series
from cnnlab.analysis.quantities import By
from cnnlab.cli.main import main
from cnnlab.events import Command, Intervened, RunFinished
from cnnlab.export.interventions import marks, marks_in_words
from cnnlab.history.queries import Reader
from cnnlab.home import Home

RUN = "10000001"


def record(home: Home, *commands: tuple[Command, int]) -> None:
    """A run of two epochs of four steps in which commands were carried out after steps."""
    samples.add_run(home, RUN)
    samples.record(home, RUN, samples.STARTED)
    for number in (1, 2):
        samples.record(home, RUN, samples.steps(number * 4 - 3, (0.9, 0.8, 0.7, 0.6), epoch=number))
        samples.record(home, RUN, samples.epoch(number))
    done = [Intervened(command, 1, step) for command, step in commands]
    samples.record(home, RUN, *done, RunFinished("all epochs trained"))


@pytest.mark.parametrize(
    ("by", "places"), [("step", [2, 4]), ("epoch", [0.5, 1]), ("time", [0.75, 1.5])]
)
def test_a_mark_lies_where_its_step_does(home: Home, by: By, places: list[float]) -> None:
    record(home, (Command("scale_lr", 0.5), 2), (Command("checkpoint"), 4))
    with Reader(home) as reader:
        found = marks(read_series(reader, RUN), by)
    assert [(one.x, one.sign) for one in found] == list(zip(places, "↓◆", strict=True))


def test_the_signs_that_occur_are_explained_once(home: Home) -> None:
    record(
        home,
        (Command("pause"), 1),
        (Command("continue"), 1),
        (Command("pause"), 2),
        (Command("scale_lr", 2.0), 2),
        (Command("add_epochs", 3), 3),
    )
    with Reader(home) as reader:
        done = read_series(reader, RUN).interventions
    assert marks_in_words(done) == "‖ pause  ▶ go on  ↑ higher lr  + epochs"
    assert marks_in_words(()) == ""


def test_runs_show_draws_the_marks_and_says_what_they_are(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(home, (Command("scale_lr", 0.5), 2))
    samples.change(
        home,
        "update runs set config = json_patch(config, ?)",
        [
            '{"data": {"name": "mnist-5k"}, "optimizer": {"name": "sgd"}, "loss": {"name": "ce"},'
            ' "schedule": {"name": "constant"}, "training": {"evaluate_every": "epoch",'
            ' "epochs": 2, "batch_size": 50, "seed": 1}}'
        ],
    )
    monkeypatch.setattr("sys.argv", ["cnnlab", "runs", "show", RUN, "--by", "step"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    lines = Text.from_ansi(capsys.readouterr().out).plain.split("\n")
    assert "marks: ↓ lower lr" in lines
    assert sum("┌" in line and "↓" in line for line in lines) == 2, "loss and accuracy"
