"""What a person did to a run under way, as marks on its curves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cnnlab.analysis.curves import RunSeries
from cnnlab.analysis.quantities import By
from cnnlab.export.curves import Mark
from cnnlab.history.records import InterventionRecord

_SIGNS = {
    "pause": ("‖", "pause"),
    "continue": ("▶", "go on"),
    "stop": ("■", "stop"),
    "checkpoint": ("◆", "checkpoint"),
    "add_epochs": ("+", "epochs"),
}
_LOWER, _HIGHER = ("↓", "lower lr"), ("↑", "higher lr")


def marks(series: RunSeries, by: By) -> list[Mark]:
    """A mark for each intervention, where its step lies."""
    done = series.interventions
    places = series.places(np.array([float(one.step) for one in done]), by)
    signs = [_sign(one)[0] for one in done]
    return [Mark(float(place), sign) for place, sign in zip(places, signs, strict=True)]


def marks_in_words(done: Iterable[InterventionRecord]) -> str:
    """What the signs mean, of those that occur: `‖ pause  ▶ go on`; empty without any."""
    return "  ".join(dict.fromkeys(" ".join(_sign(one)) for one in done))


def _sign(one: InterventionRecord) -> tuple[str, str]:
    if one.kind == "scale_lr":
        return _LOWER if one.value < 1 else _HIGHER
    return _SIGNS[one.kind]
