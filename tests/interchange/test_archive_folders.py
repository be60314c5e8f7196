"""A folder with archives is imported as they are, beside the curves in it; or nothing of it is."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from history import samples
from interchange.archives import add_whole_run, bring, rewrite, write

from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.event_files import EventWriter

CURVES = "epoch,train_loss,val_loss\n1,2.0,1.9\n2,1.5,1.6\n"


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """A folder with the archives of two students, one of them in a folder of its own."""
    folder = tmp_path / "brought"
    (folder / "ben").mkdir(parents=True)
    for number, place in enumerate(("anna.cnnlab.zip", "ben/runs.ZIP"), start=1):
        there = Home(tmp_path / f"home{number}")
        add_whole_run(there, f"aaaa000{number}")
        write(there, folder / place, f"aaaa000{number}")
    return folder


def ids(home: Home) -> list[str]:
    with Reader(home) as reader:
        return sorted(reader.run_ids())


def test_the_archives_of_a_folder_come_in_the_order_of_their_names(
    home: Home, brought: Path
) -> None:
    arrivals = bring(home, brought, tags=("class",))
    assert [(one.written.id, one.run.source) for one in arrivals] == [
        ("aaaa0001", brought / "anna.cnnlab.zip"),
        ("aaaa0002", brought / "ben" / "runs.ZIP"),
    ]
    assert all(one.written.is_new and not one.run.beside for one in arrivals)
    assert ids(home) == ["aaaa0001", "aaaa0002"]
    for run_id in ids(home):
        assert (home.run_folder(run_id) / "run.log").read_text() == f"the log of {run_id}\n"
        assert len(list(home.checkpoints(run_id).iterdir())) == 2
    assert not any(one.written.is_new for one in bring(home, brought))


def test_event_files_and_csv_files_beside_archives_come_too(home: Home, brought: Path) -> None:
    with EventWriter(brought / "events") as writer:
        writer.scalars({"val_loss": 0.5}, 1, 1.7e9)
    (brought / "metrics.csv").write_text(CURVES)
    arrivals = bring(home, brought)
    assert [one.run.run["origin"] for one in arrivals] == [
        "archive", "archive", "tensorboard", "csv",
    ]  # fmt: skip
    assert len(ids(home)) == 4


def test_a_log_beside_archives_is_called_as_the_folder_is(home: Home, brought: Path) -> None:
    (brought / "metrics.csv").write_text(CURVES)
    assert bring(home, brought)[-1].written.name == "brought"


def test_other_zips_are_left_out_and_told(home: Home, brought: Path) -> None:
    with zipfile.ZipFile(brought / "images.zip", "w") as made:
        made.writestr("manifest.json", "{}")
        made.writestr("cat/0.png", b"x")
    shutil.copyfile(brought / "images.zip", brought / "cut.zip")
    (brought / "cut.zip").write_bytes((brought / "cut.zip").read_bytes()[:60])
    (brought / "notes.zip").write_text("no zip")
    shutil.copyfile(brought / "anna.cnnlab.zip", brought / "anna.backup")
    arrivals = bring(home, brought)
    assert [one.written.id for one in arrivals] == ["aaaa0001", "aaaa0002"]
    left_out = f"{str(brought / 'cut.zip')!r}, {str(brought / 'images.zip')!r}"
    told = f"Zips that are no archives of cnnlab, so not imported: {left_out}."
    assert {one.run.beside for one in arrivals} == {(told,)}


def test_a_folder_with_other_zips_alone_is_nothing(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "brought"
    folder.mkdir()
    with zipfile.ZipFile(folder / "images.zip", "w") as made:
        made.writestr("cat/0.png", b"x")
    with pytest.raises(ExchangeError, match="is nothing that can be imported"):
        bring(home, folder)


@pytest.mark.parametrize("harm", ["cut short", "changed"])
def test_one_damaged_archive_has_the_whole_folder_refused(
    home: Home, brought: Path, harm: str
) -> None:
    samples.add_run(home, "ffff0001")
    path = brought / "ben" / "runs.ZIP"
    if harm == "cut short":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        rewrite(path, lambda name, data: data + b"x" if name.endswith("rows.jsonl") else data)
    with pytest.raises(ExchangeError, match=r"runs\.ZIP"):
        bring(home, brought)
    assert ids(home) == ["ffff0001"]
    assert not home.runs.exists() or not list(home.runs.iterdir())


def test_one_run_in_two_archives_of_a_folder_comes_once(home: Home, brought: Path) -> None:
    shutil.copyfile(brought / "anna.cnnlab.zip", brought / "copy.zip")
    arrivals = bring(home, brought)
    assert [(one.written.id, one.written.is_new) for one in arrivals] == [
        ("aaaa0001", True), ("aaaa0002", True), ("aaaa0001", False),
    ]  # fmt: skip


def test_options_of_curves_are_refused_for_archives_alone(home: Home, brought: Path) -> None:
    with pytest.raises(ConfigError, match="are for curves"):
        bring(home, brought, dataset="mnist")
    with pytest.raises(ConfigError, match="There are 2 runs to import"):
        bring(home, brought, name="x")
