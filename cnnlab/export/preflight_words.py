"""What a run would take, in words: `cnnlab run --dry-run` and the launch form say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnlab.amounts import how_many
from cnnlab.export.format import format_bytes, format_duration


def preflight_words(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values, from the figures that `cnnlab run --dry-run --json` prints."""
    parameters, trainable = figures["parameters"], figures["trainable"]
    epochs, seconds = figures["epochs"], figures["seconds_per_epoch"]
    train = "" if trainable == parameters else f", {trainable:,} of them train"
    count = how_many(epochs, "epoch")
    each = f"{format_duration(seconds)} an epoch of {figures['steps_per_epoch']:,} steps"
    on_cpu = figures["device"] == "cpu"
    return [
        (
            "data",
            f"{figures['data']}, {figures['train_images']:,} training,"
            f" {figures['validation_images']:,} validation",
        ),
        ("model", f"{parameters:,} parameters{train}, {figures['flops'] / 1e6:,.1f} MFLOPs"),
        ("device", f"{figures['device']} ({figures['device_name']}), {figures['precision']}"),
        ("speed", f"{figures['images_per_second']:,.0f} images/s"),
        ("time", f"{each}, {format_duration(figures['seconds'])} for {count}"),
        (
            "memory" if on_cpu else f"memory of {figures['device']}",
            format_bytes(figures["memory_bytes"]),
        ),
        (
            "disk",
            f"{format_bytes(figures['checkpoint_bytes'])} a checkpoint, up to four are kept;"
            f" {format_bytes(figures['disk_free_bytes'])} free",
        ),
    ]
