"""The run that is looked at, as the history tells it now; asked for what is new, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.analysis.curves import RunSeries
from cnnlab.analysis.following import FollowedRun
from cnnlab.history.live import live_runs
from cnnlab.history.origins import has_begun
from cnnlab.history.ownership import LIVE, is_gone
from cnnlab.history.queries import Reader
from cnnlab.history.records import EvaluationRecord, LogRecord, RunRecord


class Watched:
    """A run, its course, its last validations with their classes, and its log.

    Attributes:
        validations: the last one of the validation split, and the one before it.
        gone: whether it should be trained or wait here, but its process is no more.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._followed = FollowedRun(run_id)
        self.validations: Sequence[EvaluationRecord] = ()
        self.log: Sequence[LogRecord] = ()
        self.gone = False

    @property
    def series(self) -> RunSeries | None:
        """Its course; None before the first look."""
        return self._followed.series

    @property
    def run(self) -> RunRecord | None:
        """Its row."""
        return self.series.run if self.series is not None else None

    @property
    def state(self) -> str:
        """Its status, or `gone`; empty before the first look."""
        return "gone" if self.gone else self.run.status if self.run is not None else ""

    @property
    def has_begun(self) -> bool:
        """Whether it was ever trained, here or elsewhere."""
        return self.run is not None and has_begun(self.run)

    @property
    def is_live(self) -> bool:
        """Whether something trains it now, as far as this machine can tell."""
        return self.state in LIVE

    @property
    def is_over(self) -> bool:
        """Whether it has ended, as the history says."""
        return self.state not in (*LIVE, "queued", "gone", "")

    @property
    def step(self) -> int:
        """Its last step that is recorded."""
        if self.series is None:
            return 0
        steps = self.series.steps.step
        return (
            int(steps[-1]) if len(steps) else max((e.step for e in self.series.epochs), default=0)
        )

    def refresh(self, reader: Reader) -> bool:
        """Reads what is new; returns whether its course is.

        Raises:
            ConfigError: the run is gone from the history.
        """
        changed = self._followed.refresh(reader)
        self.log = reader.log(self.run_id)
        if changed:
            self._read_classes(reader)
        self.look_for_process()
        return changed

    def look_for_process(self) -> bool:
        """Asks whether its process is there; returns whether that has changed."""
        before = self.gone
        self.gone = self.run is not None and is_gone(self.run)
        return self.gone != before

    def _read_classes(self, reader: Reader) -> None:
        """The classes of the last two validations, unless they are known."""
        made = self.series.validations if self.series is not None else ()
        if [one.id for one in made[-2:]] == [one.id for one in self.validations]:
            return
        since = made[-2:][0].step if made else 0
        found = reader.validations([self.run_id], since=since)[self.run_id]
        self.validations = [one for one in found if one.split == "validation"][-2:]


def run_to_follow(reader: Reader, next_one: str | None) -> str | None:
    """The newest run that trains, else the one that is about to, else the newest of all.

    Args:
        next_one: the run that this process is about to train.
    """
    live = live_runs(reader)
    if live:
        return live[0].id
    newest = reader.runs(limit=1)
    return next_one or (newest[0].id if newest else None)
