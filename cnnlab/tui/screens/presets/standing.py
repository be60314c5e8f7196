"""What the history has of the presets: which are trained or wait, and what was trained last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cnnlab.analysis.trained_rows import TrainedConfigs, TrainedCount, trained_configs
from cnnlab.config.studies import StudyRow
from cnnlab.history.live import runs_held_here
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

RECENT = 10
"""Configs under `Recent`."""
_LOOKED_THROUGH = 50
"""Newest runs among which they are looked for: those of a study's seeds count once."""

RUNNING, PAUSED, WAITING, TRAINED, OTHERWISE, FAILED = "▶", "‖", "…", "✓", "*", "×"
"""Signs of a preset's runs."""
_LIVE = {"running": RUNNING, "paused": PAUSED, "queued": WAITING}


@dataclass(frozen=True)
class Standing:
    """Where the presets stand.

    Attributes:
        counts: how many runs there are of a preset's name and status; 0 is left out.
        live: the signs of presets of which a run trains or waits.
        recent: the newest run of each of the configs that were trained last.
        trained: what the finished runs of presets were trained with.
    """

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    recent: tuple[RunRecord, ...] = ()
    trained: TrainedConfigs = field(default_factory=TrainedConfigs)

    def sign(self, row: StudyRow) -> str:
        """What is to be told first of a preset's runs; empty if there is nothing to tell."""
        preset = row.preset.name
        if preset in self.live:
            return self.live[preset]
        status = self.trained.status(row)
        if status != "not run":
            return TRAINED if status == "measured" else OTHERWISE
        return FAILED if (preset, "failed") in self.counts else ""

    def count(self, rows: Iterable[StudyRow]) -> TrainedCount:
        """How many of the rows were trained."""
        return self.trained.count(rows)


def read_standing(home: Home) -> Standing:
    """Where the presets stand now.

    Raises:
        HistoryError: the history cannot be read.
    """
    with Reader(home) as reader:
        counts = reader.preset_counts()
        recent = _distinct(reader.runs(limit=_LOOKED_THROUGH))[:RECENT]
        return Standing(counts, _live_signs(reader, counts), recent, trained_configs(reader))


def _live_signs(reader: Reader, counts: dict[tuple[str, str], int]) -> dict[str, str]:
    """The first of the signs that the runs of each preset have."""
    signs: dict[str, str] = {}
    for status, sign in _LIVE.items():
        if any(one == status for _, one in counts):
            for run in runs_held_here(reader, status):
                signs.setdefault(run.preset or "", sign)
    return signs


def _distinct(runs: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    """The first run of each config, whatever its seed; those without one are left out."""
    found: dict[str, RunRecord] = {}
    for run in runs:
        if not run.config:
            continue
        training = {**run.config.get("training", {}), "seed": None}
        found.setdefault(json.dumps({**run.config, "training": training}, sort_keys=True), run)
    return tuple(found.values())
