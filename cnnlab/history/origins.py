"""Runs that were trained elsewhere: what they lack, said the same way wherever it is missed."""

from __future__ import annotations

from cnnlab.errors import HistoryError
from cnnlab.history.records import RunRecord

UNKNOWN = "unknown"
"""The data set or model of curves that nobody told."""

_OF_CURVES = "runs.origin is not null and json(runs.config) = '{}'"
COUNTS_EPOCHS_ALONE = f"({_OF_CURVES} and runs.steps_per_epoch is 1)"
IS_DATED = f"(runs.started_at is not null or not ({_OF_CURVES}))"
"""What the functions of these names tell of a run, as SQL that tells it of a row of `runs`."""


def is_curves_alone(run: RunRecord) -> bool:
    """Whether a run was imported as curves, without a config and without checkpoints."""
    return run.origin is not None and not run.config


def counts_epochs_alone(run: RunRecord) -> bool:
    """Whether the steps of a run are its epochs: of imported curves, whose steps nobody told."""
    return is_curves_alone(run) and run.steps_per_epoch == 1


def is_dated(run: RunRecord) -> bool:
    """Whether it is known when a run was; of imported curves it may not be.

    What the history has as times of such a run is that of the file that the curves were in.
    """
    return run.started_at is not None or not is_curves_alone(run)


def has_begun(run: RunRecord) -> bool:
    """Whether a run was ever trained, here or, as imported curves, elsewhere."""
    return run.started_at is not None or is_curves_alone(run)


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
