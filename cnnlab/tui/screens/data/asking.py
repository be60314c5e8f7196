"""What an import asks for: a path, with the rest of it suggested while it is written."""

from __future__ import annotations

from pathlib import Path

from textual.binding import Binding
from textual.widgets import Input

from cnnlab.data.image_decoding import parse_size
from cnnlab.errors import ConfigError, DataError
from cnnlab.tui.widgets.dialogs import TextDialog
from cnnlab.tui.widgets.path_suggester import PathSuggester


class PathDialog(TextDialog):
    """Asks for the folder or archive of an import."""

    BINDINGS = [Binding("tab", "complete", "Complete", priority=True)]

    def __init__(self) -> None:
        super().__init__(
            "Import images: a folder, zip or tar with idx files, CIFAR batches, or images in "
            "train/<class> and test/<class>, or in <class> alone. Tab takes what is suggested.",
            check=existing,
            placeholder="~/flowers",
        )

    def on_mount(self) -> None:
        """Begins to suggest."""
        self.query_one(Input).suggester = PathSuggester()

    def action_complete(self) -> None:
        """Takes what is suggested."""
        self.query_one(Input).action_cursor_right()


def existing(text: str) -> Path:
    """The path that a user wrote.

    Raises:
        DataError: there is nothing.
    """
    try:
        path = Path(text.strip()).expanduser()
        there = bool(text.strip()) and path.exists()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there:
        raise DataError("There is nothing at this path.")
    return path


def optional_size(text: str) -> tuple[int, int] | None:
    """The size that a user wrote; None for nothing.

    Raises:
        ConfigError: it is none.
    """
    return parse_size(text.strip()) if text.strip() else None


def some_name(text: str) -> str:
    """The name that a user wrote; the importer knows which names can be.

    Raises:
        ConfigError: there is none.
    """
    if not text.strip():
        raise ConfigError("A data set needs a name.")
    return text.strip()


def proposed_name(path: Path) -> str:
    """A name for what lies at a path."""
    stem = path.name.split(".")[0].lower()
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in stem).strip("-")
