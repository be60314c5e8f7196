"""A run in words: what the command line and the screens say of it in the same way."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from cnnlab.amounts import enumerated, how_many
from cnnlab.export.format import (
    format_duration,
    format_figure,
    format_lr,
    format_short_time,
    format_time,
    one_line,
)
from cnnlab.history.naming import TagChange
from cnnlab.history.origins import counts_epochs_alone, is_dated
from cnnlab.history.records import EpochRecord, EvaluationRecord, RunRecord

STATUS_STYLES = {
    "running": "green",
    "paused": "yellow",
    "finished": "",
    "stopped": "yellow",
    "interrupted": "yellow",
    "failed": "red",
    "queued": "dim",
}
"""Colours of the states in which a run can be; those of the terminal."""

ORIGINS = {
    "archive": "imported from an archive",
    "tensorboard": "imported from TensorBoard",
    "csv": "imported from CSV",
}
"""Where runs that were not trained in this home come from, in words."""


EVALUATION_FIGURES = ("accuracy", "top-5", "precision", "recall", "F1", "loss")
"""What a table calls the figures of an evaluation; see `evaluation_words`."""


def evaluation_words(one: EvaluationRecord) -> list[str]:
    """The figures of an evaluation in the order of `EVALUATION_FIGURES`."""
    values = (
        one.accuracy,
        one.top5_accuracy,
        one.precision_macro,
        one.recall_macro,
        one.f1_macro,
        one.loss,
    )
    return list(map(format_figure, values))


def origin_words(run: RunRecord) -> str:
    """Where a run was imported from, and what it lacks for that; empty for one of this home."""
    words = ORIGINS.get(run.origin or "", "")
    return f"{words}: curves only" if words and not run.config else words


def run_words(run: RunRecord, epochs: Sequence[EpochRecord]) -> list[tuple[str, str]]:
    """What a run was, on what, and how it ended: names and values; what is not known is empty."""
    config = run.config
    state = run.status if not run.message else f"{run.status}: {run.message}"
    cost = ""
    if run.parameters is not None and run.flops is not None:
        cost = f", {run.parameters:,} parameters, {run.flops / 1e6:,.1f} MFLOPs an image"
    device = run.device or ""
    if run.device_name:
        device += f" ({run.device_name}), {run.precision}, {run.memory_format}"
    commit = ""
    if run.git:
        commit = run.git.get("commit", "")[:10]
        commit += " with changes" if run.git.get("modified") else ""
    best = ""
    if run.best_value is not None:
        best = f"{run.monitor} {format_figure(run.best_value)}"
        best += f" in {place_words(run, run.best_epoch, run.best_step)}"
    started = [] if run.started_at is None else [format_time(run.started_at)]
    took = _durations(run, epochs)
    return [
        ("run", f"{run.id}  {one_line(run.name)}"),
        ("status", state),
        ("origin", origin_words(run) + ("" if is_dated(run) else f", {created_words(run)}")),
        ("trash", f"since {format_time(run.trashed_at)}" if run.trashed_at else ""),
        ("preset", one_line(run.preset or "")),
        ("data", f"{one_line(run.dataset)}{_image_counts(run)}{_resizing(config.get('data', {}))}"),
        ("augmentation", components(config.get("augmentation", []))),
        ("model", component(config.get("model") or {"name": one_line(run.model)}) + cost),
        ("optimizer", component(config.get("optimizer", {}))),
        ("schedule", component(config.get("schedule", {}))),
        ("loss", component(config.get("loss", {}))),
        ("fine-tuning", _fine_tuning(config.get("fine_tuning", {}))),
        ("training", _training(config.get("training", {}))),
        ("device", device),
        ("started", ", ".join([*started, *took]) if started else ""),
        ("time", "" if started else ", ".join(took)),
        ("best", best),
        ("tags", ", ".join(map(one_line, run.tags))),
        ("versions", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
        ("commit", commit),
    ]


def tagging_words(change: TagChange, changed: int, chosen: int, name: str = "") -> str:
    """What a change of tags did.

    Args:
        changed: how many of the chosen runs had other tags before.
        name: what a single run is called, where that is told.
    """
    runs = name or how_many(chosen, "run")
    if not changed:
        return f"Nothing changed: the tags of {runs} were so already."
    added = f"added {', '.join(map(one_line, change.added))}" if change.added else ""
    removed = f"took away {', '.join(map(one_line, change.removed))}" if change.removed else ""
    done = enumerated([part for part in (added, removed) if part])
    if changed < chosen:
        runs = f"{changed:,} of {runs}; the tags of the rest were so already"
    return f"{done[0].upper()}{done[1:]}: {runs}."


def created_words(run: RunRecord, *, short: bool = False) -> str:
    """When a run was ordered; of imported curves without times `file of 2019-03-01 10:00`."""
    time = format_short_time(run.created_at) if short else format_time(run.created_at)
    return time if is_dated(run) else f"file of {time}"


def _durations(run: RunRecord, epochs: Sequence[EpochRecord]) -> list[str]:
    """How long a run took, and an epoch of it, as far as that is known."""
    took = [] if run.duration_s is None else [f"took {format_duration(run.duration_s)}"]
    seconds = [epoch.seconds for epoch in epochs if epoch.seconds is not None]
    if seconds:
        took.append(f"{format_duration(statistics.fmean(seconds))} an epoch")
    return took


def place_words(run: RunRecord, epoch: int | None, step: int | None) -> str:
    """A place in the course of a run: `epoch 3, step 1,290`; the epoch alone where steps are not
    known.
    """
    if counts_epochs_alone(run) or step is None:
        return f"epoch {epoch}"
    return f"epoch {epoch}, step {step:,}"


def _image_counts(run: RunRecord) -> str:
    """How many images each split has; those that are not known are left out."""
    counts = {
        "training": run.train_images,
        "validation": run.validation_images,
        "test": run.test_images,
    }
    known = [f"{count:,} {split}" for split, count in counts.items() if count is not None]
    return f", {', '.join(known)} images" if known else ""


def _resizing(data: dict[str, Any]) -> str:
    size = data.get("resize")
    return f", resized to {setting(size)} ({data.get('interpolation')})" if size else ""


def _fine_tuning(table: dict[str, Any]) -> str:
    """The parts that train, with the learning rates of their own; empty if all train alike."""
    parts, rates = table.get("parts"), table.get("lr", {})
    if not parts and not rates:
        return ""
    own = "".join(f", {part} lr={format_lr(rate)}" for part, rate in rates.items())
    return f"{', '.join(parts) if parts else 'all parts'} train{own}"


def component(table: dict[str, Any]) -> str:
    """A component as `name field=value`; nothing of one that is not there."""
    fields = " ".join(f"{key}={setting(value)}" for key, value in table.items() if key != "name")
    return one_line(f"{table.get('name', '')} {fields}".strip())


def components(tables: Sequence[dict[str, Any]]) -> str:
    """Components in their order."""
    return ", ".join(component(table) for table in tables)


def setting(value: Any) -> str:
    """The value of a config's field, short and on one line; `none` for one that is empty."""
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format_lr(value)
    if isinstance(value, dict):
        return component(value)
    if isinstance(value, list):
        if all(isinstance(one, dict) for one in value):
            return "+".join(map(component, value))
        return f"[{','.join(map(setting, value))}]"
    return one_line(str(value))


def _training(training: dict[str, Any]) -> str:
    if not {"evaluate_every", "epochs", "batch_size", "seed"} <= training.keys():
        return components([training])
    every = training["evaluate_every"]
    validation = "each epoch" if every == "epoch" else f"every {every} steps"
    epochs = training["epochs"]
    return (
        f"{how_many(epochs, 'epoch')}, batch size {training['batch_size']}, "
        f"validation {validation}, seed {training['seed']}"
    )
