"""What a look at a home finds: real damage, real dead processes, and nothing where all is well."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from finished_run import copy, train
from history import samples
from history.conftest import seal  # noqa: F401 - a fixture
from history.processes import Worker

from cnnlab.errors import HistoryError
from cnnlab.execution import home_checks as checks_module
from cnnlab.execution.diagnosis import Finding, diagnose
from cnnlab.execution.home_checks import home_checks
from cnnlab.execution.machine_checks import machine_checks
from cnnlab.history.importing import workshop
from cnnlab.history.queries import Reader
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home, _ = train(tmp_path_factory.mktemp("trained") / "home")
    return home


@pytest.fixture
def used(home: Home, trained: Home) -> Home:
    """A home with one finished run, its checkpoints and its images."""
    copy(trained, home)
    home.root.chmod(0o700)
    return home


def look(home: Home, *, deep: bool = False) -> list[Finding]:
    return list(diagnose(home_checks(home, deep=deep)))


def of(found: list[Finding], check: str) -> list[Finding]:
    return [one for one in found if one.check == check]


def only(found: list[Finding], check: str) -> Finding:
    (one,) = of(found, check)
    return one


def checkpoint(home: Home, kind: str) -> Path:
    (path,) = home.runs.glob(f"*/checkpoints/{kind}-*.pt")
    return path


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is free on this machine's disk is enough."""
    monkeypatch.setattr(checks_module, "LITTLE_SPACE", 0)


@pytest.mark.usefixtures("room")
def test_a_healthy_home_has_nothing_to_do(used: Home) -> None:
    for deep in (False, True):
        found = look(used, deep=deep)
        assert {one.state for one in found} == {"good"}, found
        assert not any(one.remedy for one in found)
    assert "1 run, sound" in only(found, "history").text
    assert only(found, "checkpoints").text == "2 checkpoints, checksums compared"
    assert only(found, "data sets").text == "mnist-5k"
    assert only(found, "journal").text == "wal"


def test_a_home_that_is_not_there_is_not_made(home: Home) -> None:
    assert "not there yet" in only(look(home), "home").text
    assert not home.root.exists()


@pytest.mark.usefixtures("room")
def test_an_empty_home_is_healthy(home: Home) -> None:
    home.root.mkdir(0o700)
    assert {one.state for one in look(home)} == {"good"}
    assert list(home.root.iterdir()) == []


def test_a_home_that_is_no_folder_is_named(home: Home) -> None:
    home.root.write_text("")
    assert "not a folder" in of(look(home), "home")[0].text


def test_a_home_open_to_others_is_named_with_its_cure(used: Home) -> None:
    used.root.chmod(0o755)
    used.history.chmod(0o644)
    folder, file = of(look(used), "home")[1:]
    assert (folder.state, file.state) == ("warning", "warning")
    assert f"chmod 700 {used.root}" in folder.remedy
    assert f"chmod 600 {used.history}" in file.remedy


