"""Images with what the model says of them: the worst mistakes, and those of one cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.export.format import format_figure, one_line, visible
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.result.facts import Choice, Facts, counted
from cnnlab.tui.screens.result.predictions import PredictedImages, Seen
from cnnlab.tui.screens.result.tab import SplitTab
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.gallery import Gallery, Shot

if TYPE_CHECKING:
    from cnnlab.export.pictures import Bytes

_WAITING = "Classifying the {split} images again, in a process of its own…"


class PredictedGallery(Sturdy, Vertical):
    """Some of the images of a split as pictures, the most confident answers first.

    Args:
        wanted: which of them.
        headed: the words above, from the numbers of those and of all images.
        named: whether the classes stand below each picture.
    """

    def __init__(
        self,
        facts: Facts,
        images: PredictedImages,
        wanted: Callable[[Seen], bool],
        headed: Callable[[int, int], str],
        *,
        named: bool = True,
    ) -> None:
        super().__init__()
        self._facts = facts
        self._images = images
        self._wanted = wanted
        self._headed = headed
        self._named = named
        self._choice = Choice()

    def compose(self) -> Iterable[Widget]:
        """Words, the pictures or why there are none, and what the cursor is at."""
        yield Static(classes="heading")
        yield Gallery()
        yield Static(classes="empty")
        yield Static(classes="details")

    def ask(self, choice: Choice) -> None:
        """Shows the images of another split or checkpoint, as soon as they are known."""
        self._choice = choice
        self.query_one(".heading", Static).update("")
        self.query_one(".details", Static).update("")
        self.say(_WAITING.format(split=choice.split))
        self._images.ask(
            self,
            choice,
            partial(self._later, choice),
            lambda error: self._fail(choice, error),
        )

    def _later(self, choice: Choice, seen: Sequence[Seen]) -> None:
        self.call_later(self._take, choice, seen)

    def say(self, words: str) -> None:
        """Shows words in place of pictures; the pictures again if there are none."""
        self.query_one(Gallery).display = not words
        empty = self.query_one(".empty", Static)
        empty.display = bool(words)
        empty.update(Text(visible(words), justify="center"))

    def _fail(self, choice: Choice, error: Exception) -> None:
        if choice == self._choice:
            self.say(str(error))

    async def _take(self, choice: Choice, seen: Sequence[Seen]) -> None:
        if choice != self._choice:
            return
        chosen = [one for one in seen if self._wanted(one)]
        self.query_one(".heading", Static).update(Text(self._headed(len(chosen), len(seen))))
        self.say("" if chosen else "There are none.")
        gallery = self.query_one(Gallery)
        await gallery.show(self._shots(chosen), self._fetch(choice))
        if self.screen.focused is None or self.screen.focused in self.ancestors:
            gallery.focus()

    def _shots(self, chosen: Iterable[Seen]) -> list[Shot]:
        return [_shot(one, self._choice, named=self._named) for one in chosen]

    def _fetch(self, choice: Choice) -> Callable[[Sequence[int]], Sequence[Bytes]]:
        home, dataset = self.lab.session.home, self._facts.run.dataset

        def fetch(indices: Sequence[int]) -> Sequence[Bytes]:
            from cnnlab.data import store

            return list(store.pick(store.dataset_path(home, dataset), choice.split, indices))

        return fetch

    def on_gallery_moved(self, event: Gallery.Moved) -> None:
        """Says what the cursor is at."""
        words = "" if event.shot is None else f"{event.position:,}. {event.shot.words}"
        self.query_one(".details", Static).update(Text(one_line(words)))


def _shot(seen: Seen, choice: Choice, *, named: bool) -> Shot:
    wrong = seen.true != seen.predicted
    short = f"{seen.true}→{seen.predicted}" if wrong else seen.true
    words = f"{seen.true}, taken for {seen.predicted}" if wrong else f"{seen.true}, classified so"
    place = f"{'test' if choice.split == 'test' else 'training'} image {seen.index:,}"
    return Shot(
        seen.index,
        f"{format_figure(seen.confidence, 3)} {short if named else ''}",
        f"{words} with confidence {format_figure(seen.confidence)} ({place})",
    )


class MistakesTab(SplitTab):
    """The images that are classified wrongly."""

    def __init__(self, facts: Facts, choice: Choice, images: PredictedImages) -> None:
        super().__init__(facts, choice.of_the_run())
        self._images = images

    def compose(self) -> Iterable[Widget]:
        """The gallery."""
        yield PredictedGallery(
            self.facts, self._images, lambda seen: seen.true != seen.predicted, self._headed
        )

    def _headed(self, count: int, images: int) -> str:
        where = f"{self.choice.split} images, {self.choice.checkpoint} checkpoint"
        return f"{where}: {counted(count, images)} wrong, the surest first"

    async def fill(self) -> None:
        """Asks for the images of the run itself."""
        gallery = self.query_one(PredictedGallery)
        nothing = self.facts.why_nothing("")
        if nothing:
            gallery.say(nothing)
        else:
            gallery.ask(self.choice)

    async def take(self, choice: Choice) -> None:
        """Shows the images of the run itself: those of later evaluations are not known."""
        await super().take(choice.of_the_run())


class CellScreen(CnnlabScreen):
    """The images of one cell of a confusion matrix.

    Args:
        names: the true class and the predicted one.
        words: the cell in words.
        recorded: how many images it had when the run ended.
    """

    PLACE = "history"
    CSS_PATH = "result.tcss"
    HELP = "The images of one cell of the confusion matrix, the most confident answers first."
    BINDINGS = [Binding("escape", "app.back", "Back")]

    def __init__(
        self,
        facts: Facts,
        choice: Choice,
        images: PredictedImages,
        names: tuple[str, str],
        words: str,
        recorded: int,
    ) -> None:
        super().__init__()
        self._facts = facts
        self._choice = choice
        self._images = images
        self._cell = names
        self._words = words
        self._recorded = recorded

    def place_in_words(self) -> str:
        """The run's name."""
        return self._facts.run.name

    def body(self) -> Iterable[Widget]:
        """The gallery."""
        yield PredictedGallery(
            self._facts,
            self._images,
            lambda seen: (seen.true, seen.predicted) == self._cell,
            self._headed,
            named=False,
        )

    def on_mount(self) -> None:
        """Asks for the images."""
        self.query_one(PredictedGallery).ask(self._choice)

    def _headed(self, count: int, images: int) -> str:
        del images
        # Another machine may round sums otherwise than the one that trained the run.
        differs = f"; here they are {count:,}" if count != self._recorded else ""
        where = f"{self._choice.split} images, {self._choice.checkpoint} checkpoint"
        return f"{self._words}; {where}{differs}"
