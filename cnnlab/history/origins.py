"""Runs that were trained elsewhere: what they lack, said the same way wherever it is missed."""

from __future__ import annotations

from cnnlab.errors import HistoryError
from cnnlab.history.records import RunRecord

UNKNOWN = "unknown"
"""The data set or model of curves that nobody told."""


def is_curves_alone(run: RunRecord) -> bool:
    """Whether a run was imported as curves, without a config and without checkpoints."""
    return run.origin is not None and not run.config


def counts_epochs_alone(run: RunRecord) -> bool:
    """Whether the steps of a run are its epochs: of imported curves, whose steps nobody told."""
    return is_curves_alone(run) and run.steps_per_epoch == 1


def require_config(run: RunRecord) -> None:
    """Checks that a run tells how it was trained.

    Raises:
        HistoryError: it was imported as curves alone.
    """
    if is_curves_alone(run):
        raise HistoryError(
            f"The run {run.name} ({run.id}) was imported as curves alone: it has no config and no"
            " checkpoints.",
            f"`cnnlab runs show {run.id}` shows its curves.",
        )
