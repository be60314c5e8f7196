"""`cnnlab run --dry-run`: what a run would take, without training it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

from cnnlab.cli.console import err, out, print_json
from cnnlab.home import Home

if TYPE_CHECKING:
    from pathlib import Path

    from cnnlab.execution.runner import RunRequest
    from cnnlab.training.preflight import Preflight


def print_preflight(home: Home, request: RunRequest, as_json: bool) -> None:
    """Takes a few steps, throws them away, and prints what the whole run would take.

    Raises:
        CnnlabError: the run cannot be trained as it is asked for.
    """
    from cnnlab.data import library

    config = request.config
    library.check_name(home, config.data.name)
    with err().status("Taking a few steps…"):
        from cnnlab.execution.runner import with_seed
        from cnnlab.training.preflight import preflight

        found = preflight(with_seed(config), library.require(home, config.data.name))
    free = shutil.disk_usage(_existing(home.root)).free
    whole = found.seconds_per_epoch * config.training.epochs
    if as_json:
        print_json({**asdict(found), "seconds": whole, "disk_free_bytes": free})
        return
    _print(found, config.data.name, config.training.epochs, whole, free)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _print(found: Preflight, data: str, epochs: int, whole: float, free: int) -> None:
    from cnnlab.cli.format import format_bytes, format_duration
    from cnnlab.cli.tables import pairs_table

    trainable = (
        "" if found.trainable == found.parameters else f", {found.trainable:,} of them train"
    )
    count = f"{epochs} epoch{'s' if epochs != 1 else ''}"
    each = f"{format_duration(found.seconds_per_epoch)} an epoch of {found.steps_per_epoch:,} steps"
    where = "memory" if found.device == "cpu" else f"memory of {found.device}"
    rows = [
        (
            "data",
            f"{data}, {found.train_images:,} training, {found.validation_images:,} validation",
        ),
        ("model", f"{found.parameters:,} parameters{trainable}, {found.flops / 1e6:,.1f} MFLOPs"),
        ("device", f"{found.device} ({found.device_name}), {found.precision}"),
        ("speed", f"{found.images_per_second:,.0f} images/s"),
        ("time", f"{each}, {format_duration(whole)} for {count}"),
        (where, format_bytes(found.memory_bytes)),
        (
            "disk",
            f"{format_bytes(found.checkpoint_bytes)} a checkpoint, two are kept;"
            f" {format_bytes(free)} free",
        ),
    ]
    out().print(pairs_table(rows))
