"""Signals that are answered otherwise for a while."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

Answer = Callable[[int, FrameType | None], object]


@contextmanager
def answered(numbers: Iterable[int], answer: Answer | signal.Handlers) -> Iterator[None]:
    """Has an answer called for some signals, on the main thread; then all is as before."""
    before = {number: signal.signal(number, answer) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
