"""How a command that writes files for long ends before its time: as by Ctrl-C, tidied up."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cnnlab.execution.terminal import TERMINATED
from cnnlab.signals import answered

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SOON = 0.01
"""Seconds until a signal is sent again that was lost."""


@contextmanager
def ending_in_order() -> Iterator[None]:
    """SIGTERM and a line that drops end the process as an exception does: nothing half stays."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(TERMINATED if number == signal.SIGTERM else 128 + number)

    with answered((signal.SIGTERM, signal.SIGHUP), leave), _none_lost():
        yield


@contextmanager
def _none_lost() -> Iterator[None]:
    """Sends a signal again whose exception was lost.

    Python drops what is raised while it tidies up after an object, which it does some hundred
    times while it imports modules: a signal of that moment would end nothing.
    """
    before = sys.unraisablehook
    sys.unraisablehook = _sending_again(before)
    try:
        yield
    finally:
        sys.unraisablehook = before


def _sending_again(
    otherwise: Callable[[UnraisableHookArgs], object],
) -> Callable[[UnraisableHookArgs], object]:
    def answer(lost: UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt):
            number = signal.SIGINT
        elif isinstance(lost.exc_value, SystemExit):
            is_term = lost.exc_value.code == TERMINATED
            number = signal.SIGTERM if is_term else signal.SIGHUP
        else:
            otherwise(lost)
            return
        # Not at once: it would be lost with this call, which is a part of the tidying up.
        main = threading.main_thread().ident
        if main is not None:
            threading.Timer(_SOON, signal.pthread_kill, (main, number)).start()

    return answer
