"""What is done with a history: each way to open it, and what a reader answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from history import samples

from cnnlab.history.connection import connect_for_writing
from cnnlab.history.edits import add_note
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.home import Home

Use = Callable[[Home], object]

USES: dict[str, Use] = {
    "read": Reader,
    "write": connect_for_writing,
    "create": lambda home: samples.add_run(home, "bbbb0002"),
    "record": lambda home: samples.record(home, "aaaa0001", samples.STARTED),
    "edit": lambda home: add_note(home, "aaaa0001", "a note"),
}
each_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


def resolve(home: Home, text: str) -> str:
    with Reader(home) as reader:
        return reader.resolve(text)


def names(home: Home, wanted: RunFilter | None = None, **options: Any) -> list[str]:
    with Reader(home) as reader:
        return [run.name for run in reader.runs(wanted, **options)]
