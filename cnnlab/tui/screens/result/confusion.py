"""The tab with the confusion matrix; Enter on a cell shows its images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.export.format import one_line, visible
from cnnlab.history.records import EvaluationRecord
from cnnlab.tui.screens.result.facts import Choice, Facts, counted
from cnnlab.tui.screens.result.heat_map import HeatMap
from cnnlab.tui.screens.result.predicted import CellScreen
from cnnlab.tui.screens.result.predictions import PredictedImages, Seen
from cnnlab.tui.screens.result.tab import SplitTab


def cell_words(names: Sequence[str], matrix: Sequence[Sequence[int]], cell: tuple[int, int]) -> str:
    """A cell in words, such as `cat taken for dog: 132 of 1,000 (13.2 %)`."""
    row, column = cell
    true, predicted = one_line(names[row]), one_line(names[column])
    what = f"{true} classified correctly" if row == column else f"{true} taken for {predicted}"
    return f"{what}: {counted(matrix[row][column], sum(matrix[row]))}"


def matrix_of(names: Sequence[str], seen: Iterable[Seen]) -> list[list[int]]:
    """The counts of images by true class (rows) and predicted class."""
    places = {name: place for place, name in enumerate(names)}
    matrix = [[0] * len(names) for _ in names]
    for one in seen:
        matrix[places[one.true]][places[one.predicted]] += 1
    return matrix


class ConfusionTab(SplitTab):
    """The matrix of a split and a checkpoint."""

    BINDINGS = [
        Binding("p", "percent", "Percent", tooltip="Show counts, or percentages of each true class")
    ]

    def __init__(self, facts: Facts, choice: Choice, images: PredictedImages) -> None:
        super().__init__(facts, choice)
        self._images = images
        self._percent = False
        self._names: tuple[str, ...] = ()
        self._matrix: list[list[int]] = []

    def compose(self) -> Iterable[Widget]:
        """What is shown, the matrix, and its cell under the cursor in words."""
        yield Static(classes="heading")
        yield HeatMap()
        yield Static(classes="empty")
        yield Static(classes="details")

    async def fill(self) -> None:
        """Reads the matrix; that of a run which ended before its last evaluation is made anew."""
        found = self.facts.evaluation(self.choice)
        self.query_one(".details", Static).update("")
        if found is not None and found.classes:
            self._read(found)
            self._show()
            return
        if self.choice.checkpoint not in {one.kind for one in self.facts.checkpoints}:
            words = (
                "No confusion matrix: the run ended before its last evaluation,\n"
                f"and there is no {self.choice.checkpoint} checkpoint to classify images with."
            )
            self._say(self.facts.why_nothing(words))
            return
        self._say("Classifying the images, in a process of its own…")
        self._images.ask(
            self,
            self.choice,
            partial(self._later, self.choice),
            partial(self._fail, self.choice),
        )

    def _later(self, choice: Choice, seen: Sequence[Seen]) -> None:
        self.call_later(self._take, choice, seen)

    def _take(self, choice: Choice, seen: Sequence[Seen]) -> None:
        if choice == self.choice:
            self._names = self.facts.class_names or tuple(sorted({one.true for one in seen}))
            self._matrix = matrix_of(self._names, seen)
            self._show()

    def _fail(self, choice: Choice, error: Exception) -> None:
        if choice == self.choice:
            self._say(str(error))

    def _say(self, words: str) -> None:
        """Shows words in place of the matrix; the matrix again if there are none."""
        self.query_one(HeatMap).display = not words
        empty = self.query_one(".empty", Static)
        empty.display = bool(words)
        empty.update(Text(visible(words), justify="center"))
        if words:
            self.query_one(".heading", Static).update("")

    def _read(self, found: EvaluationRecord) -> None:
        self._names = tuple(metrics.name for metrics in found.classes)
        with self.lab.session.reading() as reader:
            self._matrix = reader.confusion(found.id, len(self._names))

    def _show(self) -> None:
        self._say("")
        unit = "; percent" if self._percent else ""
        words = f"{self.facts.in_words(self.choice)}; true classes in rows{unit}"
        self.query_one(".heading", Static).update(Text(words))
        self.query_one(HeatMap).show(self._names, self._matrix, percent=self._percent)

    def action_percent(self) -> None:
        """Shows percentages, or counts again."""
        self._percent = not self._percent
        if self._matrix and self.query_one(HeatMap).display:
            self._show()

    def on_heat_map_moved(self, event: HeatMap.Moved) -> None:
        """Says what the cursor is at."""
        words = cell_words(self._names, self._matrix, (event.true, event.predicted))
        self.query_one(".details", Static).update(Text(words))

    def on_heat_map_opened(self, event: HeatMap.Opened) -> None:
        """Shows the images of a cell, if it has any."""
        cell = (event.true, event.predicted)
        words = cell_words(self._names, self._matrix, cell)
        count = self._matrix[event.true][event.predicted]
        if not count:
            self.notify(words, markup=False)
            return
        if self.choice.later is not None:
            words += "\nThe images of a later evaluation are not shown."
            self.notify(words, markup=False)
            return
        names = (self._names[event.true], self._names[event.predicted])
        screen = CellScreen(self.facts, self.choice, self._images, names, words, count)
        self.app.push_screen(screen)
