"""The pre-flight panel: what the run would take, measured behind the form while it is edited.

It begins half a second after the last change. One line where there is little room, all of it
where there is more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from cnnlab.config.run import RunConfig
from cnnlab.data import library
from cnnlab.errors import CnnlabError
from cnnlab.export.format import format_bytes, format_duration, visible
from cnnlab.export.preflight_words import preflight_words
from cnnlab.history.live import live_runs
from cnnlab.tui.background import behind
from cnnlab.tui.screens.launch.measurement import Measurement
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.keys import SCROLL

_MEASURING = "Measuring on a few batches…"


class PreflightPanel(Sturdy, VerticalScroll):
    """Shows what was found for the config of the form."""

    BINDINGS = [*SCROLL]
    DELAY = 0.5
    """Seconds without a change after which it measures."""

    def __init__(self) -> None:
        super().__init__()
        self._config: RunConfig | None = None
        self._measurement: Measurement | None = None
        self._timer: Timer | None = None
        self._figures: Mapping[str, Any] | None = None
        self._words = ""
        self._beside = ""
        self._failed = False

    def compose(self) -> Any:
        """What is found."""
        yield Static()

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._draw()

    def on_resize(self) -> None:
        """Shows as much as there is room for."""
        self._draw()

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self.cancel()

    def prepare(self, config: RunConfig | None) -> None:
        """Measures a config, unless it is the one that was measured last.

        Args:
            config: None while something is wrong with it.
        """
        if config == self._config and config is not None:
            return
        self.cancel()
        self._config, self._figures, self._failed = config, None, False
        if config is None:
            self._words = "Measured once nothing is wrong."
        else:
            self._words = _MEASURING
            self._timer = self.set_timer(self.DELAY, self._measure)
        self._draw()

    def cancel(self) -> None:
        """Ends what is under way; the next `prepare` begins anew."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._measurement is not None:
            self._measurement.cancel()
            self._measurement = None
        if self._figures is None:
            self._config = None

    def _measure(self) -> None:
        config, home = self._config, self.lab.session.home
        if config is None:
            return
        try:
            library.check_name(home, config.data.name)
        except CnnlabError as error:
            self._tell(f"{error} The Data screen (F8) brings it.")
            return
        with self.lab.session.reading() as reader:
            running = live_runs(reader)
        self._beside = f"measured while {running[0].name} trains" if running else ""
        self._measurement = measurement = Measurement(home, config)

        def done(figures: dict[str, Any] | None) -> None:
            if self._measurement is measurement and figures is not None:
                self._measurement, self._figures = None, figures
                self._draw()

        def failed(error: Exception) -> None:
            if self._measurement is measurement:
                self._measurement = None
                self._tell(str(error))

        behind(self, measurement.figures, done, failed)

    def _tell(self, words: str) -> None:
        """Says why there are no figures; the next check tries again."""
        self._words, self._failed, self._config = words, True, None
        self._draw()

    def _draw(self) -> None:
        if self.is_mounted:
            small = self.size.height <= 1
            self.query_one(Static).update(self._summary() if small else self._whole())

    def _summary(self) -> Text:
        line = Text("Pre-flight  ", "bold", no_wrap=True, overflow="ellipsis")
        if self._figures is None:
            return line.append(self._plain(), "not bold").append("  F4 shows all", "dim not bold")
        found = self._figures
        words = (
            f"{found['parameters']:,} parameters",
            f"{format_duration(found['seconds'])} in all",
            format_bytes(found["memory_bytes"]),
        )
        return line.append(" · ".join(words), "not bold").append("  F4 shows all", "dim not bold")

    def _whole(self) -> Group:
        title = Text("Pre-flight", "bold")
        if self._figures is None:
            return Group(title, Text(visible(self._sign() + self._words)))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        for name, words in preflight_words(self._figures):
            table.add_row(name, Text(visible(words)))
        if self._beside:
            table.add_row("", Text(visible(self._beside), "dim"))
        return Group(title, table)

    def _sign(self) -> str:
        return "✗ " if self._failed else ""

    def _plain(self) -> str:
        return visible(self._sign() + self._words).replace("\n", " ")
