"""Curves that can be zoomed, panned and read: one plot with its own axes.

A drawing costs milliseconds, beside a training too; so it is made only when something that it
shows has changed, once for any number of changes, and only the rows that look different are sent
to the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from cnnlab.analysis.curves import Curve, nearest
from cnnlab.export.curves import SMALLEST, Drawing, Mark, draw_curves
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.themes import curve_colours
from cnnlab.tui.widgets.curve_legend import Label, Room, legend_words
from cnnlab.tui.widgets.curve_view import Places, View

_LEGEND_SHARE = 5
"""One row in so many should be legend."""
_LEGEND_MOST = 2
"""One row in so many may be legend, where else runs had no names; more where values are read."""
_PAN = 0.25
"""Part of a view that it is panned by."""


@dataclass(frozen=True)
class _Shown:
    """What is drawn, whatever the size and the view."""

    curves: Sequence[Curve] = ()
    title: str = ""
    x_label: str = ""
    log: bool = False
    marks: Sequence[Mark] = ()
    groups: Sequence[int] = ()
    labels: Sequence[Label] = ()


class CurvePlot(Sturdy, Widget, can_focus=True):
    """A plot; empty until `show` gives it curves.

    The legend tells the last value of each curve, or that at the cursor. Several plots move
    together where somebody takes `CursorMoved` and `ViewChanged` from one to the others.

    Attributes:
        view: the part of the x axis that is seen; None sees all.
        cursor: the place whose values are read; None has no cursor.
    """

    DEFAULT_CSS = """
    CurvePlot { width: 1fr; height: 1fr; }
    CurvePlot .curve-plot--frame { color: $foreground 55%; }
    CurvePlot .curve-plot--title { color: $foreground; text-style: bold; }
    CurvePlot:focus .curve-plot--title { color: $primary; text-style: bold underline; }
    CurvePlot .curve-plot--legend { color: $foreground; }
    CurvePlot .curve-plot--cursor { color: $accent; }
    """
    COMPONENT_CLASSES = {
        "curve-plot--frame",
        "curve-plot--title",
        "curve-plot--legend",
        "curve-plot--cursor",
    }
    BINDINGS = [
        Binding("left,h", "move(-1)", "Left", show=False, tooltip="Move the cursor left"),
        Binding("right,l", "move(1)", "Right", show=False, tooltip="Move the cursor right"),
        Binding("plus,equals_sign", "zoom(0.5)", "Zoom", key_display="+-", tooltip="Zoom in"),
        Binding("minus", "zoom(2)", "Zoom out", show=False),
        Binding("shift+left,H", "pan(-1)", "Pan left", show=False),
        Binding("shift+right,L", "pan(1)", "Pan right", show=False),
        Binding("home", "move_to_end(0)", "First", show=False, tooltip="Cursor to the start"),
        Binding("end", "move_to_end(-1)", "Last", show=False, tooltip="Cursor to the end"),
        Binding("0", "whole", "Whole", show=False, tooltip="See all again, then no cursor"),
    ]

    view: reactive[View | None] = reactive(None, repaint=False)
    cursor: reactive[float | None] = reactive(None, repaint=False)

    @dataclass
    class CursorMoved(Message):
        """The user moved the cursor, or took it away."""

        plot: CurvePlot
        x: float | None

    @dataclass
    class ViewChanged(Message):
        """The user zoomed or panned."""

        plot: CurvePlot
        view: View | None

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - as all widgets name it
        super().__init__(id=id, classes=classes)
        self._shown = _Shown()
        self._places = Places(())
        self._drawing = Drawing("")
        self._strips: list[Strip] = []
        self._drawn_for: object = None
        self._due = False

    def show(
        self,
        curves: Sequence[Curve],
        *,
        title: str,
        x_label: str = "",
        log: bool = False,
        marks: Sequence[Mark] = (),
        groups: Sequence[int] = (),
        labels: Sequence[Label] = (),
    ) -> None:
        """Draws other curves, or the same ones grown; a view that reached the end follows it.

        Args:
            curves, title, log, marks, groups: as `cnnlab.export.curves.draw_curves` takes them.
            x_label: what the x axis shows; told beside the cursor's place.
            labels: what may be said of the curves of several runs; none for their own labels.
        """
        before = self._places.extent
        self._shown = _Shown(curves, title, x_label, log, marks, groups, labels)
        self._places = Places(curves)
        after = self._places.extent
        if self.view and before and after and self.view[1] >= before[1] < after[1]:
            grown = after[1] - before[1]
            self.set_reactive(CurvePlot.view, (self.view[0] + grown, self.view[1] + grown))
        self._draw_soon()

    # Keys and mouse

    def action_move(self, direction: int) -> None:
        """Moves the cursor by a column; the view goes with it."""
        extent = self._places.extent
        if extent is None:
            return
        low, high = self.view or extent
        if self.cursor is None:
            self._put_cursor(self._places.nearest(low if direction > 0 else high))
            return
        column = (high - low) / max(self._drawing.columns, 1)
        self._put_cursor(self._places.moved(self.cursor, direction * column))

    def action_move_to_end(self, end: int) -> None:
        """Puts the cursor on the first or the last place."""
        if self._places.extent is not None:
            self._put_cursor(self._places.extent[end])

    def action_zoom(self, factor: float) -> None:
        """Makes the view so many times as wide, about the cursor."""
        self._see(self._places.zoomed(self.view, factor, self.cursor))

    def action_pan(self, direction: int) -> None:
        """Moves the view by a part of its width."""
        if self.view is not None:
            low, high = self.view
            by = direction * _PAN * (high - low)
            self._see(self._places.within((low + by, high + by)))

    def action_whole(self) -> None:
        """Sees all again; where all is seen, takes the cursor away."""
        if self.view is not None:
            self._see(None)
        else:
            self._put_cursor(None)

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor there."""
        if self._drawing.text:
            self._put_cursor(self._places.nearest(self._drawing.x_at(event.x)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zooms in about that place."""
        self._zoom_at(event, 0.5)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zooms out about that place."""
        self._zoom_at(event, 2)

    def _zoom_at(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        if self._drawing.text:
            self._see(self._places.zoomed(self.view, factor, self._drawing.x_at(event.x)))

    def _put_cursor(self, x: float | None) -> None:
        if x is not None:
            self._see(self._places.showing(self.view, x))
        if x != self.cursor:
            self.cursor = x
            self.post_message(self.CursorMoved(self, x))

    def _see(self, view: View | None) -> None:
        if view != self.view:
            self.view = view
            self.post_message(self.ViewChanged(self, view))

    # Drawing

    def watch_view(self) -> None:
        """Draws what is seen now."""
        self._draw_soon()

    def watch_cursor(self) -> None:
        """Draws it."""
        self._draw_soon()

    def render_line(self, y: int) -> Strip:
        """A row of the drawing."""
        if self._drawn_for != self._circumstances():
            self._draw()
        return (
            self._strips[y]
            if y < len(self._strips)
            else Strip.blank(self.size.width, self.rich_style)
        )

    def _circumstances(self) -> object:
        """What a drawing depends on beside what is shown."""
        return self.size, self.app.theme, self.app.no_color, self.has_focus, self.rich_style

    def _draw_soon(self) -> None:
        """Draws when all messages of this moment are through."""
        if not self._due and self.is_attached:
            self._due = True
            self.call_next(self.draw_now)

    def draw_now(self) -> None:
        """Draws what has changed; called by itself when the messages of a moment are through."""
        self._due = False
        before = self._strips
        if not self.size or not self.is_on_screen:
            self._drawn_for = None
            return
        self._draw()
        if len(before) != len(self._strips):
            self.refresh()
            return
        width, rows = self.size.width, zip(before, self._strips, strict=True)
        changed = [y for y, (old, new) in enumerate(rows) if old != new]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _draw(self) -> None:
        """Makes the rows for the size and the theme of now."""
        text = self._text()
        width, height = self.size
        style, console = self.rich_style, self.app.console
        self._strips = [
            Strip(line.render(console, end=""))
            .adjust_cell_length(width)
            .crop(0, width)
            .apply_style(style)
            for line in text.split("\n", allow_blank=True)[:height]
        ]
        self._drawn_for = self._circumstances()

    def _text(self) -> Text:
        shown, (width, height) = self._shown, self.size
        self._drawing = Drawing("")
        if width < SMALLEST[0] or height < SMALLEST[1]:
            return Text(f"Too small for curves: needs {SMALLEST[0]}x{SMALLEST[1]}.")
        at = f" at {shown.x_label} {self.cursor:,.6g}" if self.cursor is not None else ""
        title = f"{shown.title}{at}"
        rows = max(height // _LEGEND_SHARE, 2 if len(shown.curves) > 2 else 1)
        reads = self.cursor is not None
        most = height + 1 - SMALLEST[1]
        if not reads:
            most = min(most, height // _LEGEND_MOST - 1)
        words, rows = legend_words(
            title,
            shown.labels or [Label(curve.label) for curve in shown.curves],
            self._values(),
            shown.groups,
            Room(width, rows, max(most, rows)),
            reads=reads,
        )
        self._drawing = draw_curves(
            [replace(curve, label=label) for curve, label in zip(shown.curves, words, strict=True)],
            title=title,
            x_label="",
            width=width,
            height=height,
            colour=not self.app.no_color,
            palette=curve_colours(self.app.theme_variables),
            groups=shown.groups,
            legend_rows=rows,
            log=shown.log,
            view=self.view,
            marks=shown.marks,
            cursor=self.cursor,
        )
        if not self._drawing.text:
            return Text(f"{shown.title}: nothing to draw yet" if shown.title else "")
        return self._styled(Text.from_ansi(self._drawing.text), len(shown.title))

    def _styled(self, text: Text, title: int) -> Text:
        """The drawing in the colours of the theme: behind those of the curves."""
        styles = {
            part: self.get_component_rich_style(f"curve-plot--{part}")
            for part in ("frame", "title", "legend", "cursor")
        }
        # A legend of several rows ends where the frame begins.
        legend = text.plain.rfind("\n", 0, max(text.plain.find("┌"), 0))
        text.stylize_before(styles["legend"], 0, max(legend, 0))
        text.stylize_before(styles["frame"])
        text.stylize(styles["title"], 0, title)
        text.highlight_regex("┃", styles["cursor"])
        return text

    def _values(self) -> list[str]:
        """The value of each curve at the cursor, else its last one; empty where there is none."""
        curves = self._shown.curves
        if self.cursor is not None:
            values = [one.y if one else None for one in nearest(curves, self.cursor)]
        else:
            values = [_last(curve) for curve in curves]
        return ["" if value is None else _figure(value) for value in values]


def _last(curve: Curve) -> float | None:
    """The last value that is one."""
    _, y = curve.points()
    known = np.flatnonzero(np.isfinite(y))
    return float(y[known[-1]]) if len(known) else None


def _figure(value: float) -> str:
    """A value as short as its size lets it be; mostly of one width."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 else f"{value:.3g}"
