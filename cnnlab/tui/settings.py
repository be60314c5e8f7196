"""What the app remembers between two starts, in one file of the home.

A file that cannot be read counts as absent: what it held is a convenience, never a result.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnnlab.analysis.quantities import By
from cnnlab.errors import StorageError
from cnnlab.home import Home, make_folder, open_private

MainScreen = Literal["presets", "run", "history", "data"]


class _Remembered(BaseModel):
    """Values that change while the app runs; those of a newer version are left out."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)


class CurveView(_Remembered):
    """How curves are drawn, and which; smoothing is the weight of the past, in [0, 1].

    `plots` names the quantities, `parts` whose curves are drawn where several runs are.
    """

    by: By = "step"
    smoothing: float = Field(0.6, ge=0, le=1)
    log: bool = False
    plots: Literal["loss accuracy", "loss", "accuracy", "lr", "loss accuracy lr"] = "loss accuracy"
    parts: Literal["both", "training", "validation"] = "both"


class HistoryView(_Remembered):
    """Which runs the history shows, and how; `columns` is empty for the usual ones."""

    filter: str = ""
    sort: str = "started"
    ascending: bool = False
    columns: tuple[str, ...] = ()
    by_study: bool = False
    follow: bool = True


class Settings(_Remembered):
    """All that is remembered; `pictures` is `blocks` for half blocks on every terminal."""

    theme: str = "cnnlab-dark"
    screen: MainScreen = "presets"
    pictures: Literal["auto", "blocks"] = "auto"
    curves: CurveView = Field(default_factory=CurveView)
    history: HistoryView = Field(default_factory=HistoryView)


def load_settings(home: Home) -> Settings:
    """The settings of a home; the defaults where there are none."""
    try:
        return Settings.model_validate_json(home.settings.read_bytes())
    except (OSError, ValidationError):
        return Settings()


def save_settings(home: Home, settings: Settings) -> None:
    """Writes the settings, whole or not at all; a home that cannot be written keeps none."""
    with suppress(OSError, StorageError):
        make_folder(home.root)
        partial = home.settings.with_suffix(f".{os.getpid()}.partial")
        with open(partial, "w", encoding="utf-8", opener=open_private) as file:
            file.write(settings.model_dump_json(indent=2))
        partial.replace(home.settings)
