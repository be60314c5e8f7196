"""`cnnlab history`, run as a user runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from history import samples

from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def used(home: Home) -> Home:
    for run_id in ("aaaa0001", "aaaa0002"):
        samples.add_run(home, run_id, note="a note")
        samples.record(home, run_id, *samples.life())
    return home


def damage(home: Home) -> None:
    """Random-looking bytes over the tree of the notes."""
    query = "select rootpage from sqlite_master where name = 'notes'"
    ((page,),) = samples.plain(home, query)
    content = bytearray(home.history.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xa5\x5a\x0d\xff" * 1024
    home.history.write_bytes(content)


def test_a_backup_tells_what_it_holds(
    cnnlab: Cnnlab, inside: Cnnlab, used: Home, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    done = cnnlab("history", "backup", str(target))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{target}: 2 runs, ")
    again = inside("history", "backup", str(target))
    assert (again.returncode, again.stdout) == (2, "")
    assert "`--force` replaces it." in again.stderr
    assert inside("history", "backup", str(target), "--force").returncode == 0
    itself = inside("history", "backup", str(used.history), "--force")
    assert itself.returncode == 2
    assert "the history itself" in itself.stderr


def test_a_backup_takes_the_place_of_a_lost_history(
    inside: Cnnlab, used: Home, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    inside("history", "backup", str(target))
    for path in used.root.glob("history.db*"):
        path.unlink()
    target.rename(used.history)
    assert inside("runs", "list").stdout.count("lenet") == 4


def test_a_sound_history_is_said_to_be(cnnlab: Cnnlab, used: Home) -> None:
    assert cnnlab("history", "check").stdout == f"{used.history}: sound\n"
    done = cnnlab("history", "repair")
    assert (done.returncode, done.stdout) == (0, f"{used.history}: sound; nothing to repair\n")


def test_a_damaged_history_is_checked_and_repaired(inside: Cnnlab, used: Home) -> None:
    damage(used)
    checked = inside("history", "check")
    assert checked.returncode == 1
    assert checked.stdout
    assert "cnnlab history repair" in checked.stderr
    done = inside("history", "repair")
    assert done.returncode == 0, done.stderr
    saved = dict(line.split() for line in done.stdout.splitlines()[1:])
    assert (saved["runs"], saved["epochs"], saved["notes"]) == ("2", "4", "0")
    (kept,) = used.root.glob("history.db.damaged-*")
    assert f"The damaged history is kept as {kept}." in done.stderr
    assert "No run is known to be lost." in done.stderr
    assert inside("history", "check").returncode == 0


def test_a_run_that_is_lost_is_named(inside: Cnnlab, used: Home) -> None:
    samples.change(used, "update runs set config = '{' where id = 'aaaa0002'")
    done = inside("runs", "list")
    assert done.returncode == 1
    assert "cnnlab history repair" in done.stderr
    assert "Runs whose rows are lost: aaaa0002." in inside("history", "repair").stderr
    assert "aaaa0001" in inside("runs", "list").stdout


@pytest.mark.parametrize("command", ["check", "repair"])
def test_without_a_history_there_is_nothing_to_do(inside: Cnnlab, home: Home, command: str) -> None:
    done = inside("history", command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no history" in done.stderr
    assert not home.root.exists()
