"""Whether the history has changed since one last looked, at the cost of a glance.

SQLite counts, for each connection, the writes of all the others (`pragma data_version`,
https://www.sqlite.org/pragma.html#pragma_data_version). A connection that never writes so
learns of every write, of this process or another, without reading a single row.
"""

from __future__ import annotations

import sqlite3

from cnnlab.errors import CnnlabError
from cnnlab.history.connection import connect_for_reading, primary_code
from cnnlab.home import Home

_Version = tuple[int, int] | None


class Watch:
    """Tells of writes to the history; belongs to the thread that made it.

    A history that is not there, or cannot be read, counts as one without writes until it can.
    The first look at a history opens it, which brings that of an older cnnlab up to date.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._openings = 0
        self._seen: _Version = None
        self._looked = False

    def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def changed(self) -> bool:
        """Whether anybody wrote since the last call; the first call says so in any case.

        A history that appeared, went, or was replaced by another file has changed too.
        """
        version = self._version()
        changed = version != self._seen or not self._looked
        self._seen, self._looked = version, True
        return changed

    def _version(self) -> _Version:
        """The number of the connection and of the writes that it knows of; None without one."""
        file = self._identity()
        if self._connection is None or file != self._file:
            self._open(file)
        if self._connection is None:
            return None
        try:
            (writes,) = self._connection.execute("pragma data_version").fetchone()
        except sqlite3.Error as error:
            # While somebody writes where there is no WAL, the write shows at the next look.
            if primary_code(error) == sqlite3.SQLITE_BUSY:
                return self._seen
            self.close()
            return None
        return self._openings, writes

    def _identity(self) -> tuple[int, int] | None:
        try:
            stat = self._home.history.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def _open(self, file: tuple[int, int] | None) -> None:
        self.close()
        if file is None:
            return
        try:
            self._connection = connect_for_reading(self._home)
        except CnnlabError:
            return
        if self._connection is not None:
            self._connection.execute("pragma busy_timeout = 0")
            self._file = file
            self._openings += 1
