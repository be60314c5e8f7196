"""Archives that are harmed, and what must not come of them; the run in them is aaaa0001."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from history import samples
from interchange.archives import bring, members_of, pack, restated, rewrite

from cnnlab.errors import ExchangeError
from cnnlab.home import Home

ROWS = "runs/aaaa0001/rows.jsonl"
CHECKPOINTS = "runs/aaaa0001/checkpoints.jsonl"
LAST = "runs/aaaa0001/checkpoints/last-epoch0002-step0000008.pt"


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder, but for what SQLite and locks come and go with."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in (".lock", ".db-shm", ".db-wal")
    }


def refused(home: Home, path: Path, match: str) -> None:
    """Tries an import that must fail, and looks at all that it must not touch."""
    counts, files = samples.counts(home), tree(home.runs)
    around = set(path.parent.parent.rglob("*"))
    with pytest.raises(ExchangeError, match=match) as caught:
        bring(home, path)
    assert caught.value.hint
    assert samples.counts(home) == counts
    assert tree(home.runs) == files
    assert [one for one in home.runs.iterdir() if one.name != "ffff0001"] == []
    assert {one for one in path.parent.parent.rglob("*") if home.root not in one.parents} <= around


def restate(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the manifest alone."""
    pack(path, restated(members_of(path), change))


def add_member(path: Path, name: str, data: bytes = b"evil", **about: Any) -> None:
    """A further member, of which the manifest knows too."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    for key, value in about.items():
        setattr(info, key, value)

    rewrite(path, lambda _, content: content, (info, data))


def entry_of(path: Path, name: str) -> int:
    """Where the entry of a member begins in the directory of a zip; its name comes 46 bytes on."""
    with zipfile.ZipFile(path) as made:
        return path.read_bytes().index(name.encode(), made.start_dir) - 46


def repack(path: Path, packing: int, chosen: Callable[[str], bool] = lambda _: True) -> None:
    """Packs members in another way, and leaves all else as it is."""
    members = members_of(path)
    for info, _ in members:
        info.compress_type = packing if chosen(info.filename) else info.compress_type
    pack(path, members)


def with_rows(path: Path, *lines: object, member: str = ROWS) -> None:
    """Further lines of a file of rows."""
    more = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    rewrite(path, lambda name, data: data + more if name == member else data)
