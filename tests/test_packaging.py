"""The wheel holds the program, its presets and its data, and works without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("cnnlab-*.whl"))


def test_an_installed_wheel_trains_its_quickstart(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    script = "from cnnlab.cli.main import main; import cnnlab; print(cnnlab.__file__); main()"
    arguments = ["run", "quickstart", "--epochs", "1", "--set", "data.validation=3000"]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(site))
    assert "test accuracy" in done.stdout


def test_the_wheel_holds_every_preset_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / "presets").rglob("*.toml")}
    assert shipped <= {name.removeprefix("cnnlab/_shipped/") for name in names}
    assert "cnnlab/_shipped/data/mnist-5k.tar.xz" in names
    assert not [name for name in names if name.startswith("tests/")]
