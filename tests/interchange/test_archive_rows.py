"""Rows that no history has, or too many of them, have their archive refused in a sentence."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from interchange.archives import rewrite
from interchange.harmed_archives import CHECKPOINTS, ROWS, refused, with_rows

from cnnlab.home import Home
from cnnlab.interchange import archive_format


def kind(table: str, *columns: object) -> dict[str, object]:
    return {"table": table, "columns": list(columns)}


CHECKPOINT = ("kind", "epoch", "step", "path", "bytes", "sha256", "value", "saved_at")
LINES: dict[str, tuple[object, ...]] = {
    "no table": ({"table": "sqlite_master", "columns": ["name"]}, ["x"]),
    "a migration": (kind("_sqlite_migrations", "id"), [1]),
    "a second run": (kind("runs", "id"), ["bbbb0001"]),
    "an evil column": (kind("notes", "text", "written_at) values (1,2); --"), ["x", "y"]),
    "a nested column": (kind("notes", ["text"], "written_at"), ["x", "y"]),
    "a column twice": (kind("notes", "text", "text"), ["x", "y"]),
    "too few values": (kind("notes", "text", "written_at"), ["x"]),
    "a list for a text": (kind("notes", "text", "written_at"), [["x"], "2026-01-01"]),
    "a table for a text": (kind("notes", "text", "written_at"), [{"x": 1}, "2026-01-01"]),
    "a time that is none": (kind("notes", "text", "written_at"), ["x", "soon"]),
    "a text": ("runs",),
    "a number": (5,),
    "nothing": (None,),
    "a checkpoint": (
        kind("checkpoints", *CHECKPOINT),
        ["best", 1, 1, "/etc/passwd", 1, "0" * 64, 0.5, "2026-01-01"],
    ),
}  # fmt: skip


def test_rows_that_swell_are_refused_before_they_are_unpacked(used: Home, archive: Path) -> None:
    line = b"x" * (1 << 20)
    rewrite(archive, lambda name, data: line * 200 if name == ROWS else data)
    assert archive.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        refused(used, archive, "would unpack to far more than that")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_row_that_is_too_long_is_refused(used: Home, archive: Path) -> None:
    line = b"[" + b"1," * (archive_format.LONGEST_LINE // 2 + 1) + b"1]"
    rewrite(archive, lambda name, data: data + line if name == ROWS else data)
    refused(used, archive, "a row is too long")


@pytest.mark.parametrize("what", LINES)
def test_rows_that_cannot_be_are_refused(used: Home, archive: Path, what: str) -> None:
    with_rows(archive, *LINES[what])
    refused(used, archive, r"holds what no history does")


def test_a_value_that_cannot_be_is_told_by_its_own_column(used: Home, archive: Path) -> None:
    columns = ("train_loss", "epoch", "step", "lr", "seconds", "images_per_second")
    with_rows(archive, kind("epochs", *columns), [None, None, 4, 0.1, 1.0, 1.0])
    refused(used, archive, r"epochs\.epoch is 'None'")


@pytest.mark.parametrize(
    "row",
    [
        ["previous", 1, 1, "/etc/passwd", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, "../../ffff0001/checkpoints/last.pt", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, "absent.pt", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, "last-epoch0002-step0000008.pt", 1, "0" * 64, 0.5, "2026-01-01"],
        ["previous", 1, 1, None, 1, "0" * 64, 0.5, "2026-01-01"],
    ],
)
def test_a_checkpoint_that_is_not_in_the_archive_is_refused(
    used: Home, archive: Path, row: list[object]
) -> None:
    with_rows(archive, kind("checkpoints", *CHECKPOINT), row, member=CHECKPOINTS)
    refused(used, archive, "a checkpoint .* that is not there")


def test_rows_of_another_run_are_refused(used: Home, archive: Path) -> None:
    rewrite(
        archive, lambda name, data: data.replace(b"aaaa0001", b"ffff0001") if name == ROWS else data
    )
    refused(used, archive, "rows of something else in the place of the run aaaa0001")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\n", b"[" * 100_000, b"[" + b"9" * 9999 + b"]"]
)
def test_rows_that_are_none_are_refused(used: Home, archive: Path, content: bytes) -> None:
    rewrite(archive, lambda name, data: content if name == ROWS else data)
    refused(used, archive, "holds what no history does")
