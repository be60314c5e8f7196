"""A checkpoint is on disk whole or not at all, and never loads what it should not."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from cnnlab.errors import CheckpointError, DiskFullError, StorageError
from cnnlab.events import CheckpointKind
from cnnlab.training.checkpoints import CheckpointFiles, load_checkpoint, save_checkpoint

STATE = {"model": {"weight": torch.arange(6.0).view(2, 3)}, "progress": {"step": 7}}


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    saved = save_checkpoint(path, STATE)
    state = load_checkpoint(path, saved.sha256)
    assert torch.equal(state["model"]["weight"], STATE["model"]["weight"])
    assert state["progress"] == {"step": 7}
    assert saved.bytes == path.stat().st_size


def test_plain_torch_reads_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, STATE)
    assert torch.load(path, weights_only=True)["model"]["weight"].shape == (2, 3)


def test_a_full_disk_is_named_and_the_checkpoint_before_stays(tiny_disk: Path) -> None:
    first = tiny_disk / "last-1.pt"
    saved = save_checkpoint(first, STATE)
    large = {"model": {"weight": torch.zeros(1_000_000)}}
    with pytest.raises(DiskFullError, match="disk is full"):
        save_checkpoint(tiny_disk / "last-2.pt", large)
    assert [path.name for path in tiny_disk.iterdir()] == ["last-1.pt"]
    assert load_checkpoint(first, saved.sha256)["progress"] == {"step": 7}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"last\.pt cannot be written"):
        save_checkpoint(tmp_path / "gone" / "last.pt", STATE)


@pytest.mark.parametrize("keep", [0, 10, 500, -1])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, STATE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_changed_checkpoint_is_told_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    saved = save_checkpoint(path, STATE)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="checksum"):
        load_checkpoint(path, saved.sha256)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        load_checkpoint(tmp_path / "gone.pt")


class Wicked:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("wicked"),)


@pytest.mark.parametrize("with_torch", [True, False])
def test_a_pickle_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_torch: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wicked.pt"
    if with_torch:
        torch.save({"format": 1, "model": Wicked()}, path)
    else:
        path.write_bytes(pickle.dumps(Wicked()))
    words = "holds the Python object .* weights_only" if with_torch else "not a checkpoint"
    with pytest.raises(CheckpointError, match=words):
        load_checkpoint(path)
    assert not (tmp_path / "wicked").exists()


def test_what_a_checkpoint_must_not_hold_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.pt"
    torch.save({"format": 1, "model": Fraction(1, 2)}, path)
    with pytest.raises(CheckpointError, match=r"holds the Python object fractions\.Fraction,"):
        load_checkpoint(path)


# What is kept


def saved(files: CheckpointFiles, kind: CheckpointKind, step: int) -> Path:
    """Saves a checkpoint of a step; whoever listens knows of it."""
    (event,) = files.save(kind, epoch=1, step=step, value=None, state=STATE)
    return event.path


def test_the_last_checkpoint_and_the_one_before_stay_with_the_best_that_they_name(
    tmp_path: Path,
) -> None:
    files = CheckpointFiles(tmp_path)
    first = [saved(files, "best", 1), saved(files, "last", 2)]
    second = [saved(files, "best", 3), saved(files, "last", 4)]
    better = saved(files, "best", 5)
    assert set(tmp_path.iterdir()) == {*first, *second, better}
    for last, best in (first[::-1], second[::-1]):
        assert load_checkpoint(last)["best_checkpoint"] == best.name
    third = saved(files, "last", 6)
    assert set(tmp_path.iterdir()) == {*second, better, third}
    files.drop_previous()
    assert set(tmp_path.iterdir()) == {better, third}


def test_a_checkpoint_of_the_same_step_is_another_file(tmp_path: Path) -> None:
    files = CheckpointFiles(tmp_path)
    paths = [saved(files, "last", 7) for _ in range(4)]
    assert paths[0].name == "last-epoch0001-step0000007.pt"
    assert set(tmp_path.iterdir()) == set(paths[-2:])
    assert len(set(paths[-2:])) == 2


def test_a_checkpoint_that_nobody_knows_of_replaces_none(tmp_path: Path) -> None:
    """As when the process dies, or the history cannot be written, right after it was saved."""
    files = CheckpointFiles(tmp_path)
    known = [saved(files, "last", step) for step in (1, 2)]
    unheard = next(files.save("last", epoch=1, step=3, value=None, state=STATE))
    assert set(tmp_path.iterdir()) == {*known, unheard.path}
    assert (files.last and files.last.path, files.previous and files.previous.path) == (
        known[1], known[0],
    )  # fmt: skip


def test_another_programs_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_checkpoint(path)
