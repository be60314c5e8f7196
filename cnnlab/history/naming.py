"""Names and tags that a run may have, and what is said where a word names no run or several."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from cnnlab.amounts import how_many
from cnnlab.errors import ConfigError, unknown_name

LATEST = "latest"
"""The word for the newest run."""

_MOST_KNOWN = 1000
"""Newest runs among which the nearest name is looked for."""


def checked_name(name: str) -> str:
    """A name that a user gives to a run, without the blanks around it.

    Raises:
        ConfigError: nothing is left of it, or it is a word that stands for another run.
    """
    stripped = name.strip()
    if not stripped:
        raise ConfigError("The name of a run cannot be empty.", "Write at least one letter.")
    if stripped == LATEST:
        raise ConfigError(
            f"A run cannot be called {LATEST!r}: that is the newest run, whichever it is.",
            "Choose another name.",
        )
    return stripped


def given_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags as a user gives them, without the blanks around them; those of blanks alone are none."""
    return tuple(text.strip() for text in texts if text.strip())


def unknown_run(text: str, rows: Sequence[sqlite3.Row], *, trashed: bool) -> ConfigError:
    """The error for a word that names no run.

    Args:
        rows: of all runs, with `id`, `name` and `trashed_at`, newest first.
        trashed: whether the runs in the trash were meant, and not those outside.
    """
    among = [row for row in rows if (row["trashed_at"] is not None) == trashed]
    if not trashed and any(row["trashed_at"] and row["name"] == text for row in rows):
        return ConfigError(
            f"The run {text!r} is in the trash.", "`cnnlab runs restore RUN` brings it back."
        )
    if not among:
        return _no_runs(text, trashed=trashed)
    known = [LATEST, *(str(row[key]) for row in among[:_MOST_KNOWN] for key in ("name", "id"))]
    kind, option = ("run in the trash", " --trash") if trashed else ("run", "")
    return unknown_name(kind, text, dict.fromkeys(known), f"See `cnnlab runs list{option}`.")


def _no_runs(text: str, *, trashed: bool) -> ConfigError:
    if trashed:
        return ConfigError("The trash is empty.", "See `cnnlab runs list`.")
    hint = "`cnnlab run quickstart` makes one."
    if text == LATEST:
        return ConfigError("There are no runs yet.", hint)
    return ConfigError(f"Unknown run {text!r}: there are no runs yet.", hint)


def left_out(count: int) -> list[str]:
    """What is told where so many of several runs were gone when they were read; nothing for 0."""
    if not count:
        return []
    were = "was" if count == 1 else "were"
    return [f"{how_many(count, 'run')} {were} deleted meanwhile and left out."]


def ambiguous_run(text: str, rows: Sequence[sqlite3.Row]) -> ConfigError:
    """The error for a word that names several runs, given by `id` and `name`, newest first."""
    listed = ", ".join(f"{row['id']} ({row['name']})" for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return ConfigError(
        f"{text!r} stands for several runs: {listed}{more}.", "Name one by its id; newest first."
    )
