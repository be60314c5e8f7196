"""How far a run is, how fast, and how long it still takes: figures and their words."""

from __future__ import annotations

import statistics
from collections import deque
from datetime import UTC, datetime

from rich.cells import cell_len
from rich.text import Text

from cnnlab.analysis.curves import RunSeries
from cnnlab.export.format import format_duration

_SECONDS = 10.0
"""How far back the speed looks."""
_EPOCHS = 5
"""How many epochs the time of an epoch is taken from."""
_WIDEST_BAR, _LEAST_BAR = 40, 6


class Speed:
    """Steps a second, from the steps seen in the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, step: int, now: float) -> None:
        """Takes the step that was reached at a time of `time.monotonic`."""
        if self._seen and step < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, step))
        while len(self._seen) > 2 and self._seen[1][0] < now - _SECONDS:
            self._seen.popleft()

    def forget(self) -> None:
        """Begins anew: after a pause."""
        self._seen.clear()

    @property
    def steps_per_second(self) -> float | None:
        """None until two steps were seen apart."""
        if not self._seen:
            return None
        (begun, first), (now, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now - begun) if now > begun and last > first else None


def images_per_second(series: RunSeries, speed: Speed) -> float | None:
    """Of training, as seen now; else that of the last epoch."""
    steps = speed.steps_per_second
    if steps is not None:
        return steps * float(series.run.config["training"]["batch_size"])
    return series.epochs[-1].images_per_second if series.epochs else None


def seconds_left(series: RunSeries, step: int, speed: Speed) -> float | None:
    """Until the last step, validations included, at the pace of the last epochs.

    In a first epoch at the speed that is seen, else at that since the start; None where nothing
    tells.
    """
    run = series.run
    if not run.steps_per_epoch or not step:
        return None
    left = run.epochs_planned * run.steps_per_epoch - step
    recent = [one.seconds for one in series.epochs[-_EPOCHS:] if one.seconds is not None]
    if recent:
        return statistics.median(recent) * left / run.steps_per_epoch
    if speed.steps_per_second:
        return left / speed.steps_per_second
    if run.started_at is None:
        return None
    begun = datetime.fromisoformat(run.started_at)
    return (datetime.now(UTC) - begun).total_seconds() / step * left


def progress_line(series: RunSeries, step: int, speed: Speed, width: int) -> Text:
    """A bar, epoch and step, images per second, and the time left, in one row."""
    run = series.run
    per_epoch = run.steps_per_epoch or 1
    total = run.epochs_planned * per_epoch
    epoch = max(-(-step // per_epoch), 1)
    words = [f"epoch {epoch}/{run.epochs_planned}", f"step {step:,}/{total:,}"]
    rate = images_per_second(series, speed) if run.status == "running" else None
    if run.status == "paused":
        words.append("paused")
    elif step >= total:
        words.append("evaluating every split")
    else:
        words.append(f"{rate:,.0f} images/s" if rate else "– images/s")
        left = seconds_left(series, step, speed)
        words.append(f"{format_duration(left)} left" if left is not None else "– left")
    text = " · ".join(words)
    bar = min(max(width - cell_len(text) - 2, _LEAST_BAR), _WIDEST_BAR)
    done = round(bar * min(step / max(total, 1), 1))
    return Text.assemble(("━" * done, "bold"), ("─" * (bar - done), "dim"), "  ", text)
