"""Lost checkpoints, full disks, interruptions and faults while an archive is made or imported."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from history import samples
from history.samples import add_run, record
from interchange.archives import add_whole_run, bring, write

from cnnlab.errors import StorageError
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs


@pytest.mark.parametrize("harm", ["cut", "gone", "is a folder"])
def test_a_checkpoint_that_is_lost_is_told_and_all_else_is_kept(
    home: Home, other: Home, tmp_path: Path, harm: str
) -> None:
    add_whole_run(home, "aaaa0001", name="hurt")
    path = next(home.checkpoints("aaaa0001").glob("last*"))
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.unlink()
    if harm == "is a folder":
        path.mkdir()
    (line,) = write(home, tmp_path / "x.zip", "aaaa0001")
    assert line.startswith(f"The last checkpoint {path.name} of hurt (aaaa0001)")
    assert line.endswith("it is not in the archive.")
    bring(other, tmp_path / "x.zip")
    with Reader(other) as reader:
        held = [one.kind for one in reader.checkpoints(["aaaa0001"])["aaaa0001"]]
    assert "last" not in held
    assert "best" in held
    assert [one.name for one in other.checkpoints("aaaa0001").iterdir()] == [
        "best-epoch0002-step0000008.pt"
    ]


def test_a_full_disk_is_told(home: Home, tiny_disk: Path) -> None:
    add_run(home, "aaaa0001")
    folder = home.checkpoints("aaaa0001")
    folder.mkdir(parents=True)
    (folder / "last.pt").write_bytes(bytes(2 << 20))
    with pytest.raises(OSError, match="No space left"):
        write(home, tiny_disk / "x.zip", "aaaa0001")


def test_a_full_disk_takes_nothing_in(home: Home, tiny_disk: Path, tmp_path: Path) -> None:
    small = Home(tiny_disk / "home")
    add_run(small, "ffff0001")
    add_whole_run(home, "aaaa0001")
    (home.checkpoints("aaaa0001") / "other.pt").write_bytes(bytes(2 << 20))
    write(home, tmp_path / "x.zip", "aaaa0001")
    with pytest.raises(StorageError, match="No space left"):
        bring(small, tmp_path / "x.zip")
    with Reader(small) as reader:
        assert reader.run_ids() == ["ffff0001"]
    assert not list(small.runs.iterdir())


def test_memory_stays_small_whatever_a_run_holds(home: Home, other: Home, tmp_path: Path) -> None:
    add_run(home, "aaaa0001")
    record(home, "aaaa0001", samples.steps(1, (0.5,) * 20_000))
    folder = home.checkpoints("aaaa0001")
    folder.mkdir(parents=True)
    with (folder / "large.pt").open("wb") as file:
        file.truncate(64 << 20)
    for work in (
        lambda: write(home, tmp_path / "x.zip", "aaaa0001"),
        lambda: bring(other, tmp_path / "x.zip"),
    ):
        tracemalloc.start()
        try:
            work()
            assert tracemalloc.get_traced_memory()[1] < 6 << 20
        finally:
            tracemalloc.stop()
    assert samples.plain(other, "select count(*), max(step) from steps") == [(20_000, 20_000)]
    # A run may need a checkpoint that no row names, to go on.
    assert (other.checkpoints("aaaa0001") / "large.pt").stat().st_size == 64 << 20


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
def test_an_import_that_is_interrupted_leaves_nothing(
    other: Home, whole: Path, moment: int
) -> None:
    calls = iter(range(100))

    def interrupt(*_: object) -> None:
        if next(calls) == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_runs(other, [whole], ImportOptions(), interrupt)
    assert not list(other.runs.iterdir())
    with Reader(other) as reader:
        assert reader.run_ids() == []
    assert bring(other, whole)[0].written.is_new


@pytest.mark.parametrize("fault", [TypeError, ValueError, OSError, RuntimeError])
def test_a_fault_of_the_program_is_not_told_as_damage(
    other: Home, whole: Path, fault: type[Exception]
) -> None:

    def fail(*_: object) -> None:
        raise fault("of the program")

    with pytest.raises(fault, match="of the program"):
        import_runs(other, [whole], ImportOptions(), fail)
    assert not list(other.runs.iterdir())
