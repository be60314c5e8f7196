"""Which runs are listed and in what order, and the lines that they make: runs under studies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cnnlab.history.queries import SORTABLE, Reader, RunFilter
from cnnlab.tui.settings import HistoryView

NO_STUDY = ""
"""Where the runs go that no study asked for."""


@dataclass(frozen=True)
class Group:
    """The line above the runs of a study; `ids` are those that are listed, in their order."""

    study: str
    ids: tuple[str, ...]
    open: bool

    @property
    def key(self) -> str:
        """What the cursor remembers it by; no run has such an id."""
        return f"study:{self.study}"


Line = str | Group
"""A line of the table: a run's id, or the head of a group."""


def key_of(line: Line) -> str:
    """What the cursor remembers a line by."""
    return line.key if isinstance(line, Group) else line


@dataclass(frozen=True)
class Listing:
    """The runs that pass a filter.

    Attributes:
        ids: theirs, in order.
        known: the ids of all that could be listed.
        newest: the newest run that is listed; empty if none is, or nobody follows it.
        studies: the study of each run; empty unless they are grouped.
    """

    ids: list[str]
    known: Collection[str] = ()
    newest: str = ""
    studies: Mapping[str, str] = field(default_factory=dict)


def read_listing(reader: Reader, wanted: RunFilter, view: HistoryView) -> Listing:
    """Asks the history: once where it can, since each question goes through all runs.

    Raises:
        HistoryError: it cannot be read.
    """
    sort = view.sort if view.sort in SORTABLE else "started"
    ids = reader.run_ids(wanted, sort=sort, ascending=view.ascending)
    newest_first = sort == "started" and not view.ascending
    if not (wanted.query.conditions or view.by_study or (view.follow and not newest_first)):
        return Listing(ids, ids, ids[0] if ids and view.follow else "")
    presets = reader.presets(trashed=wanted.trashed)
    newest = ""
    if view.follow:
        listed = set(ids)
        newest = next((run_id for run_id in presets if run_id in listed), "")
    studies = {}
    if view.by_study:
        studies = {each: (preset or "").rpartition("/")[0] for each, preset in presets.items()}
    return Listing(ids, presets, newest, studies)


def lines_of(listing: Listing, *, by_study: bool, folded: Collection[str] = ()) -> list[Line]:
    """The lines of a table.

    Args:
        by_study: whether runs stand under their studies, these in the order of their first runs.
        folded: the studies of which only the head is shown.
    """
    if not by_study:
        return list(listing.ids)
    studies: dict[str, list[str]] = {}
    for run_id in listing.ids:
        studies.setdefault(listing.studies.get(run_id, NO_STUDY), []).append(run_id)
    lines: list[Line] = []
    for study, ids in studies.items():
        lines.append(Group(study, tuple(ids), study not in folded))
        lines += ids if study not in folded else []
    return lines
