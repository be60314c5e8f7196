"""Work behind the screens: on a thread that never keeps the app from quitting.

Textual's own thread workers are waited for when the app ends; a daemon thread is not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual.dom import DOMNode

Result = TypeVar("Result")


def behind(
    node: DOMNode,
    work: Callable[[], Result],
    done: Callable[[Result], None],
    failed: Callable[[Exception], None],
) -> threading.Thread:
    """Does some work on a thread of its own and tells a screen or widget, in its event loop.

    Args:
        node: who is told; nothing is told once it is gone.
        work: must not touch widgets; opens its own `Reader`.
        done: takes the result.
        failed: takes what the work raised.
    """

    def run() -> None:
        try:
            answer = partial(done, work())
        except Exception as error:
            answer = partial(failed, error)
        if node.is_attached:
            node.call_later(answer)

    thread = threading.Thread(target=run, name=f"behind-{node.id or node}", daemon=True)
    thread.start()
    return thread
