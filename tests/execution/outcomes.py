"""What a run came to, for comparing one that was disturbed with one that was not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from cnnlab.history.queries import Reader
from cnnlab.history.records import EvaluationRecord
from cnnlab.home import Home
from cnnlab.training.checkpoints import load_checkpoint


def curves(home: Home, run_id: str) -> list[Any]:
    """Every figure of a run, without what names it or tells the time."""
    with Reader(home) as reader:
        return [
            reader.steps(run_id),
            [
                replace(one, seconds=0.0, images_per_second=0.0)
                for one in reader.epochs([run_id])[run_id]
            ],
            [_plain(one) for one in reader.validations([run_id])[run_id]],
            [_plain(one) for one in reader.final_evaluations([run_id])[run_id]],
        ]


def _plain(evaluation: EvaluationRecord) -> EvaluationRecord:
    return replace(evaluation, id=0, evaluated_at="")


def weights(home: Home, run_id: str) -> dict[str, dict[str, torch.Tensor]]:
    """The weights in each of the checkpoints that the history holds of a run."""
    with Reader(home) as reader:
        held = reader.checkpoints([run_id])[run_id]
    return {one.kind: load_checkpoint(Path(one.path), one.sha256)["model"] for one in held}


def outcome(home: Home, run_id: str) -> list[Any]:
    """The curves, how the run ended, and the bits of its weights."""
    with Reader(home) as reader:
        run = reader.run(run_id)
    digests = {
        kind: {
            name: hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()
            for name, value in state.items()
        }
        for kind, state in weights(home, run_id).items()
    }
    ending = (run.status, run.message, run.best_epoch, run.best_step, run.best_value)
    return [ending, *curves(home, run_id), digests]
