"""The errors that a user can act on.

Each holds one sentence that says what is wrong and one that says what to do. The command line
and the user interface render them in one place each; a traceback never reaches the user.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from typing import TypeVar

Name = TypeVar("Name", bound=str)


class CnnlabError(Exception):
    """Something a user can act on.

    Args:
        message: one sentence, what is wrong.
        hint: one sentence, what to do about it; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(CnnlabError):
    """A wrong field, value or name: nothing was started."""

    exit_code = 2


class DataError(CnnlabError):
    """A data set that is absent, damaged or not what it was said to be."""


class HistoryError(CnnlabError):
    """The history cannot be opened, read or written."""


class StorageError(CnnlabError):
    """A folder or file of the home cannot be created or written."""


class DiskFullError(StorageError):
    """The disk, or the user's share of it, has no room left; what was there is untouched."""


class ExchangeError(CnnlabError):
    """A file with runs from elsewhere that is absent, damaged or not what it was said to be."""


class CheckpointError(CnnlabError):
    """A checkpoint is absent, damaged or of another model."""


class TrainingError(CnnlabError):
    """A run cannot be trained as configured on this machine."""


_MOST_LISTED = 24

_SYNONYMS = {"gpu": "cuda"}
"""What users call a name that is spelt otherwise."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The up to three known names most like `name`, best first: above all those that end in it.

    So `lr` finds `optimizer.lr`, and `lenet` finds `mnist/lenet`.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    synonym = _SYNONYMS.get(name.lower())
    if synonym in by_lower:
        return [by_lower[synonym]]
    ends = [each for each in by_lower if re.split("[./]", each)[-1] == name.lower()]
    like = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    return [by_lower[match] for match in dict.fromkeys([*ends, *like])][:3]


def suggestion(name: str, known: Iterable[str]) -> str:
    """One sentence that helps on from an unknown name: the nearest names, else all if few."""
    names = list(known)
    close = nearest(name, names)
    if close:
        return f"Did you mean {' or '.join(repr(match) for match in close)}?"
    if not names or len(names) > _MOST_LISTED:
        return ""
    return f"Valid names: {', '.join(sorted(names))}."


def known_name(kind: str, name: str, known: Collection[Name]) -> Name:
    """The one of the known names that a user wrote.

    Raises:
        ConfigError: it is none of them; see `unknown_name`.
    """
    for one in known:
        if one == name:
            return one
    raise unknown_name(kind, name, known)


def unknown_name(kind: str, name: str, known: Iterable[str], more: str = "") -> ConfigError:
    """The error for a name that is not among the known ones.

    Args:
        kind: what was looked for, such as ``preset``.
        more: a further sentence, such as the command that lists the names.
    """
    return ConfigError(f"Unknown {kind} {name!r}.", f"{suggestion(name, known)} {more}".strip())


def missing_extra(what: str, extra: str) -> ConfigError:
    """The error where optional dependencies are needed that are not installed.

    Args:
        what: needs them, as the beginning of a sentence, such as ``The format png``.
        extra: the name under which pip installs them.
    """
    return ConfigError(
        f"{what} needs packages that are not installed.",
        f"`pip install 'cnnlab[{extra}]'` installs them; in a checkout, "
        f"`pip install -e '.[{extra}]'`.",
    )
