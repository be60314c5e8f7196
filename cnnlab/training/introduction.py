"""What a run tells before its first step: what it is made of, and where that came from."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlab.events import Event, Logged, RunStarted
from cnnlab.training.assembly import Assembly
from cnnlab.training.progress import steps_in_epoch


def introduction(parts: Assembly) -> Iterator[Event]:
    """The start, then where the weights came from and which train, where that is not all."""
    yield _started(parts)
    weights, tuned, summary = parts.weights, parts.tuned, parts.summary
    if weights is not None:
        head = "" if weights.head else "; the head is new"
        yield Logged("info", f"Weights from {weights.path} (sha256 {weights.sha256}){head}.")
    if tuned.frozen:
        yield Logged(
            "info",
            f"Training {', '.join(tuned.trained)}: {summary.trainable:,} of "
            f"{summary.parameters:,} parameters; {', '.join(tuned.frozen)} frozen.",
        )


def _started(parts: Assembly) -> RunStarted:
    data, settings = parts.data, parts.config.training
    return RunStarted(
        device=str(parts.hardware.device),
        device_name=parts.hardware.name,
        precision=parts.hardware.precision_name,
        memory_format=parts.hardware.memory_format_name,
        residence=data.residence,
        parameters=parts.summary.parameters,
        flops=parts.summary.flops,
        epochs=settings.epochs,
        steps_per_epoch=steps_in_epoch(len(data.train_indices), settings.batch_size),
        train_images=len(data.train_indices),
        validation_images=len(data.validation_indices),
        test_images=len(data.test_indices),
    )
