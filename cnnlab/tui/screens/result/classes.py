"""The tab with the figures of each class, and how they came about over the epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.bar import Bar
from rich.console import RenderableType
from rich.text import Text
from textual.binding import Binding
from textual.renderables.sparkline import Sparkline
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.analysis.curves import Curve
from cnnlab.events import ClassMetrics
from cnnlab.export.format import format_figure, one_line
from cnnlab.export.run_words import place_words
from cnnlab.history.records import EvaluationRecord
from cnnlab.tui.background import behind
from cnnlab.tui.screens.result.facts import Choice, Facts
from cnnlab.tui.screens.result.tab import SplitTab
from cnnlab.tui.widgets.curve_plot import CurvePlot
from cnnlab.tui.widgets.table import Table

_FIGURES: dict[str, Callable[[ClassMetrics], float]] = {
    "precision": lambda metrics: metrics.precision,
    "recall": lambda metrics: metrics.recall,
    "F1": lambda metrics: metrics.f1,
}
_MEAN = "macro average"
_LONGEST_NAME = 16
_BAR, _WIDE_BAR, _COURSE = 6, 15, 10
"""Columns of a bar, of one where there is room, and of the course beside the shorter ones."""
_FIGURE = 7
_WIDE = 120
"""Columns from which there is room."""
_TALL = 32
"""Rows from which the plot of a class is shown without being asked for."""


def _count(text: str) -> str:
    """A number of images, or its heading, in its column."""
    return f"{text:>6}  "


class ClassesTab(SplitTab):
    """Precision, recall and F1 of each class."""

    BINDINGS = [
        Binding("o", "over_epochs", "Over epochs", tooltip="Plot the class over the epochs")
    ]

    def __init__(self, facts: Facts, choice: Choice) -> None:
        super().__init__(facts, choice)
        self._found: EvaluationRecord | None = None
        self._course: Sequence[EvaluationRecord] | None = None
        self._plotted: bool | None = None

    def compose(self) -> Iterable[Widget]:
        """What is shown, the table, and the plot of the class under the cursor."""
        yield Static(classes="heading")
        yield Table(cursor_type="row", cell_padding=0)
        yield Static(classes="empty")
        yield CurvePlot()

    async def fill(self) -> None:
        """Shows what is known, and reads the validations on the way behind."""
        if self._course is None:
            behind(self, self._read_course, self._take_course, self.lab.report)
        self._show()

    def _read_course(self) -> list[EvaluationRecord]:
        run_id = self.facts.run.id
        with self.lab.session.reading() as reader:
            return reader.validations([run_id])[run_id]

    def _take_course(self, course: list[EvaluationRecord]) -> None:
        self._course = course
        self._show()

    def on_resize(self) -> None:
        """Fills the new size."""
        if self.filled:
            self._show()

    # What is shown

    def _show(self) -> None:
        self._found = self.facts.evaluation(self.choice)
        words = self.facts.in_words(self.choice)
        if self._found is None and self.choice.split == "validation" and self._course:
            self._found = self._course[-1]
            place = place_words(self.facts.run, self._found.epoch, self._found.step)
            words = f"validation images, after {place}: the last validation"
        found = self._found
        table = self.query_one(Table)
        table.display = found is not None
        self.query_one(".empty").display = found is None
        if found is None:
            self._tell_absence()
        else:
            accuracy = format_figure(found.accuracy)
            heading = Text(f"{words}; accuracy {accuracy}", no_wrap=True, overflow="ellipsis")
            self.query_one(".heading", Static).update(heading)
            self._fill_table(table, found)
        self._show_plot()

    def _tell_absence(self) -> None:
        facts = self.facts
        # Of curves alone there is neither a checkpoint nor an evaluation to choose another of.
        known = facts.checkpoints or facts.evaluations or facts.later or self._course
        heading = facts.in_words(self.choice) if known else ""
        self.query_one(".heading", Static).update(Text(heading))
        words = (
            "No figures: the run ended before its last evaluation.\n"
            "Press s for the validation images, whose last validation is shown."
        )
        self.query_one(".empty", Static).update(facts.why_nothing(words))

    def _fill_table(self, table: Table, found: EvaluationRecord) -> None:
        cursor = table.cursor_row
        table.clear(columns=True)
        bar = _WIDE_BAR if self.size.width >= _WIDE else _BAR
        names = (one_line(metrics.name) for metrics in found.classes)
        longest = max((Text(name).cell_len for name in names), default=0)
        table.add_column("class", width=min(max(longest, len(_MEAN)), _LONGEST_NAME) + 1)
        for name in _FIGURES:
            # A long name goes on above the bar.
            table.add_column(name[:_FIGURE], width=_FIGURE)
            table.add_column(name[_FIGURE:], width=bar + 2)
        table.add_column(Text(_count("images")), width=len(_count("")))
        course = self._by_class() if self.choice.later is None else {}
        if course:
            table.add_column("F1, epochs", width=_COURSE * bar // _BAR)
        for metrics in found.classes:
            table.add_row(*self._row(metrics, bar, course.get(metrics.name) if course else None))
        table.add_row(*self._mean_row(found, bar))
        table.move_cursor(row=cursor, animate=False)

    def _row(self, metrics: ClassMetrics, bar: int, course: Sequence[float] | None) -> list[Text]:
        name = Text(one_line(metrics.name), no_wrap=True, overflow="ellipsis")
        row: list[Text] = [name]
        for figure in _FIGURES.values():
            value = figure(metrics)
            row.append(Text(format_figure(value)))
            row.append(self._bar(value, bar))
        row.append(Text(_count(f"{metrics.support:,}")))
        if course:
            row.append(self._course_line(course, _COURSE * bar // _BAR))
        return row

    def _mean_row(self, found: EvaluationRecord, bar: int) -> list[Text]:
        row: list[Text] = [Text(_MEAN, style="bold")]
        for value in (found.precision_macro, found.recall_macro, found.f1_macro):
            row.append(Text(format_figure(value), style="bold"))
            row.append(self._bar(value, bar))
        # Of an imported evaluation the classes may not be known.
        images = f"{sum(one.support for one in found.classes):,}" if found.classes else "–"
        row.append(Text(_count(images), style="bold"))
        return row

    def _bar(self, share: float, width: int) -> Text:
        """A bar without a background of its own, so that the row's shows."""
        return self._characters(Bar(1.0, 0.0, share, width=width), "primary")

    def _course_line(self, course: Sequence[float], width: int) -> Text:
        return self._characters(Sparkline(course, width=width), "secondary")

    def _characters(self, drawn: RenderableType, colour: str) -> Text:
        text = "".join(segment.text for segment in self.app.console.render(drawn))
        return Text(text.rstrip(), style=self.app.theme_variables[colour])

    def _by_class(self) -> dict[str, list[float]]:
        """F1 of each class in the validations on the way; nothing where there is no course."""
        course = self._course or ()
        if len(course) < 2:
            return {}
        return {
            metrics.name: [one.classes[place].f1 for one in course]
            for place, metrics in enumerate(course[0].classes)
        }

    # Over the epochs

    def action_over_epochs(self) -> None:
        """Shows the plot of the class under the cursor, or takes it away."""
        self._plotted = not self.query_one(CurvePlot).display
        self._show_plot()

    def _show_plot(self) -> None:
        plot, course = self.query_one(CurvePlot), self._course or ()
        wanted = self.size.height >= _TALL if self._plotted is None else self._plotted
        plot.display = wanted and self._found is not None and len(course) > 1
        self.set_class(plot.display, "-plotted")
        if plot.display:
            self._draw(plot, course)

    def _draw(self, plot: CurvePlot, course: Sequence[EvaluationRecord]) -> None:
        place = self.query_one(Table).cursor_row
        names = [metrics.name for metrics in course[0].classes]
        steps = self.facts.run.steps_per_epoch
        x = [one.step / steps if steps else one.step for one in course]
        if place < len(names):
            curves = [
                Curve(name, x, [figure(one.classes[place]) for one in course])
                for name, figure in _FIGURES.items()
            ]
        else:
            curves = [
                Curve("precision", x, [one.precision_macro for one in course]),
                Curve("recall", x, [one.recall_macro for one in course]),
                Curve("F1", x, [one.f1_macro for one in course]),
            ]
        title = one_line(names[place]) if place < len(names) else _MEAN
        plot.show(curves, title=f"{title}, validation", x_label="epoch" if steps else "step")

    def on_data_table_row_highlighted(self) -> None:
        """Plots the class under the cursor."""
        plot = self.query_one(CurvePlot)
        if plot.display and self._course:
            self._draw(plot, self._course)
