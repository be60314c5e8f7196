"""Runs whose processes end without a word while the app is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import App

from cnnlab.export.format import visible
from cnnlab.history.interruption import mark_interrupted
from cnnlab.history.ownership import LIVE
from cnnlab.history.records import RunRecord
from cnnlab.home import Home
from cnnlab.tui.background import behind

_NAMED = 3
"""How many interrupted runs are named."""
_SECONDS = 12.0
"""How long they are."""


class LostRuns:
    """Has such runs marked as interrupted, behind the screens, and tells of them; once of each."""

    def __init__(self, app: App[None], home: Home) -> None:
        self._app = app
        self._home = home
        self._seen: set[tuple[str, int]] = set()

    def see(self, gone: Iterable[RunRecord]) -> None:
        """Takes runs whose processes are gone; those that only waited are left as they are."""
        seen = {(run.id, run.pid) for run in gone if run.status in LIVE}
        if not seen <= self._seen:
            self._seen |= seen
            behind(self._app, lambda: mark_interrupted(self._home), self.tell, lambda _: None)

    def tell(self, interrupted: Sequence[RunRecord]) -> None:
        """Tells which runs were interrupted."""
        if interrupted:
            words = visible(interruption_words(interrupted))
            self._app.notify(words, severity="warning", markup=False, timeout=_SECONDS)


def interruption_words(runs: Sequence[RunRecord]) -> str:
    """Which runs were interrupted, and what to do about it."""
    if len(runs) == 1:
        [run] = runs
        return f"{run.name} was interrupted: {run.message}. m resumes it in History."
    names = ", ".join(run.name for run in runs[:_NAMED])
    more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    return f"{len(runs)} runs were interrupted: {names}{more}. m resumes one in History."
