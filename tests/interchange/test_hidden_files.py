"""A folder that is imported may hold what a program that was killed left half written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from interchange.archives import bring

from cnnlab.errors import ExchangeError
from cnnlab.home import Home
from cnnlab.interchange.event_files import EventWriter
from cnnlab.interchange.readers import readers_of

CURVES = "epoch,train_loss,val_loss\n1,2.0,1.9\n2,1.5,1.6\n"


def cut(source: Path, target: Path) -> None:
    """Half of a file, at another place."""
    target.parent.mkdir(exist_ok=True)
    content = source.read_bytes()
    target.write_bytes(content[: len(content) // 2])


def write_events(folder: Path) -> None:
    with EventWriter(folder) as writer:
        for step in (1, 2, 3):
            writer.scalars({"train/loss": 1 / step}, step)


def test_halves_of_archives_are_passed_over(other: Home, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "brought"
    folder.mkdir()
    shutil.copyfile(whole, folder / "x.cnnlab.zip")
    for half in (".a446a465.zip", ".x.cnnlab.zip.0123abcd.part", ".halves/x.zip"):
        cut(whole, folder / half)
    assert [one.written.id for one in bring(other, folder)] == ["aaaa0001"]


def test_halves_of_tables_are_passed_over(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "brought"
    for name in ("log.csv", ".log.csv", ".8ef7bd19/epochs.csv", ".tables.0123abcd.part/log.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(CURVES)
    (found,) = bring(home, folder)
    assert (found.run.source, found.run.beside) == (folder / "log.csv", ())


def test_halves_of_event_files_are_passed_over(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "brought"
    write_events(folder / "run")
    write_events(folder / ".events.0123abcd.part" / "run")
    (found,) = bring(home, folder)
    assert found.run.source == folder / "run"


@pytest.mark.parametrize("name", [".x.cnnlab.zip.0123abcd.part", ".half.csv"])
def test_a_folder_with_halves_alone_holds_nothing(tmp_path: Path, name: str, whole: Path) -> None:
    folder = tmp_path / "brought"
    cut(whole, folder / name)
    with pytest.raises(ExchangeError, match="nothing that can be imported"):
        readers_of(folder)


def test_what_a_user_names_is_read_wherever_it_lies(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / ".hidden"
    folder.mkdir()
    (folder / ".log.csv").write_text(CURVES)
    (folder / "log.csv").write_text(CURVES)
    assert [one.run.source for one in bring(home, folder)] == [folder / "log.csv"]
    assert bring(home, folder / ".log.csv")[0].written.is_new is False
