"""Runs with checkpoints of fresh weights: what is exported need not have learnt anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.data.catalog import DIGITS
from cnnlab.data.image_format import ImageFormat
from cnnlab.data.resizing import size_after
from cnnlab.events import CheckpointSaved
from cnnlab.history.recorder import Recorder, create_run, new_run_id
from cnnlab.home import Home, make_folder
from cnnlab.models.build import build_model
from cnnlab.training.checkpoints import save_checkpoint

MNIST = (1, 28, 28)


def save_run(
    home: Home,
    model: dict[str, Any],
    *,
    shape: tuple[int, int, int] = MNIST,
    dataset: str = "mnist-5k",
    classes: tuple[str, ...] = DIGITS,
    weights: dict[str, torch.Tensor] | None = None,
    **data: Any,
) -> str:
    """Puts a run with a best checkpoint into the history; returns its id.

    Args:
        shape: of the stored images.
        weights: for the model, instead of fresh ones.
        data: fields of `config.data`, such as `resize`.
    """
    tables = {"data": {"name": dataset, **data}, "model": model, "training": {"seed": 1}}
    config = validate(RunConfig, tables)
    seen = shape
    if config.data.resize is not None:
        seen = (shape[0], *size_after(config.data.resize, shape[1:]))
    channels = shape[0]
    images = ImageFormat(classes, shape, seen, (0.3,) * channels, (0.2,) * channels)
    torch.manual_seed(0)
    network = build_model(config.model, seen, len(classes))
    run_id = new_run_id()
    create_run(
        home,
        run_id,
        config=config.model_dump(mode="json"),
        dataset=dataset,
        model=config.model.name,
        monitor="validation_accuracy",
        epochs=1,
    )
    path = make_folder(home.checkpoints(run_id)) / "best.pt"
    state = {"model": weights or network.state_dict(), "images": images.as_state(), "loss": {}}
    saved = save_checkpoint(path, state)
    with Recorder(home, run_id) as recorder:
        recorder.record(CheckpointSaved("best", 1, 1, path, saved.bytes, saved.sha256, 0.5))
    return run_id


def rewrite_state(home: Home, run_id: str, kind: str, **changes: Any) -> Path:
    """Changes a checkpoint of a run as if it had been written so; None removes a part."""
    import sqlite3
    from contextlib import closing

    path = next(home.checkpoints(run_id).glob(f"{kind}*.pt"))
    state = {**torch.load(path, weights_only=True), **changes}
    state.pop("format")
    saved = save_checkpoint(path, {name: part for name, part in state.items() if part is not None})
    with closing(sqlite3.connect(home.history)) as history, history:
        history.execute(
            "update checkpoints set sha256 = ?, bytes = ? where run_id = ? and kind = ?",
            (saved.sha256, saved.bytes, run_id, kind),
        )
    return path
