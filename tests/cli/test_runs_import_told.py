"""What `cnnlab runs import` tells of many runs, of those that are here, and of what is left out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from cnnlab.interchange.event_files import EventWriter

Inside = Callable[..., subprocess.CompletedProcess[str]]


def write(folder: Path, tag: str = "val_loss", loss: float = 0.5) -> None:
    with EventWriter(folder) as writer:
        writer.scalars({tag: loss}, 1, 1.7e9)


def test_damage_is_told_of_the_last_of_many_runs(inside: Inside, tmp_path: Path) -> None:
    for number in range(24):
        write(tmp_path / f"r{number:02}", loss=float(number))
        write(tmp_path / f"r{number:02}", loss=float(number))
    cut = max((tmp_path / "r22").iterdir())
    cut.write_bytes(cut.read_bytes()[:-5])
    done = inside("runs", "import", str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    (damage,) = (place for place, line in enumerate(lines) if "comes after that is lost" in line)
    assert lines[damage].startswith(cut.name)
    assert lines[damage - 1].startswith("Imported r22 (")
    assert "Imported r23 (" not in done.stderr
    assert lines[-1] == "Imported 24 runs."


def test_a_run_that_is_the_same_as_another_is_named(inside: Inside, tmp_path: Path) -> None:
    for name in ("r00", "r01"):
        write(tmp_path / name)
    done = inside("runs", "import", str(tmp_path), "--json")
    told = json.loads(done.stdout)
    (run_id,) = {one["id"] for one in told}
    assert [one["file"] for one in told] == [str(tmp_path / "r00"), str(tmp_path / "r01")]
    assert (
        f"r01 of {tmp_path / 'r01'} is the same as r00 ({run_id}), another of these."
    ) in done.stderr
    assert "here already" not in done.stderr
    again = inside("runs", "import", str(tmp_path / "r01"))
    assert (
        f"r01 of {tmp_path / 'r01'} is the same as r00 ({run_id}), which is here already and"
        " stays as it is."
    ) in again.stderr


def test_copies_are_counted_apart_from_what_is_here(inside: Inside, tmp_path: Path) -> None:
    files = [tmp_path / f"r{number:02}.csv" for number in range(25)]
    for file in files:
        file.write_text("epoch,train_loss\n1,0.5\n")
    first = inside("runs", "import", *map(str, files), "--tag", "moved")
    assert first.stderr.splitlines()[-1] == "Imported 1 run; 24 are the same as others of these."
    assert "changed nothing" not in first.stderr
    files[0].write_text("epoch,train_loss\n1,0.25\n")
    files[1].write_text("epoch,train_loss\n1,0.25\n")
    again = inside("runs", "import", *map(str, files), "--tag", "moved")
    assert again.stderr.splitlines()[-2:] == [
        "--tag changed nothing of what was here already.",
        "Imported 1 run; 23 were here already; 1 is the same as another of these.",
    ]


def test_what_was_left_out_is_told_though_all_else_is_here(inside: Inside, tmp_path: Path) -> None:
    write(tmp_path / "r00")
    assert inside("runs", "import", str(tmp_path)).returncode == 0
    write(tmp_path / "odd", tag="box")
    done = inside("runs", "import", str(tmp_path), "--json")
    assert "No known curve, so not imported: 'odd'." in done.stderr.splitlines()
    assert json.loads(done.stdout)[0]["told"][-1] == "No known curve, so not imported: 'odd'."
