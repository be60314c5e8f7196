"""The homes and archives that several modules of tests take."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from interchange.archives import add_whole_run, write

from cnnlab.home import Home


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """The home of another machine."""
    return Home(tmp_path / "other")


@pytest.fixture
def whole(home: Home, tmp_path: Path) -> Path:
    """An archive of the run aaaa0001, which the home has."""
    add_whole_run(home, "aaaa0001")
    write(home, tmp_path / "x.zip", "aaaa0001")
    return tmp_path / "x.zip"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound archive with a run, and beside it a home that has another one."""
    folder = tmp_path_factory.mktemp("prepared")
    add_whole_run(Home(folder / "there"), "aaaa0001")
    write(Home(folder / "there"), folder / "x.cnnlab.zip", "aaaa0001")
    add_whole_run(Home(folder / "used"), "ffff0001")
    return folder


@pytest.fixture
def archive(prepared: Path, tmp_path: Path) -> Path:
    """The archive, to be harmed."""
    path = tmp_path / "brought" / "x.cnnlab.zip"
    path.parent.mkdir()
    shutil.copyfile(prepared / path.name, path)
    return path


@pytest.fixture
def used(prepared: Path, home: Home) -> Home:
    """The home, which must stay as it is."""
    shutil.copytree(prepared / "used", home.root)
    return home
