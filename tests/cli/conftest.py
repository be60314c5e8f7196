"""The command as a user starts it: a process of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnnlab.home import Home

PROGRAM = str(Path(sys.executable).with_name("cnnlab"))


@pytest.fixture
def cnnlab(home: Home) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end, in the test's own home."""
    del home  # named by the environment

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    return run


@pytest.fixture
def inside(
    home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command as `cnnlab` does, in this process: no second is lost to import torch."""
    del home  # named by the environment

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        from cnnlab.cli.main import main

        monkeypatch.setattr(sys, "argv", ["cnnlab", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capfd.readouterr()
        code = ended.value.code or 0
        return subprocess.CompletedProcess(["cnnlab", *arguments], int(code), shown.out, shown.err)

    return run


@pytest.fixture
def terminal(home: Home) -> Callable[..., str]:
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
        assert process.wait(30) == 0
        return shown.decode().replace("\r\n", "\n")

    return run
