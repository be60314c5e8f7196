"""Who owns a run: the process that trains it or has it in its queue, and whether that still lives.

The row names the owner (host, boot, process) and has its heartbeat; that is what people see. A
lock on a file in the run's folder is the last word: the kernel holds it for the process and frees
it however the process ends. The processes of another host cannot be looked up, so of its runs the
heartbeat alone tells, and of what waits in its queues nothing does.
"""

from __future__ import annotations

import errno
import functools
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from cnnlab.errors import HistoryError, StorageError
from cnnlab.history.connection import connect_for_writing, transaction
from cnnlab.history.records import RunRecord
from cnnlab.home import Home, make_folder

LIVE = ("running", "paused")

HEARTBEAT_SECONDS = 15.0
"""Between two signs of life of a process that trains."""

SILENCE_SECONDS = 120.0
"""Without a sign of life for so long, a process of another host counts as gone."""

_CLOCK_SECONDS = 60.0
"""How far the clocks of processes and of the history may differ."""
_LOCK_SECONDS = 2.0
"""Others hold a lock for a moment only when they look whether it is held."""
_NO_LOCKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}
"""How file systems without locks answer."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Owner(TypedDict):
    """The columns of a run that name its process."""

    host: str
    boot: str | None
    pid: int


def this_process() -> Owner:
    """This process as the owner of a run."""
    return {"host": socket.gethostname(), "boot": boot_id(), "pid": os.getpid()}


@functools.cache
def boot_id() -> str | None:
    """What Linux calls the time since this host was started; None elsewhere.

    Elsewhere the start of a process tells as much, to a minute; the start of the host is not used
    there, since it moves with the clock.
    """
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return None


def owner_words(run: RunRecord) -> str:
    """The process of a run in words; its host too, if that is another one."""
    where = "" if run.host == socket.gethostname() else f" on {run.host}"
    return f"process {run.pid}{where}"


# Whether it lives


def is_alive(run: RunRecord) -> bool:
    """Whether a process still trains a run, as far as can be told from here."""
    if run.status not in LIVE:
        return False
    return _process_lives(run) if _is_here(run) else _is_heard(run)


def is_waiting(run: RunRecord) -> bool:
    """Whether a process of this machine will still start a queued run."""
    return run.status == "queued" and _is_here(run) and _process_lives(run)


def is_gone(run: RunRecord) -> bool:
    """Whether a run's status promises a process that is not there.

    Of another machine that is not known of what it has queued, nor before the first heartbeat.
    """
    if _is_here(run):
        return run.status in (*LIVE, "queued") and not _process_lives(run)
    return run.status in LIVE and run.heartbeat_at is not None and not _is_heard(run)


def is_mine(run: RunRecord) -> bool:
    """Whether a run belongs to this process."""
    return (run.host, run.pid) == (socket.gethostname(), os.getpid())


def _is_here(run: RunRecord) -> bool:
    return run.host == socket.gethostname()


def _is_heard(run: RunRecord) -> bool:
    """Whether a process of another host gave a sign of life not long ago."""
    if run.heartbeat_at is None:
        return False
    silence = datetime.now(UTC) - datetime.fromisoformat(run.heartbeat_at)
    return silence.total_seconds() < SILENCE_SECONDS


def was_restarted(run: RunRecord) -> bool:
    """Whether this host was started anew since a process of it took a run."""
    return _is_here(run) and None not in (run.boot, boot_id()) and run.boot != boot_id()


def _process_lives(run: RunRecord) -> bool:
    """Whether the process of this machine that a run belongs to is still there."""
    if was_restarted(run):
        return False
    import psutil

    try:
        process = psutil.Process(run.pid)
        started = process.create_time()
        # A dead process keeps its number until its parent asks for its end.
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
    # A younger process has inherited the number from the one that trained the run.
    claimed = datetime.fromisoformat(run.claimed_at or run.created_at)
    return started <= claimed.timestamp() + _CLOCK_SECONDS


def beat(home: Home, run_id: str) -> None:
    """Leaves a sign of life on a run that this process trains.

    Raises:
        HistoryError, StorageError: the history cannot be written.
    """
    me = this_process()
    with closing(connect_for_writing(home)) as db, transaction(db, home.history):
        db.execute(
            "update runs set heartbeat_at = ? where id = ? and host = ? and pid = ?",
            (datetime.now(UTC).isoformat(timespec="milliseconds"), run_id, me["host"], me["pid"]),
        )


# The lock


@contextmanager
def holding(home: Home, run_id: str) -> Iterator[None]:
    """Holds the lock of a run; processes that are forked meanwhile do not keep it.

    On a file system without locks the row alone decides.

    Raises:
        HistoryError: another process holds it.
        StorageError: the folder of the run cannot be written.
    """
    from filelock import FileLock, Timeout

    path = make_folder(home.run_folder(run_id)) / "lock"
    lock = FileLock(
        path,
        _LOCK_SECONDS,
        mode=0o600,
        thread_local=False,
        fallback_to_soft=False,
        on_acquired=_sign,
    )
    try:
        lock.acquire()
    except Timeout as error:
        raise HistoryError(
            f"The run {run_id} is still being trained by {lock_holder(home, run_id)}.",
            "Nothing was changed.",
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise StorageError(
                f"The lock {path} cannot be taken: {error.strerror}.",
                "Check the free space and the permissions of the folder.",
            ) from error
    try:
        yield
    finally:
        lock.release()


def _sign(descriptor: int) -> None:
    """Writes into a lock's file who holds it; on a full disk it is held all the same."""
    me = this_process()
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {me['pid']} on {me['host']}".encode())


def is_held(home: Home, run_id: str) -> bool:
    """Whether some process holds the lock of a run; a lock that cannot be asked counts as held."""
    from filelock import FileLock, Timeout

    path = home.run_folder(run_id) / "lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, 0, fallback_to_soft=False):
            return False
    except Timeout:
        return True
    except OSError as error:
        return error.errno not in _NO_LOCKS


def lock_holder(home: Home, run_id: str) -> str:
    """Who holds the lock of a run, in words."""
    words = ""
    with suppress(OSError, UnicodeDecodeError):
        words = (home.run_folder(run_id) / "lock").read_text(encoding="utf-8")
    return words or "another process"
