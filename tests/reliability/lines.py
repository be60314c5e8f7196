"""Ways to a program that can drop: a real OpenSSH server on the loopback address, and tmux."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from emulator import Terminal
from waiting import wait_until

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Server:
    """An OpenSSH server of this user, with keys of its own; started when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def _start(self) -> None:
        if SSHD is None or shutil.which("ssh") is None:
            pytest.skip(
                "needs OpenSSH (ssh and sshd): install openssh-server, then run"
                " `python -m pytest tests/reliability`"
            )
        folder = self._folder
        folder.mkdir()
        for key in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True
            )
        shutil.copy(folder / "user.pub", folder / "authorized")
        while not self._listens():
            pass

    def _listens(self) -> bool:
        """Starts it on a port that is free; False where that was taken before it came to it."""
        folder = self._folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        settings = {
            "Port": self._port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
            "UsePAM": "no",
        }
        config = folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it shuts itself in
        log = folder / "log"
        with log.open("wb") as told:
            process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config)], stderr=told)

        def is_up() -> bool:
            return "Server listening on" in log.read_text()

        wait_until(lambda: is_up() or process.poll() is not None, "sshd")
        if is_up():
            self._process = process
            return True
        assert "Address already in use" in log.read_text(), log.read_text()
        return False

    def command(self, remote: str) -> list[str]:
        """A client that runs a command in a terminal on the server."""
        if self._process is None:
            self._start()
        return [
            "ssh", "-tt", "-F", "none", "-i", str(self._folder / "user"), "-p", str(self._port),
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
            f"{getpass.getuser()}@127.0.0.1", remote,
        ]  # fmt: skip

    def close(self) -> None:
        """Ends the server; sessions that are open stay."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


class Line:
    """A program at the other end of a line, with a terminal emulator at this one."""

    def __init__(self, command: Sequence[str]) -> None:
        self.terminal = Terminal(command)

    def close(self) -> None:
        """Puts the emulator away."""
        self.terminal.__exit__(None, None, None)


class ClientKilled(Line):
    """ssh, whose client dies."""

    def __init__(self, server: Server, remote: str) -> None:
        super().__init__(server.command(remote))

    def drop(self, _program: psutil.Process) -> None:
        """Cuts the line."""
        os.kill(self.terminal.pid, signal.SIGKILL)


class ServerKilled(ClientKilled):
    """ssh, whose server's session dies."""

    def drop(self, program: psutil.Process) -> None:
        """Cuts the line."""
        session = next(one for one in program.parents() if one.name().startswith("sshd"))
        session.kill()


class PaneClosed(Line):
    """tmux, whose pane is closed."""

    def __init__(self, _server: Server, remote: str) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("needs tmux: install it, then run `python -m pytest tests/reliability`")
        self._socket = f"cnnlab-{os.getpid()}-{time.monotonic_ns()}"
        super().__init__(
            [
                "tmux",
                "-L",
                self._socket,
                "-f",
                "/dev/null",
                "new-session",
                "-x",
                "80",
                "-y",
                "24",
                remote,
            ]
        )

    def drop(self, _program: psutil.Process) -> None:
        """Cuts the line."""
        subprocess.run(["tmux", "-L", self._socket, "kill-pane"], check=True)


class TerminalClosed(Line):
    """A terminal window that is closed."""

    def __init__(self, _server: Server, remote: str) -> None:
        super().__init__(["sh", "-c", remote])

    def drop(self, _program: psutil.Process) -> None:
        """Cuts the line."""
        self.terminal.hang_up()


LINES = (ClientKilled, ServerKilled, PaneClosed, TerminalClosed)
