"""What a look at the home and the machine finds: one finding a fact, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cnnlab.errors import CnnlabError

State = Literal["good", "warning", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        check: what was looked at, in a word or two.
        state: `bad` keeps something from working, `warning` may.
        text: what was found.
        remedy: what to do about it; empty where nothing needs doing.
        bytes: a size that belongs to the text, if there is one.
    """

    check: str
    state: State
    text: str
    remedy: str = ""
    bytes: int | None = None


Check = Callable[[str], Iterator[Finding]]
"""Looks at one thing; is given its name for the findings, and may raise anything."""


def diagnose(checks: Mapping[str, Check]) -> Iterator[Finding]:
    """Makes the checks one after the other; one that fails is a finding like others."""
    for name, check in checks.items():
        try:
            yield from check(name)
        except CnnlabError as error:
            yield Finding(name, "bad", error.message, error.hint)
        except Exception as error:
            yield Finding(
                name,
                "bad",
                f"Cannot be checked: {type(error).__name__}: {error}",
                "`cnnlab --debug …` shows the traceback where the same error ends a command.",
            )
