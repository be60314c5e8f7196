"""The home is its owner's alone, whatever the umask: folders 0700, files 0600."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnnlab.config import own_presets, presets
from cnnlab.data.importing import import_dataset
from cnnlab.home import Home, make_folder
from cnnlab.tui.settings import Settings, save_settings
from data import samples


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o277], ids=oct)
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask of this process and of those it starts."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(root: Path) -> list[str]:
    """What in a home anybody else could read or write."""
    return [
        f"{path.relative_to(root.parent)} {stat.filemode(path.lstat().st_mode)}"
        for path in (root, *root.rglob("*"))
        if path.lstat().st_mode & 0o077
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home some folders below what is there."""
    root = tmp_path / "not" / "yet" / "home"
    monkeypatch.setenv("CNNLAB_HOME", str(root))
    return Home(root)


def test_folders_on_the_way_to_the_home_are_private_too(home: Home, tmp_path: Path) -> None:
    make_folder(home.checkpoints("run"))
    assert home.checkpoints("run").is_dir()
    assert not open_to_others(tmp_path / "not")


def test_what_is_saved_by_hand_is_private(home: Home, tmp_path: Path) -> None:
    files = tmp_path / "brought"
    files.mkdir(0o700)
    for name, content in samples.idx_files().items():
        (files / name).write_bytes(content)
        (files / name).chmod(0o600)
    import_dataset(home, "mine", files)
    config = presets.load(home, "quickstart").config
    own_presets.save_preset(home, "folder/mine", config, None)
    save_settings(home, Settings())
    assert (home.presets / "folder" / "mine.toml").is_file()
    assert home.settings.is_file()
    assert not open_to_others(tmp_path / "not")


@pytest.mark.parametrize("mask", [0o000], indirect=True, ids=oct)
def test_a_run_and_all_that_is_kept_of_it_is_private(
    inside: Callable[..., subprocess.CompletedProcess[str]], home: Home, tmp_path: Path
) -> None:
    settings = ("training.epochs=1", "training.batch_size=500", "data.validation=3500")
    changes = [word for setting in settings for word in ("--set", setting)]
    for words in (
        ["run", "quickstart", *changes],
        ["history", "backup", str(home.root / "copy.db")],
        ["runs", "delete", "latest"],
    ):
        done = inside(*words)
        assert done.returncode == 0, done.stderr
    assert list(home.root.rglob("*.pt"))
    assert not open_to_others(tmp_path / "not")


def test_a_file_that_others_could_read_is_closed_to_them_when_it_is_written(home: Home) -> None:
    save_settings(home, Settings())
    home.settings.chmod(0o666)
    save_settings(home, Settings())
    assert not open_to_others(home.root)
