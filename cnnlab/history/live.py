"""The runs that something trains now."""

from __future__ import annotations

from cnnlab.history.ownership import LIVE, is_alive, is_gone, is_waiting
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import RunRecord

_MOST = 20


def live_runs(reader: Reader) -> list[RunRecord]:
    """The runs that train now or are paused, of every process, newest first; at most 20 of each."""
    found = [run for status in LIVE for run in reader.runs(RunFilter(status=status), limit=_MOST)]
    return sorted(
        (run for run in found if not is_gone(run)), key=lambda run: run.created_at, reverse=True
    )


def runs_held_here(reader: Reader, status: str, preset: str = "") -> list[RunRecord]:
    """The runs in a status in which a process is known to train them, or will."""
    found = reader.runs(RunFilter(status=status, preset=preset))
    return [run for run in found if is_alive(run) or is_waiting(run)]
