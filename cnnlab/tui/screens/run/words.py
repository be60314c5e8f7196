"""What the live screen says of a run: its head, what it waits for, how it ended."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from cnnlab.amounts import how_many
from cnnlab.execution.machine import Usage
from cnnlab.execution.queue import RunQueue
from cnnlab.export.format import format_duration, format_figure, one_line
from cnnlab.history.records import RunRecord
from cnnlab.tui.screens.history.columns import SIGNS
from cnnlab.tui.screens.run.state import Watched

_TONES = {"good": "success", "warn": "warning", "bad": "error"}
"""The variables of the theme that tell how a status is meant."""


def head(watched: Watched, colours: Mapping[str, str]) -> Text:
    """Status, name, preset, data set, model and device of a run, in one row.

    Args:
        colours: the variables of the theme.
    """
    run = watched.run
    if run is None:
        return Text()
    sign, tone = SIGNS[watched.state]
    status = "process gone" if watched.gone else run.status
    where = "" if run.device is None else "CPU" if run.device == "cpu" else run.device_name
    parts = (run.preset, run.dataset, run.model, where)
    rest = " · ".join(one_line(part) for part in parts if part)
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{sign} {status}", colours.get(_TONES.get(tone, ""), ""))
    return line.append(f"  {one_line(run.name)}", "bold").append(f"  {rest}", "dim")


def before_it_trains(run: RunRecord, queue: RunQueue) -> str:
    """What a queued run waits for."""
    if run.id == queue.current:
        return queue.activity or "about to begin"
    if run.id in queue.waiting:
        place = queue.waiting.index(run.id) + 1
        return f"waits here as number {place} of {len(queue.waiting)} · r shows the others"
    return f"waits in the queue of process {run.pid} on {one_line(run.host)}"


def gone(run: RunRecord) -> str:
    """What can be done for a run whose process is no more."""
    if run.status == "queued":
        return f"Its process {run.pid} is gone before it began: a trains it here."
    return f"Its process {run.pid} is gone; the History screen (3) resumes it."


def ending(run: RunRecord) -> str:
    """How a run ended, and where its result is."""
    took = f" in {format_duration(run.duration_s)}" if run.duration_s is not None else ""
    epochs = f"{how_many(run.epochs_done, 'epoch')}{took}"
    test = f"test accuracy {format_figure(run.test_accuracy)}" if run.test_accuracy else ""
    reason = one_line(run.message or "") if run.status != "finished" else ""
    parts = [test, epochs, "Enter opens its result", reason]
    return " · ".join(part for part in parts if part)


def usage(found: Usage | None, *, gpu: bool) -> str:
    """`CPU 97 % · 3.1/24.0 GB`."""
    if found is None:
        return ""
    used, total = found.memory_used / 1e9, found.memory_total / 1e9
    return f"{'GPU' if gpu else 'CPU'} {round(found.load * 100):>3} % · {used:.1f}/{total:.1f} GB"
