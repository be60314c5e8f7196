"""The health of a home: its folder, its history, and the files that belong to its runs."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

from cnnlab.amounts import how_many
from cnnlab.errors import CheckpointError, DataError
from cnnlab.execution.diagnosis import Check, Finding
from cnnlab.history.connection import MIGRATIONS, applied_migrations, open_to_read
from cnnlab.history.journal import VARIABLE, file_system, is_network, wanted_mode
from cnnlab.history.ownership import LIVE, is_alive, is_gone, is_waiting, owner_words
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.history.records import CheckpointRecord, RunRecord
from cnnlab.history.repair import problems
from cnnlab.history.resumption import checkpoint_file
from cnnlab.history.trash import trash_size
from cnnlab.home import RUN_ID, Home

LITTLE_SPACE = 1_000_000_000
"""Bytes; below, a few checkpoints may fill the disk."""

_MOST_NAMED = 10


def home_checks(home: Home, *, deep: bool) -> dict[str, Check]:
    """The checks of a home; nothing is created or changed but for an older history's upgrade.

    Args:
        deep: read every checkpoint and data set whole, and compare checksums.
    """
    if not home.root.exists():
        return {"home": partial(_absent, home)}
    return {
        "home": partial(_folder, home),
        "space": partial(_space, home),
        "history": partial(_history, home),
        "journal": partial(_journal, home),
        "checkpoints": partial(_checkpoints, home, deep),
        "data sets": partial(_datasets, home, deep),
        "runs": partial(_unfinished, home),
        "trash": partial(_trash, home),
    }


def _absent(home: Home, check: str) -> Iterator[Finding]:
    yield Finding(check, "good", f"{home.root} is not there yet; the first run makes it")


def _folder(home: Home, check: str) -> Iterator[Finding]:
    if not home.root.is_dir():
        yield Finding(check, "bad", f"{home.root} is not a folder", "Set CNNLAB_HOME to one.")
        return
    try:
        # Asking for permission does not tell of a read-only or a full disk.
        with tempfile.TemporaryFile(dir=home.root) as file:
            file.write(bytes(1))
            file.flush()
        yield Finding(check, "good", f"{home.root} can be written")
    except OSError as error:
        remedy = "Set CNNLAB_HOME to a folder that you can write to, or free some space."
        yield Finding(check, "bad", f"{home.root} cannot be written: {error.strerror}", remedy)
    for path in (home.root, home.history):
        if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            closed = mode & 0o700
            text = f"others than its owner may use {path} (mode {mode:o})"
            yield Finding(check, "warning", text, f"`chmod {closed:o} {path}` closes it to them.")


def _space(home: Home, check: str) -> Iterator[Finding]:
    free = shutil.disk_usage(home.root).free
    kind = file_system(home.root) or "unknown"
    text = f"free on the file system of the home ({kind})"
    if free >= LITTLE_SPACE:
        yield Finding(check, "good", text, bytes=free)
        return
    remedy = "`cnnlab runs prune` and `cnnlab runs empty-trash` free files of runs."
    yield Finding(check, "warning", text, remedy, free)


# History


def _history(home: Home, check: str) -> Iterator[Finding]:
    path = home.history
    if not path.exists():
        yield Finding(check, "good", "none yet")
        return
    found = problems(home)
    if found:
        more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
        remedy = "`cnnlab history repair` saves what can be saved, or bring a backup."
        yield Finding(check, "bad", f"{path} is damaged: {found[0]}{more}", remedy)
        return
    newest = max(applied_migrations(path), default="empty")
    with Reader(home) as reader:
        count = len(reader.run_ids()) + len(reader.run_ids(RunFilter(trashed=True)))
    upgraded = "" if newest == MIGRATIONS[-1] else f", brought up to {MIGRATIONS[-1]}"
    text = f"{how_many(count, 'run')}, sound, {newest}{upgraded}"
    yield Finding(check, "good", text, bytes=path.stat().st_size)


def _journal(home: Home, check: str) -> Iterator[Finding]:
    wanted = wanted_mode(home.root)
    if not home.history.exists():
        yield Finding(check, "good", f"{wanted} for a new history")
        return
    with closing(open_to_read(home.history)) as connection:
        (mode,) = connection.execute("pragma journal_mode").fetchone()
    if mode != wanted:
        remedy = "It is switched when the history is written and nothing else has it open."
        yield Finding(check, "warning", f"{mode}, not {wanted}", remedy)
    elif mode == "wal" and is_network(file_system(home.root)):
        remedy = f"Leave {VARIABLE} out, or set it to delete."
        yield Finding(check, "warning", "wal, which is unsafe on a network file system", remedy)
    else:
        yield Finding(check, "good", str(mode))


# Files of runs


def _checkpoints(home: Home, deep: bool, check: str) -> Iterator[Finding]:
    # Looked at first, since a run has its row before its folder.
    there = home.runs.iterdir() if home.runs.is_dir() else ()
    # An import that is under way has a folder of another name among them.
    folders = {path.name for path in there if RUN_ID.fullmatch(path.name)}
    with Reader(home) as reader:
        runs = [*reader.runs(), *reader.runs(RunFilter(trashed=True))]
        held = reader.checkpoints([run.id for run in runs])
    # Those of a run under way come and go.
    settled = [run for run in runs if not is_alive(run)]
    broken = [
        finding
        for run in settled
        for one in held[run.id]
        if (finding := _checkpoint(home, run, one, deep=deep, check=check))
    ]
    yield from broken[:_MOST_NAMED]
    if len(broken) > _MOST_NAMED:
        yield Finding(check, "warning", f"{len(broken) - _MOST_NAMED} more are like these")
    rows = [one for run in settled for one in held[run.id]]
    if not broken:
        text = how_many(len(rows), "checkpoint") + (
            ", checksums compared" if deep else ", all there"
        )
        size = sum(one.bytes for one in rows)
        yield Finding(check, "good", text if rows else "none", bytes=size if rows else None)
    if others := sorted(folders - {run.id for run in runs}):
        shown = ", ".join(others[:_MOST_NAMED]) + (" …" if len(others) > _MOST_NAMED else "")
        remedy = f"Remove them from {home.runs} by hand if you do not miss their runs."
        yield Finding(check, "warning", f"folders without a run in the history: {shown}", remedy)


def _checkpoint(
    home: Home, run: RunRecord, one: CheckpointRecord, *, deep: bool, check: str
) -> Finding | None:
    path = checkpoint_file(home, run.id, one)
    remedy = f"`cnnlab run --from {run.id}` trains the run again."
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return Finding(check, "warning", f"{_named(run)}: {path} is missing", remedy)
    wrong = "" if size == one.bytes else f"{size:,} bytes instead of {one.bytes:,}"
    if deep and not wrong:
        from cnnlab.training.checkpoints import load_checkpoint

        try:
            load_checkpoint(path, one.sha256)
        except CheckpointError as error:
            wrong = error.message
    return (
        Finding(check, "bad", f"{_named(run)}: {path} is damaged: {wrong}", remedy)
        if wrong
        else None
    )


def _datasets(home: Home, deep: bool, check: str) -> Iterator[Finding]:
    from cnnlab.data import library, store

    names = library.present(home)
    sound, size = [], 0
    for name in names:
        path = store.dataset_path(home, name)
        try:
            if deep:
                store.load(path)
            else:
                store.read_info(path)
        except DataError as error:
            yield Finding(check, "bad", error.message, error.hint)
            continue
        sound.append(name)
        size += path.stat().st_size
    if sound:
        yield Finding(check, "good", ", ".join(sound), bytes=size)
    elif not names:
        yield Finding(check, "good", "none yet; `cnnlab data list` tells what can be had")


def _unfinished(home: Home, check: str) -> Iterator[Finding]:
    with Reader(home) as reader:
        found = [
            run for status in (*LIVE, "queued", "interrupted")
            for run in reader.runs(RunFilter(status=status))
        ]  # fmt: skip
        held = reader.checkpoints([run.id for run in found])
    for run in found:
        yield _unfinished_run(home, run, held[run.id], check)
    if not found:
        yield Finding(check, "good", "none under way, none interrupted")


def _unfinished_run(
    home: Home, run: RunRecord, held: Sequence[CheckpointRecord], check: str
) -> Finding:
    gone = is_gone(run)
    if not gone and run.status != "interrupted":
        sure = is_alive(run) or is_waiting(run)
        text = f"{_named(run)} is {run.status} in {owner_words(run)}"
        return Finding(check, "good", text + ("" if sure else ", as far as the history knows"))
    told = f": {run.message}" if run.message else ""
    text = f"{_named(run)} was interrupted{told}"
    if gone:
        text = f"{_named(run)} is {run.status}, but {owner_words(run)} is gone"
    # Of a queued run nothing is trained yet; the others go on from a checkpoint.
    resumable = run.status == "queued" or any(
        one.kind != "best" and checkpoint_file(home, run.id, one).is_file() for one in held
    )
    if resumable:
        return Finding(check, "warning", text, f"`cnnlab runs resume {run.id}` goes on with it.")
    remedy = f"It has no checkpoint to go on from: `cnnlab run --from {run.id}` trains it again."
    return Finding(check, "warning", text, remedy)


def _trash(home: Home, check: str) -> Iterator[Finding]:
    count, size = trash_size(home)
    if not count:
        yield Finding(check, "good", "empty")
        return
    remedy = "`cnnlab runs empty-trash` deletes them for good."
    yield Finding(check, "good", how_many(count, "run"), remedy, size)


def _named(run: RunRecord) -> str:
    return f"{run.name} ({run.id})"
