"""A place that cannot be written is read where it can be, and else named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from history import samples
from history.uses import USES, Use, each_use

from cnnlab.errors import StorageError
from cnnlab.history.connection import connect_for_writing
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@each_use
def test_a_read_only_file_is_named(used_home: Home, seal: Callable[[Path], None], use: Use) -> None:
    seal(used_home.history)
    if use is Reader or use is connect_for_writing:
        use(used_home)
        return
    with pytest.raises(StorageError, match="cannot be opened or written"):
        use(used_home)


def test_a_read_only_file_is_read(used_home: Home, seal: Callable[[Path], None]) -> None:
    seal(used_home.history)
    with Reader(used_home) as reader:
        assert reader.run("aaaa0001").epochs_done == 2


def test_a_read_only_folder_is_read(used_home: Home, seal: Callable[[Path], None]) -> None:
    seal(used_home.root)
    with Reader(used_home) as reader:
        assert reader.run("aaaa0001").epochs_done == 2
        assert len(reader.steps("aaaa0001")) == 8


@pytest.mark.parametrize("use", [USES["write"], USES["create"], USES["record"], USES["edit"]])
def test_a_read_only_folder_is_named(
    used_home: Home, seal: Callable[[Path], None], use: Use
) -> None:
    seal(used_home.root)
    with pytest.raises(StorageError, match="cannot be written") as caught:
        use(used_home)
    assert "CNNLAB_HOME" in caught.value.hint


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_an_empty_history_in_a_read_only_folder_is_named(
    home: Home, seal: Callable[[Path], None], use: Use
) -> None:
    home.root.mkdir()
    home.history.touch()
    seal(home.root)
    with pytest.raises(StorageError, match="cannot be written"):
        use(home)


def test_a_home_that_cannot_be_created_is_named(
    tmp_path: Path, seal: Callable[[Path], None]
) -> None:
    seal(tmp_path)
    with pytest.raises(StorageError, match="cannot be created"):
        samples.add_run(Home(tmp_path / "new"), "aaaa0001")
