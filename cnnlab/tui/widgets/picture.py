"""A picture: half blocks on any terminal, the terminal's own graphics where that is safe.

Without colours brightness is told by ░▒▓█.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.app import RenderResult
from textual.geometry import Size
from textual.widget import Widget

from cnnlab.tui.settings import Settings
from cnnlab.tui.sturdy import Sturdy

if TYPE_CHECKING:
    from cnnlab.export.pictures import Bytes
    from cnnlab.tui.widgets.kitty import KittyPicture


def graphics(settings: Settings) -> bool:
    """Whether pictures are drawn by the terminal; else they are made of characters.

    Only the environment decides; see `cnnlab.tui.widgets.kitty` for why nothing is asked.
    """
    from cnnlab.tui.widgets.kitty import speaks

    return settings.pictures == "auto" and speaks(os.environ)


class Picture(Sturdy, Widget):
    """An image as large as the widget allows.

    Args:
        pixels: uint8 (C, H, W); None leaves the place empty.
    """

    DEFAULT_CSS = """
    Picture { width: 28; height: 14; }
    """

    def __init__(self, pixels: Bytes | None = None, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._pixels = pixels
        self._drawn: tuple[Size, RenderResult] | None = None
        self._kitty: KittyPicture | None = None

    def show(self, pixels: Bytes | None) -> None:
        """Shows another image, or none."""
        self._pixels = pixels
        self._forget()
        self.refresh()

    def on_unmount(self) -> None:
        """Gives the terminal's memory back."""
        self._forget()

    def render(self) -> RenderResult:
        """The image, drawn once for each size."""
        size = self.content_size
        if self._pixels is None or not size:
            return ""
        if self._drawn is None or self._drawn[0] != size:
            self._forget()
            self._drawn = (size, self._draw(self._pixels, size))
        return self._drawn[1]

    def _draw(self, pixels: Bytes, size: Size) -> RenderResult:
        from cnnlab.export.pictures import blocks, image_of, shades

        if self.app.no_color:
            return shades(pixels, size.width, size.height)
        driver = self.app._driver
        if driver is None or not graphics(self.lab.session.settings):
            return blocks(pixels, size.width, size.height)
        from cnnlab.tui.widgets.kitty import KittyPicture

        columns, rows = _frame(pixels, size)
        self._kitty = KittyPicture(image_of(pixels), columns, rows, driver.write)
        return self._kitty

    def _forget(self) -> None:
        self._drawn = None
        if self._kitty is not None:
            self._kitty.close()
            self._kitty = None


def _frame(pixels: Bytes, size: Size) -> tuple[int, int]:
    """Columns and rows that an image fills in a place, a row being as high as two columns wide."""
    _, height, width = pixels.shape
    scale = min(size.width / width, 2 * size.height / height)
    return max(1, round(width * scale)), max(1, round(height * scale / 2))
