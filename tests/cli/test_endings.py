"""A signal ends a command that writes files, whatever Python is at when it comes."""

from __future__ import annotations

import signal
import sys
import time
import weakref

import pytest
from waiting import SECONDS

from cnnlab.cli.endings import ending_in_order


class Thing:
    """Something that can be referred to weakly."""


def work(number: signal.Signals) -> None:
    """Gets a signal in a callback, where Python drops what is raised, and goes on for long."""
    with ending_in_order():
        thing = Thing()
        reference = weakref.ref(thing, lambda _: signal.raise_signal(number))
        del thing
        assert reference() is None
        time.sleep(SECONDS)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_that_is_lost_in_a_callback_ends_it_all_the_same(
    number: signal.Signals, code: int
) -> None:
    before = sys.unraisablehook
    with pytest.raises(SystemExit) as ended:
        work(number)
    assert ended.value.code == code
    assert sys.unraisablehook is before


def test_ctrl_c_that_is_lost_in_a_callback_ends_it_all_the_same() -> None:
    with pytest.raises(KeyboardInterrupt):
        work(signal.SIGINT)


def test_other_errors_of_callbacks_are_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    thing = Thing()
    reference = weakref.ref(thing, lambda _: 1 / 0)
    with ending_in_order():
        del thing
    assert reference() is None
    assert told == [ZeroDivisionError]
