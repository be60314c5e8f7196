"""The runs that stand in the table's visible lines: read when they come into view, and kept.

A history may hold ten thousand runs, and to read them all takes longer than a key may wait; so
the table knows all ids, and of the runs only those that are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from cnnlab.history.ownership import is_gone
from cnnlab.history.records import RunRecord

Read = Callable[[Sequence[str]], list[RunRecord]]


@dataclass(frozen=True)
class Row:
    """A run as the table shows it.

    Attributes:
        gone: whether it should be trained or wait on this machine, but its process is no more.
    """

    run: RunRecord
    gone: bool


class RowCache:
    """The rows that were read since the history last changed.

    Args:
        read: gives the runs with some ids, without those that are not there.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._rows: dict[str, Row | None] = {}

    def get(self, run_id: str, around: Callable[[], Iterable[str]]) -> Row | None:
        """A row; None if there is no such run.

        Args:
            around: the ids of the rows that are read with it where it is not known.
        """
        if run_id not in self._rows:
            self._rows |= self._fresh([run_id, *around()])
        return self._rows[run_id]

    def known(self, run_id: str) -> Row | None:
        """A row, if it has been read."""
        return self._rows.get(run_id)

    def reread(self, ids: Sequence[str]) -> list[str]:
        """Reads some rows anew and forgets all others; returns the ids of those that differ."""
        before, self._rows = self._rows, self._fresh(ids)
        return [each for each in ids if self._rows[each] != before.get(each)]

    def look_for_processes(self, ids: Iterable[str]) -> list[str]:
        """Sees whether the processes behind some known rows live; returns those that differ.

        That a process dies is not written anywhere, so the history does not tell it.
        """
        differ = []
        for run_id in ids:
            row = self._rows.get(run_id)
            if row is not None and row.gone != is_gone(row.run):
                self._rows[run_id] = replace(row, gone=not row.gone)
                differ.append(run_id)
        return differ

    def _fresh(self, ids: Sequence[str]) -> dict[str, Row | None]:
        found: dict[str, Row | None] = dict.fromkeys(ids)
        for run in self._read(list(found)):
            found[run.id] = Row(run, is_gone(run))
        return found
