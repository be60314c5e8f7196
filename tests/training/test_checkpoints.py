"""A checkpoint is on disk whole or not at all, and never loads what it should not."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from cnnlab.errors import CheckpointError, StorageError
from cnnlab.training.checkpoints import load_checkpoint, save_checkpoint

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
    with pytest.raises(StorageError, match="disk is full"):
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
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_checkpoint(path)
    assert not (tmp_path / "wicked").exists()


def test_another_programs_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_checkpoint(path)
