"""What stands beside the list: facts, samples, and what augmentation makes of one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from cnnlab.data import store
from cnnlab.data.store import Images
from cnnlab.export.format import one_line
from cnnlab.tui.background import behind
from cnnlab.tui.screens.data.augmenting import Recipe, draws
from cnnlab.tui.screens.data.samples import random_image, sample_shots
from cnnlab.tui.screens.data.shelf import Entry
from cnnlab.tui.screens.data.words import about
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.gallery import Gallery, Shot
from cnnlab.tui.widgets.keys import SCROLL

DRAWS = 11
"""Of an augmentation, beside the image itself."""


class AboutPanel(Sturdy, VerticalScroll, can_focus=True):
    """All that is known of a data set."""

    BINDINGS = [*SCROLL]

    def __init__(self) -> None:
        super().__init__()
        self._entry: Entry | None = None

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static()

    def on_resize(self) -> None:
        """Draws bars of another length."""
        self.show(self._entry)

    def show(self, entry: Entry | None) -> None:
        """Shows another data set."""
        if entry is not self._entry:
            self.scroll_home(animate=False)
        self._entry = entry
        if entry is not None:
            width = self.scrollable_content_region.width - 1  # for a scroll bar
            self.query_one(Static).update(about(entry, width))


class _Pictures(Sturdy, Vertical):
    """A line of words above a gallery; only the newest wish is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._wish = 0

    def compose(self) -> ComposeResult:
        """The words above the pictures."""
        yield Static(classes="words")
        yield Gallery()

    def say(self, words: str, *, pictures: bool) -> None:
        """Shows words, with the pictures or in place of them."""
        line = self.query_one(".words", Static)
        line.update(Text(words))
        line.set_class(pictures, "-above")
        self.query_one(Gallery).display = pictures

    def _new_wish(self) -> int:
        self._wish += 1
        return self._wish

    def _fail(self, error: Exception) -> None:
        self.say("", pictures=False)
        self.lab.report(error)


class SamplesPanel(_Pictures):
    """Training images of each class."""

    def show(self, entry: Entry, seed: int) -> None:
        """Shows images of a data set that is here; another seed chooses others."""
        wish, path = self._new_wish(), entry.path

        def done(shots: list[Shot]) -> None:
            if wish == self._wish:
                self.say(f"{one_line(entry.name)}: s shows others", pictures=True)
                fetch = partial(store.pick, path, "train")
                self.call_later(self.query_one(Gallery).show, shots, fetch)

        behind(self, partial(sample_shots, path, seed), done, self._fail)


class AugmentationPanel(_Pictures):
    """An image, and what random draws of an augmentation make of it."""

    def show(self, entry: Entry, recipe: Recipe, image: int, draw: int) -> None:
        """Shows draws.

        Args:
            image: seed of the image that is chosen.
            draw: seed of the draws.
        """
        wish, path = self._new_wish(), entry.path
        if "torch" not in sys.modules:
            self.say("Loading PyTorch…", pictures=False)

        def work() -> tuple[str, list[Images]]:
            pixels, words = random_image(path, image)
            return words, draws(pixels, recipe, DRAWS, draw)

        def done(found: tuple[str, list[Images]]) -> None:
            if wish == self._wish:
                words, images = found
                told = one_line(f"{recipe.title}: {recipe.words}")
                self.say(told, pictures=True)
                shots = _shots(words, told, len(images))
                self.call_later(self.query_one(Gallery).show, shots, partial(_among, images))

        behind(self, work, done, self._fail)


def _shots(words: str, recipe: str, count: int) -> list[Shot]:
    drawn = [
        Shot(number, f"draw {number}", f"{words}, draw {number} of {recipe}")
        for number in range(1, count)
    ]
    return [Shot(0, "without", f"{words}, without augmentation"), *drawn]


def _among(images: Sequence[Images], indices: Sequence[int]) -> Sequence[Images]:
    return [images[index] for index in indices]
