"""Runs that the tests of commands find in a history, and what a command said of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from history.samples import change

from cnnlab.config.run import RunConfig
from cnnlab.events import (
    CheckpointSaved,
    ClassMetrics,
    Ending,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    RunStarted,
)
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home, make_folder

CONFIG = RunConfig.model_validate(
    {"data": {"name": "mnist-5k"}, "model": {"name": "lenet"}, "training": {"seed": 7}}
).model_dump(mode="json")
STYLES = re.compile(r"\x1b\[[0-9;]*m")
CHECKPOINT_BYTES = 2_000_000


def evaluation(accuracy: float, classes: Sequence[str] = ("zero", "one")) -> Evaluation:
    metrics = tuple(ClassMetrics(name, accuracy, accuracy, accuracy, 10) for name in classes)
    confusion = tuple((10,) * len(classes) for _ in classes)
    return Evaluation(0.5, accuracy, None, accuracy, accuracy, accuracy, metrics, confusion)


def add_run(
    home: Home,
    run_id: str,
    name: str,
    *,
    preset: str | None = "quickstart",
    dataset: str = "mnist-5k",
    model: str = "lenet",
    tags: Sequence[str] = (),
    note: str = "",
    parameters: int = 100,
    epochs: int = 0,
    best: float = 0.5,
    accuracy: float | None = None,
    classes: Sequence[str] = ("zero", "one"),
    seconds: float = 0.0,
    ending: Ending | None = None,
) -> None:
    """A run as training leaves it behind; without an ending it still runs, in this process.

    Args:
        seconds: those that it took, where it has ended.
    """
    create_run(
        home, run_id, config=CONFIG, dataset=dataset, model=model, monitor="validation_accuracy",
        epochs=3, preset=preset, name=name, tags=tags, note=note,
    )  # fmt: skip
    file = make_folder(home.checkpoints(run_id)) / "best-epoch0001-step0000005.pt"
    file.write_text("weights")
    with Recorder(home, run_id) as recorder:
        recorder.record(
            RunStarted(
                "cpu", "a CPU", "float32", "contiguous", "device", parameters, 20, 3, 5, 80, 10, 20
            )
        )
        for epoch in range(1, epochs + 1):
            recorder.record(EpochFinished(epoch, epoch * 5, 0.5, 0.6, 0.4, 0.7, 0.1, 1.0, 80.0))
        recorder.record(CheckpointSaved("best", 1, 5, file, CHECKPOINT_BYTES, "ab" * 32, best))
        if accuracy is not None:
            result = evaluation(accuracy, classes)
            recorder.record(EvaluationFinished("test", "best", 1, 5, result))
        if ending is not None:
            recorder.record(ending)
    if ending is not None:
        change(home, "update runs set duration_s = ? where id = ?", [seconds, run_id])


def ids(home: Home) -> list[str]:
    with Reader(home) as reader:
        return sorted(run.id for run in reader.runs())


def listed(done: subprocess.CompletedProcess[str]) -> str:
    """First digits of the listed runs, in their order."""
    assert done.returncode == 0, done.stderr
    return "".join(line[0] for line in done.stdout.splitlines()[1:])


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    # Where it asks, click writes a blank to stdout.
    assert done.stdout.strip() == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