def test_a_home_on_a_full_disk_is_named(tiny_disk: Path) -> None:
    home = Home(tiny_disk / "home")
    home.root.mkdir(0o700)
    with (tiny_disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    found = look(home)
    assert only(found, "home").state == "bad"
    assert "No space left" in only(found, "home").text
    assert only(found, "space").state == "warning"
    assert "runs prune" in only(found, "space").remedy


def test_a_damaged_history_is_named_and_the_rest_is_looked_at(used: Home) -> None:
    with closing(sqlite3.connect(used.history)) as database:
        database.execute("pragma journal_mode = delete")
        query = "select rootpage from sqlite_master where name = 'log_run'"
        (page,) = database.execute(query).fetchone()
    content = bytearray(used.history.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = os.urandom(4096)
    used.history.write_bytes(content)
    found = look(used)
    assert only(found, "history").state == "bad"
    assert "cnnlab history repair" in only(found, "history").remedy
    assert only(found, "data sets").state == "good"


def test_a_destroyed_history_fails_each_check_that_needs_it(used: Home) -> None:
    used.history.write_bytes(os.urandom(20_000))
    states = {one.check: one.state for one in look(used)}
    bad = {"history", "journal", "checkpoints", "runs", "trash"}
    assert {check for check, state in states.items() if state == "bad"} == bad


def test_checkpoints_that_are_missing_or_cut_are_named(used: Home) -> None:
    best, last = checkpoint(used, "best"), checkpoint(used, "last")
    best.unlink()
    os.truncate(last, 1000)
    missing, damaged = of(look(used), "checkpoints")
    assert (missing.state, damaged.state) == ("warning", "bad")
    assert f"{best} is missing" in missing.text
    assert f"{last} is damaged: 1,000 bytes instead of" in damaged.text
    assert "cnnlab run --from" in damaged.remedy


def test_a_changed_byte_of_a_checkpoint_is_found_by_a_deep_look(used: Home) -> None:
    last = checkpoint(used, "last")
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 1
    last.write_bytes(content)
    assert only(look(used), "checkpoints").state == "good"
    assert "checksum" in only(look(used, deep=True), "checkpoints").text


def test_a_damaged_data_set_is_named(used: Home) -> None:
    path = used.datasets / "mnist-5k.safetensors"
    content = bytearray(path.read_bytes())
    # A label that is no class: the arrays begin behind the header, labels first.
    begin = 8 + int.from_bytes(content[:8], "little")
    content[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(content)
    assert only(look(used), "data sets").state == "good"
    assert only(look(used, deep=True), "data sets").state == "bad"
    os.truncate(path, 10)
    assert "cnnlab data remove mnist-5k" in only(look(used), "data sets").remedy


def test_folders_of_no_run_are_named(used: Home) -> None:
    used.run_folder("dddd0001").mkdir()
    assert "dddd0001" in of(look(used), "checkpoints")[1].text


def test_an_import_under_way_is_nothing_to_remove(used: Home) -> None:
    with workshop(used):
        assert only(look(used), "checkpoints").state == "good"


def test_a_run_whose_process_was_killed_is_named_with_what_goes_on(used: Home) -> None:
    worker = Worker("train", used, "bbbb0001")
    worker.go()
    assert worker.line() == "training"
    assert only(look(used), "runs").state == "good"
    worker.kill()
    gone = only(look(used), "runs")
    assert gone.state == "warning"
    assert f"process {worker.pid} is gone" in gone.text
    assert "cnnlab run --from bbbb0001" in gone.remedy, "it has no checkpoint"


def test_an_interrupted_run_with_a_checkpoint_can_be_resumed(used: Home) -> None:
    with Reader(used) as reader:
        run_id = reader.resolve("digits")
    samples.change(used, "update runs set status = 'interrupted', message = 'SIGTERM'")
    found = only(look(used), "runs")
    assert found.text == f"digits ({run_id}) was interrupted: SIGTERM"
    assert f"cnnlab runs resume {run_id}" in found.remedy


def test_a_run_of_another_host_is_told_as_hearsay(used: Home) -> None:
    host = socket.gethostname()
    samples.change(
        used,
        f"update runs set status = 'running', host = 'not-{host}', heartbeat_at = null",
    )
    assert "as far as the history knows" in only(look(used), "runs").text


def test_the_trash_tells_what_it_holds(used: Home) -> None:
    with Reader(used) as reader:
        move_to_trash(used, [reader.resolve("digits")])
    found = only(look(used), "trash")
    assert (found.text, found.state) == ("1 run", "good")
    assert found.bytes is not None
    assert found.bytes > 1000
    assert "empty-trash" in found.remedy


def test_a_wrong_journal_is_named(used: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNLAB_JOURNAL", "delete")
    with Reader(used):
        found = only(look(used), "journal")
    assert (found.state, found.text) == ("warning", "wal, not delete")
    monkeypatch.setenv("CNNLAB_JOURNAL", "ram")
    assert "wal or delete" in only(look(used), "journal").remedy


def test_wal_on_a_network_file_system_is_named(used: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNLAB_JOURNAL", "wal")
    monkeypatch.setattr(checks_module, "file_system", lambda _: "nfs4")
    assert "unsafe" in only(look(used), "journal").text


def test_a_check_that_raises_is_a_finding() -> None:
    def told(_: str) -> None:
        raise HistoryError("It is broken.", "Mend it.")

    def untold(_: str) -> None:
        raise ZeroDivisionError("oh")

    first, second = diagnose({"a": told, "b": untold})  # type: ignore[dict-item]
    assert first == Finding("a", "bad", "It is broken.", "Mend it.")
    assert (second.state, second.text) == ("bad", "Cannot be checked: ZeroDivisionError: oh")


def test_the_machine_is_well(home: Home) -> None:
    del home
    found = list(diagnose(machine_checks()))
    assert not [one for one in found if one.state == "bad"]
    assert {one.check for one in found} == set(machine_checks())


def test_a_torch_that_cannot_be_imported_is_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    found = {one.check: one for one in diagnose(machine_checks())}
    assert found["torch"].state == found["devices"].state == "bad"
    assert "torch" in found["torch"].text
    assert "Install torch and torchvision together" in found["torchvision"].remedy
    assert found["processor"].state == "good"


def test_a_read_only_home_is_looked_at(used: Home, seal: Callable[[Path], None]) -> None:  # noqa: F811
    seal(used.root)
    found = look(used)
    assert of(found, "home")[0].state == "bad"
    assert only(found, "history").state == "good"
