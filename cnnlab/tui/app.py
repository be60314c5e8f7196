"""The app: its screens, what works everywhere, and what becomes of errors.

Every screen reads the history; the training thread writes to it; commands go back through it. So
the app itself holds little: the session, and the way between screens.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

from textual.app import App
from textual.binding import Binding
from textual.driver import Driver

from cnnlab.errors import CnnlabError, StorageError
from cnnlab.execution.collection import spare_what_is_loaded
from cnnlab.execution.terminal import TERMINATED, TerminalGuard, on_termination
from cnnlab.export.format import visible
from cnnlab.history.live import live_runs
from cnnlab.home import make_folder, open_log
from cnnlab.tui import navigation
from cnnlab.tui.background import behind
from cnnlab.tui.commands import ActionCommands, bindings_in_order
from cnnlab.tui.driver import SteadyDriver
from cnnlab.tui.exports import Exports
from cnnlab.tui.lost_runs import LostRuns
from cnnlab.tui.session import Session
from cnnlab.tui.settings import MainScreen
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.themes import THEMES
from cnnlab.tui.widgets.dialogs import ChoiceDialog, ConfirmDialog

_REST_SECONDS = 1.0
"""After the first screen is shown until the others are loaded: its keys come first."""
_EXIT_SECONDS = 3.0
"""How long the app may take to end after SIGTERM, once its training has."""
_SAME_ERROR_SECONDS = 5.0
"""An error that comes again within this time is told once."""


class CnnlabApp(Sturdy, App[None]):
    """The screens of one session."""

    TITLE = "cnnlab"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {ActionCommands}
    MODES = {
        "presets": navigation.presets,
        "run": navigation.run,
        "history": navigation.history,
        "data": navigation.data,
    }
    BINDINGS = [
        Binding("1", "show('presets')", "Presets", show=False),
        Binding("2", "show('run')", "Run", show=False),
        Binding("3", "show('history')", "History", show=False),
        Binding("4", "show('data')", "Data", show=False),
        Binding("ctrl+t", "choose_theme", "Theme", show=False),
        Binding("ctrl+p", "command_palette", "All actions", show=False, priority=True),
        Binding(
            "ctrl+x", "stop_exports", "Stop export", show=False, tooltip="Stop what is exported now"
        ),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(
        self, session: Session, driver: type[Driver] | None = None, *, run_id: str = ""
    ) -> None:
        """The app in a session.

        Args:
            driver: how the terminal is drawn on; Textual's own if absent.
            run_id: the run that is shown first; else one that trains now, if there is one.
        """
        super().__init__(driver_class=driver)
        self.session = session
        self.lost_runs = LostRuns(self, session.home)
        self.exports = Exports(self)
        self._first_run = run_id
        self.failures: list[Exception] = []
        """Errors that were no fault of the user."""
        self.terminated = False
        """Whether SIGTERM ended it."""
        self._told = ("", 0.0)
        self.ending = False
        """Whether it puts its screens away, to end."""

    async def _shutdown(self) -> None:
        self.ending = True
        await super()._shutdown()

    async def on_mount(self) -> None:
        """Shows the screen that was shown last."""
        for theme in THEMES:
            self.register_theme(theme)
        known = self.session.settings.theme in self.available_themes
        self.theme = self.session.settings.theme if known else THEMES[0].name
        await self._show_first()
        self.lost_runs.tell(self.session.interrupted)
        self.set_timer(_REST_SECONDS, self._load_screens)

    async def _show_first(self) -> None:
        """What was asked for, what trains now, or the screen that was shown last."""
        if self._first_run:
            # Below it lies a main screen, to which one comes back.
            await self.switch_mode("history")
            with self.session.reading() as reader:
                run = reader.run(self._first_run)
            await navigation.open_run(self, run)
            return
        with suppress(CnnlabError), self.session.reading() as reader:
            if live_runs(reader):
                self.session.settings.screen = "run"
        await self.switch_mode(self.session.settings.screen)

    def _load_screens(self) -> None:
        """Loads the other screens behind the first one, so that they open at once."""
        behind(self, navigation.load_screens, self._ready_screens, self.report)

    def _ready_screens(self, _: None) -> None:
        """Reads the style sheets of all screens in one go, and mounts the history.

        Each sheet would be parsed as its screen opens, with all that were read before.
        """
        if self.ending:
            # A screen that is mounted while the others are put away would be in their way.
            return
        for path in sorted(Path(__file__).parent.glob("screens/*/*.tcss")):
            if not self.stylesheet.has_source(str(path), ""):
                self.stylesheet.read(path)
        self.stylesheet.reparse()
        # Most of the time in which the history opens is that of mounting its widgets, so that too
        # is done behind; Textual has no public way to mount a screen without showing it. Its styles
        # are of these sheets, which need not be parsed again when it is shown.
        self._init_mode("history")
        for screen in self._screen_stacks["history"]:
            screen._css_update_count = self._css_update_count
        spare_what_is_loaded()

    # Ways

    async def show(self, place: MainScreen) -> None:
        """Goes to a main screen, leaving what is open above the one that is shown.

        What the next key opens above it, while it is still being mounted, stays.
        """
        while len(self.screen_stack) > 1 and self.screen_stack[-1].is_modal:
            await self.pop_screen()
        open_before = self._screen_stacks.get(place, [])[1:]
        if self.current_mode != place:
            await self.switch_mode(place)
        while self.screen_stack[-1] in open_before:
            await self.pop_screen()
        self.session.settings.screen = place

    async def action_show(self, place: MainScreen) -> None:
        """Goes to a main screen."""
        await self.show(place)

    async def action_back(self) -> None:
        """Leaves a screen that lies above another."""
        if len(self.screen_stack) > 1:
            await self.pop_screen()

    def action_help(self) -> None:
        """Shows the keys that work now."""
        from cnnlab.tui.screens.help import HelpScreen

        words = str(getattr(self.screen, "HELP", ""))
        self.push_screen(HelpScreen(words, list(bindings_in_order(self.screen))))

    def action_choose_theme(self) -> None:
        """Lets one choose a theme: our own first."""
        own = [theme.name for theme in THEMES]
        others = [name for name in sorted(self.available_themes) if name not in own]
        names = {name: name for name in (*own, *others) if name != "textual-ansi"}
        self.push_screen(ChoiceDialog("Theme", names, self.theme), self._take_theme)

    def _take_theme(self, name: str | None) -> None:
        if name is not None:
            self.theme = name
            self.session.settings.theme = name
            self.session.remember()

    def action_stop_exports(self) -> None:
        """Stops the exports that are under way."""
        self.exports.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers to stop exports while there are some."""
        if action == "stop_exports":
            return self.exports.under_way > 0
        return super().check_action(action, parameters)

    # The end

    async def action_quit(self) -> None:
        """Ends the app; asks first where a run would be stopped by that."""
        queue = self.session.queue
        if isinstance(self.screen, ConfirmDialog):
            return
        if queue.current is None and not queue.waiting:
            self._end_without_exports()
            return
        waiting = len(queue.waiting)
        question = (
            "A run is under way here. Quitting stops it after its step; its checkpoints stay."
        )
        if waiting:
            question += f"\n{waiting} more wait; they stay in the history as queued."
        dialog = ConfirmDialog(question, yes="Stop and quit", no="Stay", dangerous=True)
        self.push_screen(dialog, self._stop_and_end)

    def _end_without_exports(self) -> None:
        """Ends the app; asks first where an export would be stopped by that."""
        if not self.exports.under_way:
            self._end()
            return
        question = "An export is under way. Quitting stops it, and leaves no half of a file."
        dialog = ConfirmDialog(question, yes="Stop and quit", no="Stay", dangerous=True)
        self.push_screen(dialog, lambda stop: self._end() if stop else None)

    def _stop_and_end(self, stop: bool | None) -> None:
        if stop:
            self.session.queue.close()
            self.notify("Stopping after the step under way…", timeout=60)
            self.set_interval(0.1, self._end_when_over)

    def _end_when_over(self) -> None:
        if self.session.queue.join(0):
            self._end()

    def _end(self) -> None:
        self.session.remember()
        self.session.queue.close()
        self.exports.stop()
        self.exit()

    def leave_terminal(self) -> None:
        """Ends the app, as its terminal is gone; called on any thread."""
        if isinstance(self._driver, SteadyDriver):
            self._driver.leave()
        with suppress(RuntimeError):
            self.call_later(self.exit)

    def terminate(self) -> None:
        """Interrupts what trains, then ends the app; called in answer to a signal."""
        if not self.terminated:
            self.terminated = True
            # Not here: this thread may hold what it would wait for.
            threading.Thread(target=self._terminate, name="termination", daemon=True).start()

    def _terminate(self) -> None:
        self.exports.stop()
        self.session.queue.close(interruption="SIGTERM")
        self.session.queue.join()
        with suppress(RuntimeError):
            self.call_later(self.exit)
        # A terminal that takes nothing must not keep the machine from whoever wants it back.
        time.sleep(_EXIT_SECONDS)
        os._exit(TERMINATED)

    # Errors

    def report(self, error: Exception) -> None:
        """Tells an error; one that is no fault of the user goes into a file with its traceback."""
        if isinstance(error, CnnlabError):
            message = str(error)
        else:
            self.failures.append(error)
            message = f"Unexpected {type(error).__name__}: {error}{self._keep_traceback(error)}"
        now = time.monotonic()
        told, at = self._told
        if told != message or now - at > _SAME_ERROR_SECONDS:
            self._told = (message, now)
            self.notify(visible(message), severity="error", markup=False, timeout=12)

    def _keep_traceback(self, error: Exception) -> str:
        """Writes where an error came from; returns the words that say where."""
        path = self.session.home.log
        with suppress(OSError, StorageError):
            make_folder(path.parent)
            with open_log(path) as file:
                traceback.print_exception(error, file=file)
            return f"\nDetails: {path}"
        return ""

    async def run_action(self, *arguments: object, **named: object) -> bool:
        """Performs an action; what it raises is told, and the app goes on."""
        try:
            return await super().run_action(*arguments, **named)  # type: ignore[arg-type]
        except Exception as error:
            self.report(error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Instead of ending the app, as Textual would."""
        self.report(error)


def run_app(session: Session, run_id: str = "") -> int:
    """Runs the app to its end, and what it trains to theirs; returns the exit code.

    A line that drops ends the app alone: what trains, and what waits for it, goes on in this
    process. SIGTERM stops it with a checkpoint, to be resumed.

    Args:
        run_id: the run that is shown first.
    """
    # Threads of a training that wait for each other must not keep the screens from a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    app = CnnlabApp(session, SteadyDriver, run_id=run_id)
    with TerminalGuard(session.home, app.leave_terminal), on_termination(app.terminate):
        try:
            app.run()
        finally:
            session.queue.finish()
    return TERMINATED if app.terminated else app.return_code or 0
