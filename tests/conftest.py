"""What every test gets: a home of its own, and real digits to train on."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores; torch reads this when it is imported, here and in subprocesses.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests behind makes them deaf to Ctrl-C, and all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.home import Home

# The same examples each time, at any speed: a test fails since something was changed, and then
# again. `--hypothesis-profile=default` tries others.
settings.register_profile(
    "cnnlab",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("cnnlab")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home in a temporary folder, named by CNNLAB_HOME."""
    root = tmp_path / "home"
    monkeypatch.setenv("CNNLAB_HOME", str(root))
    return Home(root)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The 5,000 real MNIST digits that the project ships."""
    return library.require(Home(tmp_path_factory.mktemp("digits")), "mnist-5k")


@pytest.fixture(scope="session")
def few_digits(digits: Dataset) -> Dataset:
    """The first 600 of them for training and 200 for testing."""
    return dataclasses.replace(
        digits,
        train_images=digits.train_images[:600].copy(),
        train_labels=digits.train_labels[:600].copy(),
        test_images=digits.test_images[:200].copy(),
        test_labels=digits.test_labels[:200].copy(),
    )


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home with a run that went to its end, called `digits`, and its id: for reading alone."""
    import finished_run

    return finished_run.train(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def run_id(trained: tuple[Home, str], home: Home) -> str:
    """That run, in the test's own home."""
    import finished_run

    finished_run.copy(trained[0], home)
    return trained[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with whole data sets, for the tests that need them."""
    folder = Path(os.environ.get("CNNLAB_TEST_DATA", ""))
    if "CNNLAB_TEST_DATA" not in os.environ or not folder.is_dir():
        pytest.skip(
            "needs the original files: put mnist/*-ubyte.gz and cifar10-images.tar.xz "
            "(train/<class>/*.jpg, test/<class>/*.jpg) into a folder and name it in "
            "CNNLAB_TEST_DATA"
        )
    return folder


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A file system of so many bytes, such as ``1m``, in a folder that is made for it."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip("needs to mount a small tmpfs: run the tests as root on Linux")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, to fill up."""
    with mounted(tmp_path / "tiny", "1m") as folder:
        yield folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system on which a small run finds room, as long as nothing else takes it."""
    with mounted(tmp_path / "small", "16m") as folder:
        yield folder
