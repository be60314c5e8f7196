"""Names, tags and notes that a run may have, and what is said where a word names no such run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cnnlab.amounts import how_many
from cnnlab.errors import ConfigError, HistoryError, unknown_name

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


def checked_note(text: str) -> str:
    """A note that a user writes on a run, without the blanks around it.

    Raises:
        ConfigError: nothing is left of it.
    """
    stripped = text.strip()
    if not stripped:
        raise ConfigError("A note cannot be empty.", "Write at least one letter.")
    return stripped


def between_commas(texts: Iterable[str]) -> tuple[str, ...]:
    """The parts of texts between commas, without the blanks around them, each once."""
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def given_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags as a user gives them to a run, which may have commas between them, each once.

    Raises:
        ConfigError: one begins with the minus that takes a tag away.
    """
    tags = between_commas(texts)
    for tag in tags:
        if tag.startswith("-"):
            raise ConfigError(
                f"A tag cannot begin with a minus, as {tag!r} does.",
                "Leave out the minus: where tags are changed, it takes one away.",
            )
    return tags


@dataclass(frozen=True)
class TagChange:
    """Tags that runs get, and tags that they lose, as `of` makes them of what a user gives."""

    added: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def of(cls, added: Iterable[str] = (), removed: Iterable[str] = ()) -> TagChange:
        """The change that texts ask for; each may have commas between its tags.

        Raises:
            ConfigError: a tag is both added and taken away, or no run may have it.
        """
        # Histories may hold tags that could not be given any more: those can be taken away.
        change = cls(given_tags(added), between_commas(removed))
        if both := set(change.added) & set(change.removed):
            raise ConfigError(
                f"The tag {min(both)!r} is both added and taken away.", "Ask for one of the two."
            )
        return change


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


def trashed_run(name: str, run_id: str) -> HistoryError:
    """The error for what cannot be done with a run in the trash."""
    return HistoryError(
        f"The run {name} ({run_id}) is in the trash.",
        f"`cnnlab runs restore {run_id}` brings it back.",
    )


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
