"""Trains runs and kills them, over and over: `python -m execution.killing FOLDER RUNS KILLS SEED`.

KILLS is the number of kills over all the runs.

Each run is trained in a process of its own, which is killed at a random moment and replaced by
one that goes on from what is on the disk, until the run has ended. PyTorch is imported once: the
processes are forks. What was found is printed as JSON, on one line. With PIECE... after SEED,
there is a line for each piece: what was found when it was left out of the state that a run goes
on from, which must then differ.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import random
import signal
import sqlite3
import sys
import time
import traceback
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from execution.outcomes import outcome
from training.conftest import small_config
from waiting import SECONDS

from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.events import SPLITS, CheckpointSaved, EvaluationFinished, Event
from cnnlab.execution.recorded import build_recorded
from cnnlab.execution.requests import RunRequest, record_requests
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import new_run_id
from cnnlab.history.resumption import claim, require_resumable, resumable_checkpoints
from cnnlab.home import Home, make_folder
from cnnlab.training.assembly import Assembly
from cnnlab.training.trainer import Trainer

OPTIMIZERS: list[dict[str, Any]] = [
    {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"name": "adam", "lr": 0.005},
    {"name": "adamw"},
    {"name": "adagrad"},
    {"name": "adadelta"},
    {"name": "rmsprop", "lr": 0.001, "momentum": 0.5, "centered": True},
]
SCHEDULES: list[dict[str, Any]] = [
    {"name": "one-cycle", "warmup_epochs": 1.2},
    {"name": "cosine"},
    {"name": "step", "step_size": 1},
    {"name": "plateau", "patience": 0, "threshold": 0.5},
    {"name": "exponential", "warmup_epochs": 1.2},
    {"name": "multi-step", "milestones": [1, 2]},
    {"name": "none"},
    {"name": "one-cycle"},
    {"name": "exponential"},
]
CHECKPOINT = b"c"
"""How the process of a run tells a checkpoint to go on from; another event is a dot."""
WAITS = b"w"
"""How it tells that it goes no further and waits to be killed."""
FORGETFUL_STEP = 15
"""Where a run is killed that then goes on without a piece of its state: within its second epoch."""

TRAININGS: list[dict[str, Any]] = [
    {"checkpoint": {"minutes": 1e-9}, "evaluate_every": 4},
    {"checkpoint": {"minutes": 0}},
    {"checkpoint": {"epochs": 2, "minutes": 5e-4}},
    {"checkpoint": {"minutes": 1e-9}, "early_stopping": {"patience": 1, "min_delta": 0.9}},
]
"""Checkpoints after every step, at the ends of epochs, now and then; and early stopping."""


def configs() -> list[RunConfig]:
    """Every optimizer and every schedule, with checkpoints in several intervals.

    503 images in batches of 50: the last batch of an epoch is a small one.
    """
    choices = zip(cycle(OPTIMIZERS), SCHEDULES * 4, cycle(TRAININGS), strict=False)
    return [
        small_config(
            data={"validation": 97},
            augmentation=[{"name": "random-crop", "padding": 2}],
            model={
                "name": "simple-cnn",
                "channels": 4,
                "hidden": 16,
                "dropout": 0.3,
                "batch_norm": True,
            },
            optimizer=optimizer,
            schedule=schedule,
            training={"epochs": 3, **training},
        )
        for optimizer, schedule, training in choices
    ]


@dataclass
class Findings:
    """What came of it.

    Attributes:
        runs, same: runs that were trained, and those that ended as the undisturbed one did.
        kills, writing: kills, and those that came while a checkpoint was being written.
        damaged: kills after which SQLite found something wrong.
        differences: what was wrong with the other runs.
    """

    runs: int = 0
    same: int = 0
    kills: int = 0
    writing: int = 0
    damaged: int = 0
    differences: list[str] = field(default_factory=list)


def forget(piece: str) -> None:
    """Leaves a piece of the state out from now on when a run goes on from a checkpoint."""
    table, _, key = piece.partition(".")
    owner: Any = Trainer if table == "progress" else Assembly
    load = owner.load_state_dict

    def load_the_rest(self: Any, state: dict[str, Any]) -> None:
        if table == "progress":
            values = {**state[table], key: getattr(self.progress, key)}
        elif key:
            values = {**state[table], key: self.state_dict()[table][key]}
        else:
            values = self.state_dict()[table]
        load(self, {**state, table: values})

    owner.load_state_dict = load_the_rest


References = dict[str, tuple[list[Any], int]]
"""By the config of a run: what it comes to that is not killed, and how many events it tells."""


class Killer:
    """Trains runs in processes that it kills."""

    def __init__(
        self, home: Home, dataset: Dataset, references: References, seed: int, piece: str
    ) -> None:
        self.home = home
        self.references = references
        self.dataset = dataset
        self.chance = random.Random(seed)
        self.piece = piece
        self.found = Findings()

    def undisturbed(self, config: RunConfig) -> tuple[list[Any], int]:
        """What a run comes to that is not killed, and how many events it tells."""
        key = config.model_dump_json()
        if key not in self.references:
            run_id = self.new_run(config)
            events = self.live(run_id, None)
            self.references[key] = outcome(self.home, run_id), events
        return self.references[key]

    def try_out(self, config: RunConfig, kills: int) -> None:
        """Trains a run with so many kills on its way, and compares it."""
        expected, events = self.undisturbed(config)
        run_id = self.new_run(config)
        for _ in range(kills):
            # Not so many that the run might be at its end long before the last kill.
            some = self.chance.randint(1, max(events // (kills + 1), 1))
            self.live(run_id, math.inf if self.piece else some)
            self.look_after_kill(run_id)
        self.live(run_id, None)
        self.compare(run_id, expected)

    def new_run(self, config: RunConfig) -> str:
        """The row of a run that is still to be trained."""
        run_id = new_run_id()
        record_requests(self.home, {run_id: RunRequest(config, "quickstart")})
        return run_id

    def live(self, run_id: str, events: float | None) -> int:
        """Trains a run in a process of its own; returns how many events it told.

        Counted are those since there was a checkpoint to go on from.

        Args:
            events: after how many of them it is killed, if it does not wait for that before.
        """
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(read)
            self.train(run_id, write, is_killed=events is not None)
        os.close(write)
        told, has_checkpoint = 0, bool(resumable_checkpoints(self.home, run_id))
        while told != events and (kind := os.read(read, 1)) not in (b"", WAITS):
            told += has_checkpoint
            has_checkpoint = has_checkpoint or kind == CHECKPOINT
        os.close(read)
        if events is not None:
            time.sleep(self.chance.uniform(0, 0.02))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        self.found.kills += os.WIFSIGNALED(status)
        return told

    def waits_at(self, event: Event) -> bool:
        """Whether a process goes no further that is killed some time: it must not be over before.

        That is before its last event, or where each piece of the state matters.
        """
        if self.piece:
            at = ("last", FORGETFUL_STEP)
            return isinstance(event, CheckpointSaved) and (event.kind, event.step) == at
        last = (SPLITS[-1], "best")
        return isinstance(event, EvaluationFinished) and (event.split, event.checkpoint) == last

    def train(self, run_id: str, write: int, *, is_killed: bool) -> None:
        """The process of a run; it tells each event that is on the disk by one byte."""
        try:
            with Reader(self.home) as reader:
                run = reader.run(run_id)
            if run.status != "queued":
                require_resumable(self.home, run)
            if self.piece:
                forget(self.piece)
            thread = build_recorded(self.home, run, self.dataset)
            claim(self.home, run)

            def tell(event: Event) -> None:
                last = isinstance(event, CheckpointSaved) and event.kind == "last"
                with suppress(BrokenPipeError):
                    os.write(write, CHECKPOINT if last else b".")
                if is_killed and self.waits_at(event):
                    with suppress(BrokenPipeError):
                        os.write(write, WAITS)
                    time.sleep(SECONDS)

            thread.listen(tell)
            thread.run()
        except BaseException:
            (self.home.root / f"{run_id}.txt").write_text(traceback.format_exc())
        finally:
            os._exit(0)

    def look_after_kill(self, run_id: str) -> None:
        """Whether a checkpoint was under way, and whether the history is whole."""
        self.found.writing += any(self.home.checkpoints(run_id).glob("*.partial"))
        with closing(sqlite3.connect(self.home.history)) as db:
            whole = db.execute("pragma integrity_check").fetchall() == [("ok",)]
            orphans = db.execute("pragma foreign_key_check").fetchall()
        self.found.damaged += bool(orphans or not whole)

    def compare(self, run_id: str, expected: list[Any]) -> None:
        """Notes whether a run ended as it should have."""
        self.found.runs += 1
        trouble = self.home.root / f"{run_id}.txt"
        if trouble.exists():
            self.found.differences.append(trouble.read_text())
            return
        names = ("ending", "steps", "epochs", "validations", "evaluations", "weights")
        parts = zip(names, outcome(self.home, run_id), expected, strict=True)
        differing = [name for name, is_, should_be in parts if is_ != should_be]
        with Reader(self.home) as reader:
            steps = [one.step for one in reader.steps(run_id)]
        if steps != list(range(1, len(steps) + 1)):
            differing.append("gaps")
        self.found.same += not differing
        if differing:
            self.found.differences.append(f"{run_id}: {', '.join(differing)}")


def few_digits(home: Home) -> Dataset:
    """600 digits to train on and 200 to test with."""
    digits = library.require(home, "mnist-5k")
    return dataclasses.replace(
        digits,
        train_images=digits.train_images[:600].copy(),
        train_labels=digits.train_labels[:600].copy(),
        test_images=digits.test_images[:200].copy(),
        test_labels=digits.test_labels[:200].copy(),
    )


def warm_up(home: Home, dataset: Dataset) -> None:
    """Trains here until the first checkpoint, for what is imported and set up on the way."""
    folder = make_folder(home.root / "warm-up")
    for event in Trainer(configs()[0], dataset, folder).train():
        if isinstance(event, CheckpointSaved):
            break


def main(folder: str, runs: str, kills: str, seed: str, *pieces: str) -> None:
    torch.set_num_threads(1)
    home = Home(Path(folder))
    dataset = few_digits(home)
    warm_up(home, dataset)
    references: References = {}
    for piece in pieces or ("",):
        killer = Killer(home, dataset, references, int(seed), piece)
        for config, left in zip(cycle(configs()), range(int(runs), 0, -1), strict=False):
            # Where they cannot be shared out evenly, the earlier runs take one more.
            killer.try_out(config, -(-(int(kills) - killer.found.kills) // left))
        print(json.dumps(dataclasses.asdict(killer.found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
