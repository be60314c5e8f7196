"""The progress of a run while it trains: a live display on a terminal, plain lines elsewhere.

The training thread only stores figures here; drawing happens a few times a second in a thread
of Rich's own, so the training never waits for the terminal.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table
from rich.text import Text

from cnnlab.events import (
    CheckpointSaved,
    Command,
    EpochFinished,
    EvaluationFinished,
    Event,
    Intervened,
    Logged,
    RunStarted,
    StepsFinished,
)
from cnnlab.export.format import format_duration, format_figure

REFRESH_PER_SECOND = 5


@dataclass(frozen=True)
class Overall:
    """Where a run stands among the runs that are trained in a row; `done` are over."""

    what: str
    done: int
    total: int


class Display(Protocol):
    """Shows the events of a run; used as a context around it."""

    def __enter__(self) -> Display:
        """Begins to draw."""

    def __exit__(self, *_: object) -> None:
        """Ends drawing."""

    def on_event(self, event: Event) -> None:
        """Takes note of an event; called on the training thread."""

    def say(self, message: str) -> None:
        """Shows a line for the user."""


@dataclass
class Figures:
    """What is known of a run at this moment."""

    epochs: int = 0
    steps_per_epoch: int = 0
    epoch: int = 0
    step: int = 0
    given: int = 0
    images_per_second: float | None = None
    train: tuple[float, float] | None = None
    validation: tuple[float, float] | None = None
    best: tuple[float, int] | None = None
    message: str = ""
    started: float = field(default_factory=time.monotonic)
    paused: float = 0.0

    def take(self, event: Event) -> None:
        """Brings the figures up to date."""
        if isinstance(event, RunStarted):
            self.epochs, self.steps_per_epoch = event.epochs, event.steps_per_epoch
            self.started = time.monotonic()
        elif isinstance(event, StepsFinished):
            if not self.step:
                # A run that goes on from a checkpoint has the steps before it for nothing.
                self.given = event.first_step - 1
            self.epoch = event.epoch
            self.step = event.first_step + len(event.losses) - 1
            self.images_per_second = event.images_per_second
            count = len(event.losses)
            self.train = sum(event.losses) / count, sum(event.accuracies) / count
        elif isinstance(event, EvaluationFinished) and event.checkpoint is None:
            self.validation = event.evaluation.loss, event.evaluation.accuracy
        elif isinstance(event, CheckpointSaved) and event.kind == "best":
            if event.value is not None:
                self.best = event.value, event.epoch
        elif isinstance(event, Logged):
            self.message = event.message
        elif isinstance(event, Intervened):
            self._follow(event.command)

    def _follow(self, command: Command) -> None:
        if command.kind == "add_epochs":
            self.epochs += int(command.value)
        elif command.kind == "pause":
            self.paused = time.monotonic()
        elif command.kind == "continue":
            # The pause counts neither for the pace nor for the time left.
            self.started += time.monotonic() - self.paused

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the pace so far, validations included."""
        if not self.step:
            return None
        pace = (time.monotonic() - self.started) / (self.step - self.given)
        return pace * (self.total_steps - self.step)


class TerminalDisplay:
    """Bars for epochs and steps, speed, time left, losses and accuracies, redrawn in place."""

    def __init__(self, console: Console, title: str, overall: Overall | None = None) -> None:
        self._console = console
        self._title = title
        self._figures = Figures()
        self._lock = threading.Lock()
        self._bars = Progress(
            TextColumn("{task.description}", style="bold"),
            BarColumn(bar_width=None),
            # Widths that fit what usually stands there, so that the bars keep their length.
            TextColumn("{task.fields[count]}", justify="right", table_column=_column(11)),
            TextColumn("{task.fields[rate]}", justify="right", table_column=_column(15)),
            console=console,
            expand=True,
        )
        if overall is not None:
            place = f"{overall.done + 1} / {overall.total}"
            self._bars.add_task(
                overall.what, total=overall.total, completed=overall.done, count=place, rate=""
            )
        self._epochs = self._bars.add_task("epoch", total=1, count="", rate="")
        self._steps = self._bars.add_task("step", total=1, count="", rate="")
        self._live = Live(
            self, console=console, refresh_per_second=REFRESH_PER_SECOND, transient=True
        )

    def __enter__(self) -> TerminalDisplay:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def on_event(self, event: Event) -> None:
        """Takes note of an event."""
        with self._lock:
            self._figures.take(event)
        if isinstance(event, Logged) and event.level != "info":
            self.say(event.message)

    def say(self, message: str) -> None:
        """Prints a line above the display."""
        self._console.print(Text(message))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            figures = self._figures
            self._update_bars(figures)
            status = Text(figures.message, style="dim", overflow="ellipsis", no_wrap=True)
            title = Text(self._title, style="bold")
            parts: list[RenderableType] = [title, self._bars, _losses(figures), status]
        yield Group(*parts)

    def _update_bars(self, figures: Figures) -> None:
        if not figures.epochs:
            return
        per_epoch = figures.steps_per_epoch
        in_epoch = figures.step - max(figures.epoch - 1, 0) * per_epoch
        left = figures.seconds_left
        rate = figures.images_per_second
        self._bars.update(
            self._epochs,
            total=figures.total_steps,
            completed=figures.step,
            count=f"{figures.epoch} / {figures.epochs}",
            rate="" if left is None else f"{format_duration(left)} left",
        )
        self._bars.update(
            self._steps,
            total=per_epoch,
            completed=in_epoch,
            count=f"{in_epoch} / {per_epoch}",
            rate="" if rate is None else f"{rate:,.0f} images/s",
        )


def _column(width: int) -> Column:
    return Column(min_width=width, no_wrap=True)


def _losses(figures: Figures) -> Table:
    """Current loss and accuracy of training and validation."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("loss", justify="right", min_width=8)
    table.add_column("accuracy", justify="right", min_width=8)
    table.add_column("")
    best = figures.best
    remark = "" if best is None else f"best {format_figure(best[0])} in epoch {best[1]}"
    for name, pair, more in (
        ("training", figures.train, ""),
        ("validation", figures.validation, remark),
    ):
        loss, accuracy = map(format_figure, (None, None) if pair is None else pair)
        table.add_row(name, loss, accuracy, Text(more, style="dim"))
    return table


class PlainDisplay:
    """One line for each epoch: for logs, pipes and terminals that cannot redraw."""

    def __init__(self, console: Console, title: str, overall: Overall | None = None) -> None:
        self._console = console
        place = f"{overall.what} {overall.done + 1} of {overall.total}: " if overall else ""
        self._title = place + title
        self._figures = Figures()

    def __enter__(self) -> PlainDisplay:
        self.say(self._title)
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy up."""

    def on_event(self, event: Event) -> None:
        """Prints what is worth a line."""
        self._figures.take(event)
        if isinstance(event, Logged):
            self.say(event.message)
        elif isinstance(event, EpochFinished):
            left = self._figures.seconds_left or 0.0
            epoch = f"epoch {event.epoch}/{self._figures.epochs}"
            self.say(f"{epoch}  {event.in_words()}  {format_duration(left)} left")

    def say(self, message: str) -> None:
        """Prints a line."""
        self._console.print(Text(message), soft_wrap=True)


def make_display(console: Console, title: str, overall: Overall | None = None) -> Display:
    """The live display where the console is a terminal, else plain lines."""
    kind = TerminalDisplay if console.is_terminal else PlainDisplay
    return kind(console, title, overall)
