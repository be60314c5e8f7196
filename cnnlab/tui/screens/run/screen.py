"""The main screen of what trains: one run as it grows, of this process or of another.

It asks twice a second whether the history has changed, reads what is new, and draws what that
changes; curves once a second at most. A screen that nobody sees does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Literal

from rich.text import Text
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.errors import ConfigError
from cnnlab.events import Command
from cnnlab.history import commands
from cnnlab.history.watch import Watch
from cnnlab.tui import navigation
from cnnlab.tui.background import behind
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.run import words
from cnnlab.tui.screens.run.classes import ClassTable
from cnnlab.tui.screens.run.control import Sent, epochs_to_add
from cnnlab.tui.screens.run.log import LogView
from cnnlab.tui.screens.run.progress import Speed, progress_line
from cnnlab.tui.screens.run.runs import RunsDialog
from cnnlab.tui.screens.run.state import Watched, run_to_follow
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.curve_panel import CurvePanel
from cnnlab.tui.widgets.curve_plot import CurvePlot
from cnnlab.tui.widgets.dialogs import ConfirmDialog, TextDialog
from cnnlab.tui.widgets.top_bar import TopBar

LOOK_SECONDS = 1.0
"""Between two looks at the history: a training in this process pays for what they cost."""
CURVE_SECONDS = 2.0
"""Between two drawings of its curves: they cost most of what the screen costs."""
USAGE_SECONDS = 1.0

Part = Literal["curves", "classes", "log"]
_PARTS: dict[Part, tuple[str, str]] = {
    "curves": ("c", "Curves"),
    "classes": ("t", "Classes"),
    "log": ("n", "Log"),
}
_EMPTY = "No runs yet.\n\nPress 1, choose quickstart, press Enter, then Ctrl-R."


class _Tab(Sturdy, Static):
    """One of the parts, to be clicked."""

    def __init__(self, part: Part) -> None:
        key, title = _PARTS[part]
        super().__init__(Text.assemble((f"{key} ", "dim"), title), classes="tab", id=f"tab-{part}")
        self._part = part

    async def on_click(self) -> None:
        """Shows it."""
        await self.lab.run_action(f"screen.show_part('{self._part}')")


class RunScreen(CnnlabScreen):
    """Follows the newest run that trains, until it is told to follow another."""

    PLACE = "run"
    CSS_PATH = "run.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    HELP = (
        "One run as it trains, in this process or another. What you change here is carried out "
        "after the step under way, kept in the history, and marked on the curves."
    )
    BINDINGS = [
        Binding("space", "pause", "Pause", tooltip="Pause the run, or let it go on"),
        Binding("x", "stop", "Stop", tooltip="Stop the run after this step, or its wait"),
        Binding("w", "command('checkpoint')", "Checkpoint", show=False,
                tooltip="Write a checkpoint after this step"),
        Binding("d", "command('scale_lr', 0.5)", "Halve lr", show=False,
                tooltip="Halve the learning rate after this step"),
        Binding("e", "add_epochs", "Epochs", show=False, tooltip="Train more epochs"),
        Binding("a", "adopt", "Train here", tooltip="Train here a run whose process is gone"),
        Binding("r", "runs", "Runs", tooltip="See the runs that train and that wait"),
        Binding("enter,f", "result", "Result", key_display="⏎", tooltip="Open the run's result"),
        Binding("c", "show_part('curves')", "Curves", show=False),
        Binding("t", "show_part('classes')", "Classes", show=False),
        Binding("n", "show_part('log')", "Log", show=False),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._watch: Watch | None = None
        self._watched: Watched | None = None
        self._pinned = False
        self._speed = Speed()
        self._sent: Sent | None = None
        self._curves_drawn = self._usage_read = float("-inf")
        self._curves_due = False
        self._keys: object = None
        self._part: Part = "curves"

    def body(self) -> Iterable[Widget]:
        """Three rows that tell, then curves, classes and log."""
        with Vertical(id="live"):
            yield Static(id="head")
            yield Static(id="progress")
            with Horizontal(id="tabs"):
                yield from map(_Tab, _PARTS)
                yield Static(id="notice")
                yield Static(id="usage")
            with Container(id="parts"):
                with Vertical(id="curves"):
                    yield CurvePanel()
                with Vertical(id="side"):
                    yield ClassTable(id="classes")
                    yield LogView(id="log")
        yield Static(_EMPTY, classes="empty", id="empty")

    def on_mount(self) -> None:
        """Begins to look."""
        self._watch = Watch(self.session.home)
        self.action_show_part("curves")
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_unmount(self) -> None:
        """Gives the connection back."""
        if self._watch is not None:
            self._watch.close()

    def on_screen_resume(self) -> None:
        """Goes to a run that trains now, where the one that was followed by itself has ended."""
        if not self._pinned and (self._watched is None or self._watched.is_over):
            self._choose()
        self._look()

    def place_in_words(self) -> str:
        """The name of the run."""
        run = self._watched.run if self._watched is not None else None
        return run.name if run is not None else ""

    def follow(self, run_id: str) -> None:
        """Shows a run, whatever else trains."""
        self._pinned = True
        self._switch(run_id)
        self._look()

    # Looking

    def _choose(self) -> None:
        """Follows what trains, else what is about to, else the newest run."""
        with self.session.reading() as reader:
            run_id = run_to_follow(reader, self.session.queue.current)
        if run_id is not None and (self._watched is None or run_id != self._watched.run_id):
            self._switch(run_id)

    def _switch(self, run_id: str) -> None:
        if self._watched is not None and self._watched.run_id == run_id:
            return
        self._watched = Watched(run_id)
        self._speed, self._sent = Speed(), None
        self._curves_due = True
        self._curves_drawn = float("-inf")
        self.query_one(CurvePanel).reset_view()
        self._read()

    def _look(self) -> None:
        """Reads and draws what has changed, if anybody sees it."""
        if self._watch is None or not self.is_current:
            return
        if self._watch.changed():
            # Of several that wait, another may have begun.
            if self._watched is None or (not self._pinned and not self._watched.has_begun):
                self._choose()
            self._read()
        elif self._watched is not None:
            self._watched.look_for_process()
        if self._watched is not None and self._watched.gone and self._watched.run is not None:
            self.lab.lost_runs.see([self._watched.run])
        self._draw()

    def _read(self) -> None:
        if self._watched is None:
            return
        try:
            with self.session.reading() as reader:
                changed = self._watched.refresh(reader)
        except ConfigError:
            # The run was deleted; the next look finds another.
            self._watched, self._pinned = None, False
            self._choose()
            return
        self._curves_due = self._curves_due or changed
        if self._watched.state == "running":
            self._speed.see(self._watched.step, time.monotonic())
        else:
            self._speed.forget()

    # Drawing

    def _draw(self) -> None:
        watched = self._watched
        known = watched is not None and watched.run is not None
        live = self.query_one("#live")
        if live.display != known:
            live.display = known
            self.query_one("#empty").display = not known
            self.call_after_refresh(self._focus_part, self._part)
        if watched is None or watched.run is None:
            return
        self.query_one(TopBar).say(watched.run.name)
        self._say("#head", words.head(watched, self.app.theme_variables))
        self._say("#progress", self._progress(watched))
        self._draw_notice(watched)
        self._draw_curves(watched)
        self.query_one(ClassTable).show(watched.validations)
        self.query_one(LogView).show(watched.log)
        keys = (watched.run_id, watched.state, self._waits_here(watched.run_id))
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    def _say(self, where: str, text: Text) -> None:
        """Changes a row if it is another one: what is the same costs nothing."""
        line = self.query_one(where, Static)
        if line.content != text:
            line.update(text)

    def _progress(self, watched: Watched) -> Text:
        run, series = watched.run, watched.series
        if run is None or series is None:
            return Text()
        if watched.gone:
            return Text(words.gone(run), no_wrap=True, overflow="ellipsis")
        if watched.is_over:
            return Text(words.ending(run), no_wrap=True, overflow="ellipsis")
        if run.status == "queued":
            told = words.before_it_trains(run, self.session.queue)
            return Text(told, no_wrap=True, overflow="ellipsis")
        if run.id == self.session.queue.current and (waits_for := self.session.queue.activity):
            return Text(waits_for, no_wrap=True, overflow="ellipsis")
        return progress_line(series, watched.step, self._speed, self.size.width - 2)

    def _draw_notice(self, watched: Watched) -> None:
        """What became of the last command, for a while; and how busy the machine is."""
        now = time.monotonic()
        notice = self._sent.in_words(watched, now) if self._sent is not None else ""
        self._say("#notice", Text(notice, no_wrap=True, overflow="ellipsis"))
        usage = self.query_one("#usage", Static)
        # At 80 columns there is room for one of them beside the tabs.
        usage.display = self.has_class("-wide") or not notice
        if now - self._usage_read >= USAGE_SECONDS:
            self._usage_read = now
            machine = self.session.machine
            found = machine.usage() if watched.is_live else None
            self._say("#usage", Text(words.usage(found, gpu=machine.has_gpu)))

    def _draw_curves(self, watched: Watched) -> None:
        panel, now = self.query_one(CurvePanel), time.monotonic()
        if not self._curves_due or not self.query_one("#curves").display:
            return
        if watched.is_live and now - self._curves_drawn < CURVE_SECONDS:
            return
        self._curves_due, self._curves_drawn = False, now
        if watched.series is not None:
            panel.show_runs([watched.series])

    def action_show_part(self, part: Part) -> None:
        """Shows the curves, the classes or the log; where all are shown, goes there."""
        self._part = part
        for one in _PARTS:
            self.set_class(one == part, f"-{one}")
            self.query_one(f"#tab-{one}").set_class(one == part, "-here")
        self.call_after_refresh(self._focus_part, part)

    def _focus_part(self, part: Part) -> None:
        if part == "curves":
            shown = [plot for plot in self.query(CurvePlot) if plot.display]
            shown[0].focus()
            self._curves_due = True
            self._look()
        else:
            self.query_one(f"#{part}").focus()

    # Changing the course

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does something for this run now."""
        watched = self._watched
        if action in ("pause", "command", "add_epochs"):
            return watched is not None and watched.is_live
        if action == "stop":
            return watched is not None and (watched.is_live or self._waits_here(watched.run_id))
        if action == "adopt":
            return watched is not None and watched.gone and self._status() == "queued"
        if action == "result":
            return watched is not None and watched.is_over
        return True

    def _status(self) -> str:
        run = self._watched.run if self._watched is not None else None
        return run.status if run is not None else ""

    def _waits_here(self, run_id: str) -> bool:
        queue = self.session.queue
        return run_id in queue.waiting or (run_id == queue.current and self._status() == "queued")

    def action_pause(self) -> None:
        """Pauses the run, or lets it go on."""
        self._send(Command("continue" if self._status() == "paused" else "pause"))

    def action_command(self, kind: Literal["checkpoint", "scale_lr"], value: float = 0.0) -> None:
        """Sends a command that needs no question."""
        self._send(Command(kind, value))

    def action_stop(self) -> None:
        """Stops the run, or its wait, once that is sure."""
        if self._watched is None or self._watched.run is None:
            return
        run = self._watched.run
        if not self._watched.is_live:
            self._behind(lambda: self.session.queue.withdraw(run.id))
            return
        question = (
            f"Stop {run.name} after the step under way?\n"
            "A checkpoint is written; the run can be resumed from it."
        )
        dialog = ConfirmDialog(question, yes="Stop", no="Go on", dangerous=True)
        self.app.push_screen(dialog, lambda stop: self._send(Command("stop")) if stop else None)

    def action_add_epochs(self) -> None:
        """Asks how many more epochs to train."""

        def take(text: str | None) -> None:
            if text:
                self._send(Command("add_epochs", epochs_to_add(text)))

        self.app.push_screen(TextDialog("Train how many more epochs?", check=epochs_to_add), take)

    def action_adopt(self) -> None:
        """Trains here a run that was queued by a process that is gone."""
        if self._watched is not None:
            run_id = self._watched.run_id
            self._behind(lambda: self.session.queue.adopt(run_id))

    def action_runs(self) -> None:
        """Lists the runs that train and that wait."""
        chosen = self._watched.run_id if self._watched is not None else None
        self.app.push_screen(
            RunsDialog(chosen), lambda run_id: self.follow(run_id) if run_id else None
        )

    async def action_result(self) -> None:
        """Opens what the run came to."""
        if self._watched is not None and self._watched.run is not None:
            await navigation.open_run(self.lab, self._watched.run)

    def _send(self, command: Command) -> None:
        watched, home = self._watched, self.session.home
        if watched is None or watched.run is None:
            return
        run, sent = watched.run, Sent.to(watched, command)

        def told(_: int) -> None:
            self._sent = sent
            self._look()

        behind(self, lambda: commands.send(home, run, command), told, self.lab.report)

    def _behind(self, change: Callable[[], None]) -> None:
        behind(self, change, lambda _: self._look(), self.lab.report)
