"""The curves of one run or of several: plots of loss, accuracy and learning rate, moving together.

How they are drawn is remembered (`cnnlab.tui.settings.CurveView`) and the same on every screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widgets import Static

from cnnlab.analysis.curves import Curve, RunSeries, read_series
from cnnlab.analysis.quantities import BYS, QUANTITIES, By, Quantity
from cnnlab.export.format import format_figure, one_line
from cnnlab.export.interventions import marks, marks_in_words
from cnnlab.export.run_plots import smoothed_training
from cnnlab.history.origins import counts_epochs_alone, has_begun
from cnnlab.tui.background import behind
from cnnlab.tui.settings import CurveView
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.curve_legend import Label
from cnnlab.tui.widgets.curve_plot import CurvePlot
from cnnlab.tui.widgets.curve_view import View
from cnnlab.tui.widgets.dialogs import ChecklistDialog

SMOOTHINGS = (0.0, 0.3, 0.6, 0.9, 0.97, 0.99)
_SMOOTHED = "~"
"""The sign of curves and values that are smoothed."""
MOST_LAID_OVER = 7
"""More curves than that cannot be told apart."""
_RECENT = 40
"""Runs to choose from."""

_TITLES: dict[Quantity, str] = {"loss": "loss", "accuracy": "accuracy", "lr": "learning rate"}
_PLACES = {"step": "step", "epoch": "epoch", "time": "second"}
_SMOOTHED_QUANTITIES: tuple[Quantity, ...] = ("loss", "accuracy")
_LEAST_ROWS = 7
_ROWS_OF_SEVERAL = 8
_ROWS, _COLUMNS = 10, 36
"""What a plot should have at least, if another arrangement gives it that."""


class CurvePanel(Sturdy, Vertical):
    """Plots of runs, with the keys that change how they are drawn.

    Args:
        overlays: whether the user may lay other runs over.
    """

    DEFAULT_CSS = """
    CurvePanel { width: 1fr; height: 1fr; }
    CurvePanel .plots { layout: vertical; height: 1fr; width: 1fr; }
    CurvePanel .plots.-beside { layout: horizontal; }
    CurvePanel .view { height: auto; max-height: 2; width: 1fr; color: $text-muted; }
    """
    BINDINGS = [
        Binding("b", "next_axis", "X axis", tooltip="Draw by step, by epoch or by time"),
        Binding("s", "smooth(1)", "Smooth", tooltip="Smooth the training curves more"),
        Binding("S", "smooth(-1)", "Less", show=False, tooltip="Smooth the training curves less"),
        Binding(
            "y",
            "toggle_log",
            "Log",
            show=False,
            tooltip="Loss and learning rate on a logarithmic axis",
        ),
        Binding("v", "next_plots", "Plots", tooltip="Choose loss, accuracy, learning rate or all"),
        Binding("p", "next_parts", "Parts", show=False, tooltip="Training, validation or both"),
        Binding(
            "o", "lay_over", "Overlay", show=False, tooltip="Lay the curves of other runs over"
        ),
    ]

    def __init__(self, *, overlays: bool = True) -> None:
        super().__init__()
        self._runs: list[tuple[RunSeries, str]] = []
        self._laid_over: list[tuple[RunSeries, str]] = []
        self._overlays = overlays
        self._can_smooth = self._can_turn = True
        self._drawn_by: By | None = None

    def compose(self) -> ComposeResult:
        """A plot for each quantity, and a line that says how they are drawn."""
        with Container(classes="plots"):
            for quantity in QUANTITIES:
                yield CurvePlot(id=f"plot-{quantity}")
        yield Static("", classes="view")

    def on_mount(self) -> None:
        """Shows the plots that were shown last."""
        self._draw()

    def on_resize(self) -> None:
        """Puts the plots where they have most room."""
        self._arrange()

    def show_runs(self, series: Sequence[RunSeries], labels: Sequence[str] = ()) -> None:
        """Draws runs, or the same ones grown; what is laid over stays.

        Args:
            labels: of the runs, in a legend of several; their names if there are none.
        """
        names = labels or [one.run.name for one in series]
        self._runs = list(zip(series, map(one_line, names), strict=True))
        shown = {one.run.id for one in series}
        self._laid_over = [one for one in self._laid_over if one[0].run.id not in shown]
        self._draw()

    def reset_view(self) -> None:
        """Sees all, without a cursor: for other runs than before."""
        for plot in self._plots():
            plot.view = plot.cursor = None

    # Keys

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does something here."""
        if action == "lay_over":
            return self._overlays
        if action == "next_parts":
            return len(self._drawn) > 1
        if action == "next_axis":
            return self._can_turn
        if action == "smooth":
            return self._can_smooth
        return True

    def action_next_axis(self) -> None:
        """Draws against steps, then epochs, then seconds, as far as they are known."""
        axes = self._axes
        self._look.by = axes[(axes.index(self._by) + 1) % len(axes)]
        self._change()

    def action_smooth(self, direction: int) -> None:
        """Gives the past of the training curves another weight."""
        at = min(range(len(SMOOTHINGS)), key=lambda i: abs(SMOOTHINGS[i] - self._look.smoothing))
        self._look.smoothing = SMOOTHINGS[min(max(at + direction, 0), len(SMOOTHINGS) - 1)]
        self._change()

    def action_toggle_log(self) -> None:
        """Changes between a linear and a logarithmic axis."""
        self._look.log = not self._look.log
        self._change()

    def action_next_plots(self) -> None:
        """Shows other quantities."""
        choices = get_args(CurveView.model_fields["plots"].annotation)
        self._look.plots = choices[(choices.index(self._look.plots) + 1) % len(choices)]
        self._change()
        if self.has_focus_within or self.screen.focused is None:
            self._plots()[QUANTITIES.index(self._wanted()[0])].focus()

    def action_next_parts(self) -> None:
        """Of several runs, shows training, validation or both."""
        choices = get_args(CurveView.model_fields["parts"].annotation)
        self._look.parts = choices[(choices.index(self._look.parts) + 1) % len(choices)]
        self._change()

    def action_lay_over(self) -> None:
        """Asks which other runs to draw too."""
        shown = {series.run.id for series, _ in self._runs}
        with self.lab.session.reading() as reader:
            recent = reader.runs(limit=_RECENT + len(shown))
        choices = {
            run.id: f"{one_line(run.name)}  {run.status}  {format_figure(run.test_accuracy)}"
            for run in recent
            if run.id not in shown and has_begun(run)
        }
        if not choices:
            self.app.notify("There are no other runs to lay over yet.")
            return
        chosen = [series.run.id for series, _ in self._laid_over]
        dialog = ChecklistDialog(f"Lay over (up to {MOST_LAID_OVER})", choices, chosen)
        self.app.push_screen(dialog, self._take_runs)

    def _take_runs(self, run_ids: tuple[str, ...] | None) -> None:
        if run_ids is None:
            return
        if len(run_ids) > MOST_LAID_OVER:
            self.app.notify(f"Only the first {MOST_LAID_OVER} are laid over.", severity="warning")
        session = self.lab.session

        def read() -> list[RunSeries]:
            with session.reading() as reader:
                return [read_series(reader, run_id) for run_id in run_ids[:MOST_LAID_OVER]]

        behind(self, read, self._lay_over, self.lab.report)

    def _lay_over(self, series: list[RunSeries]) -> None:
        self._laid_over = [(one, one_line(one.run.name)) for one in series]
        self._draw()

    # Plots that move together

    def on_curve_plot_cursor_moved(self, event: CurvePlot.CursorMoved) -> None:
        """Reads the same place in the other plots."""
        event.stop()
        for plot in self._plots():
            if plot is not event.plot:
                plot.cursor = event.x

    def on_curve_plot_view_changed(self, event: CurvePlot.ViewChanged) -> None:
        """Shows the same part in the other plots."""
        event.stop()
        for plot in self._plots():
            if plot is not event.plot:
                plot.view = event.view
        self._say(event.view)

    # Drawing

    @property
    def _look(self) -> CurveView:
        return self.lab.session.settings.curves

    @property
    def _drawn(self) -> list[tuple[RunSeries, str]]:
        """All runs that are drawn, with their names."""
        return [*self._runs, *self._laid_over]

    @property
    def _axes(self) -> list[By]:
        """What all these runs can be drawn against: imported ones may lack steps or times."""
        runs = [series for series, _ in self._drawn]
        known: dict[By, bool] = {
            "step": not any(counts_epochs_alone(one.run) for one in runs),
            "epoch": True,
            "time": all(one.is_timed for one in runs),
        }
        return [by for by in BYS if known[by]]

    @property
    def _by(self) -> By:
        """What is drawn against: epochs instead of what is not known of a run."""
        return self._look.by if self._look.by in self._axes else "epoch"

    def _change(self) -> None:
        self.lab.session.remember()
        self._draw()

    def _plots(self) -> list[CurvePlot]:
        return [self.query_one(f"#plot-{quantity}", CurvePlot) for quantity in QUANTITIES]

    def _wanted(self) -> list[Quantity]:
        return [quantity for quantity in QUANTITIES if quantity in self._look.plots.split()]

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self._offer_keys()
        look, by, wanted = self._look, self._by, self._wanted()
        if by != self._drawn_by:
            # Zoom and cursor are places on the axis that was drawn before.
            self._drawn_by = by
            self.reset_view()
        by_hand = [mark for series, _ in self._runs for mark in marks(series, by)]
        for quantity, plot in zip(QUANTITIES, self._plots(), strict=True):
            plot.display = quantity in wanted
            if plot.display:
                curves, groups, labels = self._curves(quantity)
                plot.show(
                    curves,
                    title=_TITLES[quantity],
                    x_label=_PLACES[by],
                    log=look.log and quantity != "accuracy",
                    marks=by_hand,
                    groups=groups,
                    labels=labels,
                )
        self._arrange()
        self._say(self._plots()[0].view)

    def _offer_keys(self) -> None:
        """Has the keys that do something.

        What is smoothed are steps: the few values of epochs are as told.
        """
        drawn = self._drawn
        smooth = not drawn or any(
            one.has_steps(quantity) for one, _ in drawn for quantity in _SMOOTHED_QUANTITIES
        )
        turn = len(self._axes) > 1
        if (smooth, turn) != (self._can_smooth, self._can_turn):
            self._can_smooth, self._can_turn = smooth, turn
            self.refresh_bindings()

    def _curves(self, quantity: Quantity) -> tuple[list[Curve], list[int], list[Label]]:
        """The curves of all runs; of several the number of each one's run, and its label."""
        runs = self._drawn
        several = len(runs) > 1
        curves, groups, labels = [], [], []
        for number, (series, name) in enumerate(runs):
            for curve, label in self._curves_of(series, name if several else "", quantity):
                curves.append(curve)
                groups.append(number)
                labels.append(label)
        return (curves, groups, labels) if several else (curves, [], [])

    def _curves_of(
        self, series: RunSeries, name: str, quantity: Quantity
    ) -> Iterator[tuple[Curve, Label]]:
        """The curves of a run that are drawn, each with what may be said of it.

        Args:
            name: of the run, where there are several; its validation has none where short, as it
                follows the training.
        """
        parts = self._look.parts if name else "both"
        by_step = quantity in _SMOOTHED_QUANTITIES and series.has_steps(quantity)
        weight = self._look.smoothing if by_step else 0.0
        is_first = True
        for curve in smoothed_training(series.curves(quantity, self._by), weight):
            part = curve.label if quantity != "lr" else ""
            if part and parts not in ("both", part):
                continue
            told = part if parts == "both" else ""
            sign = _SMOOTHED if weight and part == "training" else ""
            whole = _joined(name, told, sign)
            rest = _joined(told if part == "validation" else "", sign)
            yield (
                replace(curve, label=whole),
                Label(whole, name, rest) if is_first else Label(whole),
            )
            is_first = False

    def _arrange(self) -> None:
        """Plots beside each other where they would be too low above each other."""
        width, height = self.size
        count = len(self._wanted())
        across, down = width // count, height // count
        # Several runs have names in their legends, which want the whole width.
        several = len(self._drawn) > 1
        low = down < (_ROWS_OF_SEVERAL if several else _ROWS) and across >= _COLUMNS
        beside = low or down < _LEAST_ROWS or width >= height * 5 * count
        self.query_one(".plots").set_class(beside, "-beside")

    def _say(self, view: View | None) -> None:
        """Tells how the curves are drawn, and what the marks mean."""
        look, by = self._look, self._by
        drawn = look.parts if len(self._drawn) > 1 and look.plots != "lr" else ""
        smooth = self._can_smooth and look.plots != "lr" and drawn != "validation"
        weight = look.smoothing if smooth else 0.0
        parts = [
            f"by {by}",
            f"{_SMOOTHED} smoothed by {weight:g}" if weight else "not smoothed",
            "log" if look.log else "",
            "training, then validation" if drawn == "both" else drawn,
            f"{_PLACES[by]} {view[0]:,.4g} to {view[1]:,.4g}" if view else "",
            marks_in_words(one for series, _ in self._runs for one in series.interventions),
        ]
        words = " · ".join(part for part in parts if part)
        line = self.query_one(".view", Static)
        if str(line.content) != words:
            line.update(Text(words))


def _joined(*words: str) -> str:
    """What is there of some words, with blanks between."""
    return " ".join(word for word in words if word)
