"""A gallery: pages of pictures with a line below each, and a cursor.

Only the images of the page that is shown are read, on a thread of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from cnnlab.export.format import one_line
from cnnlab.tui.background import behind
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.picture import Picture

if TYPE_CHECKING:
    from cnnlab.export.pictures import Bytes


@dataclass(frozen=True)
class Shot:
    """An image of a gallery.

    Attributes:
        index: its place among the images that it is read from.
        caption: a few words below it.
        words: what it is, in a sentence.
    """

    index: int
    caption: str
    words: str


Fetch = Callable[[Sequence[int]], "Sequence[Bytes]"]
"""Reads images by their indices, each uint8 (C, H, W); called on another thread."""


@dataclass(frozen=True)
class _Tiling:
    """How a page is laid out: characters of a picture, and pictures of a page."""

    width: int
    height: int
    columns: int
    rows: int

    @classmethod
    def of(cls, width: int, height: int) -> _Tiling:
        """As many pictures as fit; where there is room, each shows 28 pixels on a side."""
        tall = 14 if height >= 2 * (14 + 1) else 7
        wide = 2 * tall
        columns = max(1, (width + 1) // (wide + 2))
        rows = max(1, height // (tall + 1))
        return cls(wide, tall, columns, rows)

    @property
    def count(self) -> int:
        """Pictures of a page."""
        return self.columns * self.rows


class _Tile(Sturdy, Vertical):
    """A picture with its line."""

    DEFAULT_CSS = """
    _Tile { width: auto; height: auto; }
    _Tile Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    _Tile.-cursor Static { background: $panel; }
    Gallery:focus _Tile.-cursor Static { background: $primary 40%; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.picture = Picture()
        self._line = Static()

    def compose(self) -> ComposeResult:
        """The picture above its line."""
        yield self.picture
        yield self._line

    def resize(self, tiling: _Tiling) -> None:
        """Takes the size of a page's pictures."""
        self.picture.styles.width, self.picture.styles.height = tiling.width, tiling.height
        self._line.styles.width = tiling.width + 1

    def show(self, shot: Shot, pixels: Bytes | None, *, cursor: bool) -> None:
        """Shows an image; None while it is read."""
        self.picture.show(pixels)
        self.point(shot, cursor=cursor)

    def point(self, shot: Shot, *, cursor: bool) -> None:
        """Shows whether the cursor is here."""
        self.set_class(cursor, "-cursor")
        line = Text("▸" if cursor else " ", no_wrap=True, overflow="ellipsis")
        self._line.update(line.append(one_line(shot.caption)))


class Gallery(Sturdy, Container, can_focus=True):
    """Pages of pictures; posts `Moved` and `Chosen`."""

    DEFAULT_CSS = """
    Gallery { layout: grid; height: 1fr; grid-gutter: 0 1; }
    """
    BINDINGS = [
        Binding("left,h", "move(-1)", "Left", show=False),
        Binding("right,l", "move(1)", "Right", show=False),
        Binding("up,k", "row(-1)", "Up", show=False),
        Binding("down,j", "row(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page before", show=False),
        Binding("pagedown", "page(1)", "Next page", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("enter", "choose", "Larger", tooltip="Show the picture larger"),
    ]

    class Moved(Message):
        """The cursor went to an image, the `position`-th (from 1) of `count`; None if none."""

        def __init__(self, shot: Shot | None, position: int, count: int) -> None:
            super().__init__()
            self.shot = shot
            self.position = position
            self.count = count

    def __init__(self) -> None:
        super().__init__()
        self._shots: Sequence[Shot] = ()
        self._fetch: Fetch | None = None
        self._cursor = 0
        self._tiling = _Tiling.of(1, 1)
        self._page = -1
        self._request = 0
        self._images: dict[int, Bytes] = {}
        self._laying_out = asyncio.Lock()
        self._is_laid_out = False

    async def show(self, shots: Sequence[Shot], fetch: Fetch) -> None:
        """Shows other images, from the first one on."""
        self._shots, self._fetch, self._cursor = shots, fetch, 0
        await self._lay_out()

    async def on_resize(self, event: events.Resize) -> None:
        """Lays the page out anew where another number of pictures fits."""
        tiling = _Tiling.of(event.size.width, event.size.height)
        if event.size and (tiling != self._tiling or not self._is_laid_out):
            await self._lay_out()

    async def _lay_out(self) -> None:
        """Makes the tiles that fit and shows the page of the cursor on them.

        Other images and another size may come while tiles are made, hence one at a time.
        """
        async with self._laying_out:
            # Images that come while it is hidden wait for its size, even if that is the old one.
            self._is_laid_out = bool(self.size)
            if not self._is_laid_out:
                return
            tiling = self._tiling = _Tiling.of(self.size.width, self.size.height)
            self.styles.grid_size_columns = tiling.columns
            self.styles.grid_columns = str(tiling.width + 1)
            self.styles.grid_rows = str(tiling.height + 1)
            tiles = list(self.query(_Tile))
            for tile in tiles[tiling.count :]:
                await tile.remove()
            missing = [_Tile() for _ in range(tiling.count - len(tiles))]
            if missing:
                await self.mount_all(missing)
            for tile in self.query(_Tile):
                tile.resize(tiling)
            self._page = -1
            self._turn()

    def _turn(self) -> None:
        """Shows the page of the cursor, if it is another one, and the cursor on it."""
        page = self._cursor // self._tiling.count
        tiles = list(self.query(_Tile))
        first = page * self._tiling.count
        shots = self._shots[first : first + self._tiling.count]
        for place, tile in enumerate(tiles):
            tile.display = place < len(shots)
            if place >= len(shots):
                continue
            cursor = first + place == self._cursor
            if page != self._page:
                tile.show(shots[place], None, cursor=cursor)
            else:
                tile.point(shots[place], cursor=cursor)
        if page != self._page:
            self._page = page
            self._read(shots)
        shot = self._shots[self._cursor] if self._shots else None
        self.post_message(self.Moved(shot, self._cursor + 1, len(self._shots)))

    def _read(self, shots: Sequence[Shot]) -> None:
        """Reads the images of a page; what comes after the page was turned again is dropped."""
        self._request += 1
        request, fetch = self._request, self._fetch
        self._images = {}
        if fetch is None or not shots:
            return
        indices = [shot.index for shot in shots]

        def done(images: Sequence[Bytes]) -> None:
            if request == self._request:
                self._images = dict(zip(indices, images, strict=True))
                for tile, pixels in zip(self.query(_Tile), images, strict=False):
                    tile.picture.show(pixels)

        behind(self, lambda: fetch(indices), done, self.lab.report)

    def _go(self, place: int) -> None:
        place = max(0, min(place, len(self._shots) - 1))
        if self._shots and place != self._cursor:
            self._cursor = place
            self._turn()

    def action_move(self, by: int) -> None:
        """Goes to the image before or behind."""
        self._go(self._cursor + by)

    def action_row(self, by: int) -> None:
        """Goes a row up or down."""
        place = self._cursor + by * self._tiling.columns
        if 0 <= place < len(self._shots):
            self._go(place)
        elif place > 0 and place // self._tiling.columns * self._tiling.columns < len(self._shots):
            self._go(len(self._shots) - 1)

    def action_page(self, by: int) -> None:
        """Goes a page on or back."""
        self._go(self._cursor + by * self._tiling.count)

    def action_first(self) -> None:
        """Goes to the first image."""
        self._go(0)

    def action_last(self) -> None:
        """Goes to the last image."""
        self._go(len(self._shots) - 1)

    def action_choose(self) -> None:
        """Shows the image under the cursor larger."""
        if self._shots:
            shot = self._shots[self._cursor]
            pixels = self._images.get(shot.index)
            if pixels is not None:
                self.app.push_screen(PictureDialog(pixels, shot.words))

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor on an image; shows the one under the cursor larger."""
        for place, tile in enumerate(self.query(_Tile)):
            if tile.display and tile.region.contains(event.screen_x, event.screen_y):
                at = self._page * self._tiling.count + place
                if at == self._cursor:
                    self.action_choose()
                self._go(at)

    def on_mouse_scroll_down(self) -> None:
        """Turns to the next page."""
        self.action_page(1)

    def on_mouse_scroll_up(self) -> None:
        """Turns to the page before."""
        self.action_page(-1)


class PictureDialog(Sturdy, ModalScreen[None]):
    """One picture, as large as the screen allows, with what it is."""

    DEFAULT_CSS = """
    PictureDialog { align: center middle; background: $background 60%; }
    PictureDialog > Vertical { width: auto; height: auto; padding: 1 2; background: $surface;
        align-horizontal: center; }
    PictureDialog Static { margin-top: 1; }
    """
    BINDINGS = [Binding("escape,enter,space", "dismiss(None)", "Close")]

    def __init__(self, pixels: Bytes, words: str) -> None:
        super().__init__()
        self._pixels = pixels
        self._words = words

    def compose(self) -> ComposeResult:
        """The picture above its words."""
        picture = Picture(self._pixels)
        words = Static(Text(one_line(self._words)))
        self._fit(picture, words, self.app.size)
        with Vertical():
            yield picture
            yield words

    def on_resize(self, event: events.Resize) -> None:
        """Takes the room that there is now."""
        self._fit(self.query_one(Picture), self.query_one(Static), event.size)

    def _fit(self, picture: Picture, words: Static, room: Size) -> None:
        """As large as there is room, but no more than four columns a pixel."""
        _, height, width = self._pixels.shape
        columns = min(room.width - 8, 4 * width)
        rows = min(room.height - 6, 2 * height)
        scale = min(columns / width, 2 * rows / height)
        scale = float(int(scale)) if scale >= 1 else scale
        picture.styles.width = max(1, round(width * scale))
        picture.styles.height = max(1, -(-round(height * scale) // 2))
        words.styles.width = min(room.width - 8, max(columns, 40))
