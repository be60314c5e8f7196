"""The command as a user starts it, a process of its own; and a home with three runs."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.runs import add_run
from waiting import SECONDS

from cnnlab.events import RunFailed, RunFinished
from cnnlab.home import Home

PROGRAM = str(Path(sys.executable).with_name("cnnlab"))

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., str]

OF_TERMINALS = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""What else a user may have in the environment for programs that draw on terminals."""


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test hangs on the terminal that the tests are started from."""
    for name in OF_TERMINALS:
        monkeypatch.delenv(name, raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)


@pytest.fixture
def cnnlab(home: Home) -> Cnnlab:
    """Runs a command to its end, in the test's own home."""
    del home  # named by the environment

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            **options,
        )

    return run


@pytest.fixture
def inside(
    home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Cnnlab:
    """Runs a command as `cnnlab` does, in this process: no second is lost to import torch."""
    del home  # named by the environment

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        from cnnlab.cli import console
        from cnnlab.cli.main import main

        # A process has consoles of its own, which keep the width that they begin with.
        console.out.cache_clear()
        console.err.cache_clear()
        monkeypatch.setattr(sys, "argv", ["cnnlab", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capfd.readouterr()
        code = ended.value.code or 0
        return subprocess.CompletedProcess(["cnnlab", *arguments], int(code), shown.out, shown.err)

    return run


@pytest.fixture
def terminal(home: Home) -> Terminal:
    """Runs a command in a real pseudo-terminal and returns what it wrote there."""
    del home  # named by the environment

    def run(*arguments: str, columns: int = 80, **environment: str) -> str:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
        process = subprocess.Popen(
            [PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave, close_fds=True,
            env={**kept, "TERM": "xterm-256color", **environment},
        )  # fmt: skip
        os.close(slave)
        shown = b""
        try:
            while chunk := os.read(master, 65536):
                shown += chunk
        except OSError:
            pass  # Linux ends a pseudo-terminal's output with EIO
        os.close(master)
        assert process.wait(SECONDS) == 0
        return shown.decode().replace("\r\n", "\n")

    return run


@pytest.fixture(scope="module")
def three_written(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One run that finished, one that failed, one that this very process trains."""
    home = Home(tmp_path_factory.mktemp("three") / "home")
    add_run(
        home, "10000001", "beta", tags=("old",), parameters=300, epochs=2, best=0.9,
        accuracy=0.7, seconds=20, ending=RunFinished("all epochs trained"),
    )  # fmt: skip
    add_run(
        home, "20000002", "alpha", preset="mnist/lenet", dataset="mnist", model="simple-cnn",
        tags=("old", "odd"), note="A Strange one", epochs=1, accuracy=0.8, seconds=200,
        ending=RunFailed("The disk is full."),
    )  # fmt: skip
    add_run(home, "30000003", "gamma", preset=None, dataset="cifar10", parameters=200, best=0.7)
    return home


@pytest.fixture
def three(home: Home, three_written: Home) -> Home:
    """The test's own home, with those three runs."""
    shutil.copytree(three_written.root, home.root)
    return home
