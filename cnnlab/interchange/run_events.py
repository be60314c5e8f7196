"""A run in TensorBoard: which tag holds what, in one folder for each run.

The x axis of every tag is the optimizer step, counted from 1 over the whole run; of curves from
elsewhere that count epochs alone, the epoch.

| tag | when | what |
| --- | --- | --- |
| `train/loss`, `train/accuracy`, `lr` | each step | of the batch, before the update |
| `train/loss_epoch`, `train/accuracy_epoch` | each epoch | means over the epoch's images |
| `validation/loss`, `…/accuracy`, `…/precision`, … | each validation | on the way |
| `epoch`, `speed/…` | each epoch | its number; images a second, seconds |
| `test/…` | at the end | with the best checkpoint |
| `test_last/…`, `train_best/…`, … | at the end | the other splits and checkpoints |

Precision, recall and F1 are macro averages. The config is a text and, flat, the hyperparameters;
of curves from elsewhere, which have none, it names the data set and the model.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cnnlab.config.differences import flat_table
from cnnlab.config.toml import config_as_toml
from cnnlab.file_stem import file_stem
from cnnlab.history.origins import UNKNOWN
from cnnlab.history.records import RunRecord
from cnnlab.interchange.event_files import EventWriter

CONFIG = "config"
"""The tag of the config."""

NO_CURVES = frozenset((CONFIG, "_hparams_/session_start_info"))
"""The tags of what is no scalar."""


class EpochFigures(Protocol):
    """An epoch, as the engine tells it and as the history holds it."""

    @property
    def epoch(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def train_loss(self) -> float | None: ...  # noqa: D102
    @property
    def train_accuracy(self) -> float | None: ...  # noqa: D102
    @property
    def seconds(self) -> float | None: ...  # noqa: D102
    @property
    def images_per_second(self) -> float | None: ...  # noqa: D102


class EvaluationFigures(Protocol):
    """An evaluation, as the engine tells it and as the history holds it."""

    @property
    def loss(self) -> float | None: ...  # noqa: D102
    @property
    def accuracy(self) -> float: ...  # noqa: D102
    @property
    def top5_accuracy(self) -> float | None: ...  # noqa: D102
    @property
    def precision_macro(self) -> float: ...  # noqa: D102
    @property
    def recall_macro(self) -> float: ...  # noqa: D102
    @property
    def f1_macro(self) -> float: ...  # noqa: D102


def trained_on(config: str) -> tuple[str, str]:
    """Data set and model in a config as `RunEvents` writes it; empty where it does not tell."""
    try:
        tables = tomllib.loads(textwrap.dedent(config))
        found = tables["data"]["name"], tables["model"]["name"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "", ""
    data, model = (name if isinstance(name, str) else "" for name in found)
    return data, model


def folder_of(root: Path, run: RunRecord) -> Path:
    """The folder of a run below that of all: its name and its id.

    A run that was renamed keeps the folder that it has.
    """
    for there in sorted(root.glob(f"*-{run.id}")) if root.is_dir() else ():
        return there
    return root / f"{file_stem(run.name)}-{run.id}"


class RunEvents:
    """Writes the course of one run, in the order in which it happens.

    Args:
        folder: of this run.
        missing: what is written for a loss that was not a number; None leaves it out.

    Raises:
        ConfigError: the extra is not installed.
        OSError: the event file cannot be made, or later not written.
    """

    def __init__(self, folder: Path, missing: float | None = float("nan")) -> None:
        self._writer = EventWriter(folder)
        self._missing = missing

    def begin(self, run: RunRecord, wall_time: float) -> None:
        """Writes the run's config, as text and as hyperparameters; nothing where all is unknown."""
        config = run.config or _known_of(run)
        if not config:
            return
        listing = config_as_toml(config)
        indented = "\n".join(f"    {line}" for line in listing.splitlines())
        self._writer.text(CONFIG, indented, wall_time)
        values = {
            name: value if isinstance(value, bool | int | float) else str(value)
            for name, value in flat_table(config).items()
            if value is not None
        }
        self._writer.hyperparameters(values, run.id, wall_time)

    def go_on(self, first_step: int, wall_time: float | None = None) -> None:
        """What was written of this step and later is going to be written anew."""
        self._writer.restart(first_step, wall_time)

    def steps(
        self,
        steps: Iterable[int],
        losses: Sequence[float | None],
        accuracies: Sequence[float | None],
        lrs: Sequence[float | None],
        wall_times: Sequence[float],
    ) -> None:
        """Writes steps; all are of one length."""
        rows = zip(steps, losses, accuracies, lrs, wall_times, strict=True)
        for step, loss, accuracy, lr, wall_time in rows:
            values = {"train/loss": self._loss(loss), "train/accuracy": accuracy, "lr": lr}
            self._writer.scalars(values, step, wall_time)

    def epoch(self, one: EpochFigures, wall_time: float) -> None:
        """Writes the means of an epoch, and its number."""
        values = {
            "epoch": float(one.epoch),
            "train/loss_epoch": self._loss(one.train_loss),
            "train/accuracy_epoch": one.train_accuracy,
            "speed/images_per_second": one.images_per_second or None,
            "speed/epoch_seconds": one.seconds or None,
        }
        self._writer.scalars(values, one.step, wall_time)

    def evaluation(
        self,
        split: str,
        checkpoint: str | None,
        step: int,
        one: EvaluationFigures,
        wall_time: float,
    ) -> None:
        """Writes an evaluation on the way, or of a checkpoint at the end."""
        group = split
        if checkpoint is not None and (split, checkpoint) != ("test", "best"):
            group = f"{split}_{checkpoint}"
        values = {
            "loss": self._loss(one.loss),
            "accuracy": one.accuracy,
            "top5_accuracy": one.top5_accuracy,
            "precision": one.precision_macro,
            "recall": one.recall_macro,
            "f1": one.f1_macro,
        }
        self.figures(group, values, step, wall_time)

    def figures(
        self, group: str, values: Mapping[str, float | None], step: int, wall_time: float
    ) -> None:
        """Writes figures whose tags share a beginning; none where it is empty."""
        tags = {f"{group}/{name}" if group else name: value for name, value in values.items()}
        self._writer.scalars(tags, step, wall_time)

    def flush(self) -> None:
        """Lets TensorBoard see what was written."""
        self._writer.flush()

    def close(self) -> None:
        """Flushes and ends the file."""
        self._writer.close()

    def _loss(self, value: float | None) -> float | None:
        return self._missing if value is None else value


def _known_of(run: RunRecord) -> dict[str, dict[str, str]]:
    """What the history knows of how curves from elsewhere came about, as tables of a config."""
    if run.dataset == run.model == UNKNOWN:
        return {}
    return {"data": {"name": run.dataset}, "model": {"name": run.model}}


def seconds_since_1970(time: str) -> float:
    """A time as the history writes it, as event files do."""
    return datetime.fromisoformat(time).timestamp()
