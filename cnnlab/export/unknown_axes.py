"""What curves from elsewhere cannot be drawn against, since nobody told it of them."""

from __future__ import annotations

from collections.abc import Iterable

from cnnlab.analysis.quantities import By
from cnnlab.history.origins import counts_epochs_alone, is_curves_alone
from cnnlab.history.records import RunRecord

NOT_TOLD: dict[By, str] = {
    "time": "No times were imported with these curves: draw them by epoch.",
    "step": "No steps were imported with these curves: draw them by epoch.",
}


def absence_words(runs: Iterable[RunRecord], by: By) -> str:
    """Why there may be no curves of any of these runs, with the remedy; empty if they tell that."""
    lacks = {"time": is_curves_alone, "step": counts_epochs_alone}.get(by)
    return NOT_TOLD[by] if lacks is not None and all(map(lacks, runs)) else ""
