"""Which journal SQLite keeps beside the history: a write-ahead log, or its old rollback journal.

WAL lets readers go on while a run writes; it needs shared memory, which network file systems do
not give. What the mount table does not tell, the user does, by ``CNNLAB_JOURNAL``.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from functools import cache
from pathlib import Path

from cnnlab.errors import ConfigError

VARIABLE = "CNNLAB_JOURNAL"
MODES = ("wal", "delete")

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "lustre", "gpfs", "beegfs",
            "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.cephfs"}  # fmt: skip


def wanted_mode(folder: Path) -> str:
    """What ``CNNLAB_JOURNAL`` names, else `delete` on a network file system and `wal` elsewhere.

    Raises:
        ConfigError: the variable names neither.
    """
    named = os.environ.get(VARIABLE, "")
    if not named:
        return "delete" if is_network(file_system(folder)) else "wal"
    if named not in MODES:
        raise ConfigError(
            f"{VARIABLE} is {named!r}, which is no journal mode.",
            f"Set it to {' or '.join(MODES)}, or leave it out.",
        )
    return named


def is_network(kind: str) -> bool:
    """Whether a file system of this kind lies on another machine."""
    return kind in _NETWORK


@cache
def file_system(folder: Path) -> str:
    """The kind of file system that a folder lies on, as the mount table names it; else empty."""
    import psutil

    mounts = [
        partition
        for partition in psutil.disk_partitions(all=True)
        if folder.resolve().is_relative_to(partition.mountpoint)
    ]
    nearest = max(mounts, key=lambda partition: len(partition.mountpoint), default=None)
    return nearest.fstype if nearest is not None else ""


def switch(connection: sqlite3.Connection, mode: str) -> None:
    """Gives a history the journal it should have, unless somebody else has the file open.

    Then, and where it cannot be written, it stays as it is until it is opened the next time.
    """
    (kept,) = connection.execute("pragma journal_mode").fetchone()
    if kept == mode:
        return
    (patience,) = connection.execute("pragma busy_timeout").fetchone()
    connection.execute("pragma busy_timeout = 0")
    with suppress(sqlite3.OperationalError):
        connection.execute(f"pragma journal_mode = {mode}")
    connection.execute(f"pragma busy_timeout = {patience}")
