"""`cnnlab runs import`: a run on another machine is as it was; curves are told from whole runs."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from waiting import SECONDS, still_runs, wait_until

from cnnlab.export.archive import write_archive
from cnnlab.export.job import ExportJob
from cnnlab.history.queries import Reader
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]
CURVES = "epoch,train_loss,val_loss,val_acc\n1,2.0,1.9,0.3\n2,1.5,1.6,0.45\n"
CHANGED = {"origin", "checkpoints"}
"""What is said otherwise of a run where it was imported."""


@pytest.fixture(scope="module")
def brought(
    trained: tuple[Home, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, str, Path]:
    """A real run, and an archive of it."""
    archive = tmp_path_factory.mktemp("brought") / "digits.cnnlab.zip"
    write_archive(ExportJob(trained[0], (trained[1],)), archive)
    return *trained, archive


def shown(inside: Cnnlab, run: str) -> dict[str, Any]:
    done = inside("runs", "show", run, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def mistakes(inside: Cnnlab, run: str) -> str:
    done = inside("runs", "mistakes", run, "--json", "--limit", "5")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_of_an_archive_is_used_as_where_it_was_trained(
    cnnlab: Cnnlab,
    inside: Cnnlab,
    brought: tuple[Home, str, Path],
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, run_id, archive = brought
    done = cnnlab("runs", "import", str(archive), "--tag", "moved", "--tag", " ")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"Imported digits ({run_id}). See it with `cnnlab runs show {run_id}`." in done.stderr
    here, here_mistakes = shown(inside, run_id), mistakes(inside, run_id)
    monkeypatch.setenv("CNNLAB_HOME", str(there.root))
    before, there_mistakes = shown(inside, run_id), mistakes(inside, run_id)
    monkeypatch.setenv("CNNLAB_HOME", str(home.root))
    assert {key for key in before if before[key] != here[key]} == {*CHANGED, "tags"}
    assert (here["origin"], here["tags"]) == ("archive", ["moved"])
    assert here_mistakes == there_mistakes
    for one in here["checkpoints"]:
        assert Path(one["path"]).is_relative_to(home.root)
    resumed = inside("runs", "resume", run_id)
    assert (resumed.returncode, "is finished" in resumed.stderr) == (1, True)
    assert inside("runs", "prune", "--keep", "best", "--yes").returncode == 0
    kept = [path.name.partition("-")[0] for path in home.checkpoints(run_id).iterdir()]
    assert kept == ["best"]
    assert inside("runs", "delete", run_id, "--yes").returncode == 0
    again = inside("runs", "import", str(archive))
    assert f"digits ({run_id}) is in the trash: `cnnlab runs restore {run_id}`" in again.stderr
    assert inside("runs", "empty-trash", "--yes").returncode == 0
    assert not home.run_folder(run_id).exists()


PATIENT = """
from cnnlab.cli.main import main
from cnnlab.history import connection
connection.BUSY_SECONDS = 3600.0
main()
"""
"""The command, which waits for its turn to write as long as a test may take to end it."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_import_that_is_ended_leaves_nothing(
    brought: tuple[Home, str, Path], curves: Home, number: signal.Signals
) -> None:
    """Ended while it waits for its turn to write, with all files of the run laid ready."""
    home, archive = curves, brought[2]
    there = {path.name for path in home.runs.iterdir()}
    with closing(sqlite3.connect(home.history, isolation_level=None)) as other:
        other.execute("begin immediate")
        process = subprocess.Popen(
            [sys.executable, "-c", PATIENT, "runs", "import", str(archive)],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(
                lambda: any(home.runs.glob(".import-*/**/last-*.pt")),
                "the checkpoint",
                see=lambda: still_runs(process),
            )
            process.send_signal(number)
            other.execute("rollback")
            _, said = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert process.returncode == {signal.SIGINT: 130}.get(number, 128 + number), said
    assert {path.name for path in home.runs.iterdir()} == there
    with Reader(home) as reader:
        assert [run.name for run in reader.runs()] == ["old"]


def test_what_is_here_already_stays_and_is_told(
    inside: Cnnlab, brought: tuple[Home, str, Path]
) -> None:
    _, run_id, archive = brought
    first = inside("runs", "import", str(archive), "--name", "mine", "--json")
    assert json.loads(first.stdout) == [
        {
            "id": run_id, "name": "mine", "origin": "archive", "file": str(archive),
            "imported": True, "told": [],
        }
    ]  # fmt: skip
    again = inside("runs", "import", str(archive), "--json")
    assert again.returncode == 0
    assert again.stderr == f"mine ({run_id}) is here already and stays as it is.\n"
    assert json.loads(again.stdout)[0]["name"] == "mine"
    other = inside("runs", "import", str(archive), "--name", "other", "--tag", "x")
    assert "--name and --tag changed nothing of what was here already." in other.stderr
    assert f"mine ({run_id}) is here already" in other.stderr
    assert [one["imported"] for one in json.loads(again.stdout)] == [False]
    assert shown(inside, run_id)["name"] == "mine"


def test_another_run_of_the_same_id_is_told(
    inside: Cnnlab, brought: tuple[Home, str, Path], home: Home
) -> None:
    from history.samples import add_run

    _, run_id, archive = brought
    add_run(home, run_id, name="another")
    done = inside("runs", "import", str(archive))
    with Reader(home) as reader:
        (new,) = {run.id for run in reader.runs()} - {run_id}
    taken = "its id is taken here by another run"
    assert f"Imported digits ({run_id}), as {new}: {taken}." in done.stderr


@pytest.mark.parametrize(("here", "brought"), [(1, 2), (2, 1), (2, 2)])
def test_what_differs_is_told_of_a_run_that_was_here_at_another_time(
    inside: Cnnlab, home: Home, tmp_path: Path, here: int, brought: int
) -> None:
    from history import samples

    there = Home(tmp_path / "there")
    for place, epochs in ((home, here), (there, brought)):
        samples.add_run(place, "aaaa0001", name="stopped")
        samples.record(place, "aaaa0001", *map(samples.epoch, range(1, epochs + 1)))
        samples.change(place, "update runs set created_at = '2026-01-01T00:00:00.000+00:00'")
    samples.record(there, "aaaa0001", samples.steps(1, (0.5,)))
    write_archive(ExportJob(there, ("aaaa0001",)), tmp_path / "x.zip")
    done = inside("runs", "import", str(tmp_path / "x.zip"))
    with Reader(home) as reader:
        (new,) = {run.id for run in reader.runs()} - {"aaaa0001"}
    count = f"{here} epoch{'s' if here > 1 else ''}"
    remedy = "`cnnlab runs delete` removes the one you do not need"
    shorter = "aaaa0001" if here < brought else new
    if here != brought:
        remedy = f"`cnnlab runs delete {shorter}` keeps the longer one only"
    assert (
        f"Imported stopped (aaaa0001), as {new}: it is here already with {count}, this one has"
        f" {brought}; {remedy}."
    ) in done.stderr
    if here != brought:
        assert inside("runs", "delete", shorter, "--yes").returncode == 0
        assert inside("runs", "show", "stopped", "--json").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["absent.zip"], 2, "There is nothing at absent.zip."),
        (["notes.txt"], 1, "notes.txt is nothing that can be imported."),
        (["other.zip"], 1, "other.zip is damaged or cut short"),
        (["curves.csv", "--column", "lr"], 2, "'lr' names no column."),
        (["curves.csv", "curves.csv", "--name", "x"], 2, "they cannot all be called 'x'."),
        (["curves.csv", "--name", "latest"], 2, "A run cannot be called 'latest'"),
    ],
)
def test_what_cannot_be_imported_is_told_and_changes_nothing(
    inside: Cnnlab,
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_bytes(b"\x00\x01\x02")
    Path("other.zip").write_bytes(b"PK\x03\x04")
    Path("curves.csv").write_text(CURVES)
    done = inside("runs", "import", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    with Reader(home) as reader:
        assert reader.run_ids() == []
    assert not home.runs.exists() or not list(home.runs.iterdir())


@pytest.fixture
def curves(home: Home, tmp_path: Path) -> Home:
    """A home with a run of curves alone."""
    from cnnlab.interchange.readers import ImportOptions, import_runs

    path = tmp_path / "curves.csv"
    path.write_text(CURVES)
    import_runs(home, [path], ImportOptions(dataset="mnist-5k", model="lenet", name="old"))
    return home


REFUSING = {
    "run --from old": "imported as curves alone",
    "run --from old --dry-run": "imported as curves alone",
    "run --from old --detach": "imported as curves alone",
    "runs resume old": "imported as curves alone",
    "runs resume old --detach": "imported as curves alone",
    "runs mistakes old": "imported as curves alone",
    "evaluate old": "imported as curves alone",
    "predict old picture.png": "imported as curves alone",
    "runs stop old": "is finished, not under way",
    "runs pause old": "is finished, not under way",
    "runs continue old": "is finished, not under way",
    "export old --format safetensors --output x": "imported as curves alone",
}


@pytest.mark.parametrize("command", REFUSING)
def test_what_curves_cannot_do_is_said_in_a_sentence(
    inside: Cnnlab,
    curves: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    from PIL import Image

    del curves
    Image.new("L", (28, 28)).save(tmp_path / "picture.png")
    monkeypatch.chdir(tmp_path)
    done = inside(*command.split())
    assert done.returncode == 1
    assert REFUSING[command] in done.stderr
    assert "Traceback" not in done.stderr
    assert "internal" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "runs list", "runs list --sort lr", "runs list --sort optimizer", "runs list --sort seed",
        "runs list --filter acc>0 --json", "runs list --filter origin:csv", "runs show old",
        "runs show old --json", "runs show old --once", "runs show old --curves --by step",
        "runs show old --curves --by time", "history check", "doctor",
        "runs prune --keep best --yes", "runs delete old --yes",
        "export old --format archive --output x.zip", "study show chen/learning-rate",
    ],
)  # fmt: skip
def test_whatever_else_takes_runs_takes_curves(
    inside: Cnnlab,
    curves: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = inside(*command.split())
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if command == "runs list --filter origin:csv":
        assert "old" in done.stdout
    with Reader(curves) as reader:
        assert len(reader.runs()) == (0 if "delete" in command else 1)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("runs show old --by time", "No times were imported with these curves"),
        ("runs compare old older --by time --once", "No times were imported with these curves"),
        ("export old --format svg --by time --output x", "was recorded with its time"),
    ],
)
def test_that_no_times_are_known_is_said_where_curves_should_be(
    inside: Cnnlab,
    curves: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    words: str,
) -> None:
    from cnnlab.interchange.readers import ImportOptions, import_runs

    monkeypatch.chdir(tmp_path)
    import_runs(curves, [Path("curves.csv")], ImportOptions(name="older"))
    done = inside(*command.split())
    assert words in done.stdout + done.stderr
    assert not Path("x").exists()


@pytest.mark.usefixtures("curves")
def test_a_report_says_that_no_times_are_known(
    inside: Cnnlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = inside("export", "old", "--format", "html", "--by", "time", "--output", "x")
    assert done.returncode == 0, done.stderr
    assert "No times were imported with these curves" in Path("x").read_text()
