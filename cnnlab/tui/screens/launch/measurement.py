"""What a run would take, measured in a process of its own.

A training in this process owns torch's random state; the memory figures of a process that trains
nothing else are true; and a process can be ended at once when the config changes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnlab.config.preset_files import About
from cnnlab.config.presets import Preset
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import preset_as_toml
from cnnlab.errors import TrainingError
from cnnlab.home import Home


class Measurement:
    """One dry run of a config; `figures` waits for it, `cancel` ends it from another thread."""

    def __init__(self, home: Home, config: RunConfig) -> None:
        self._home = home
        self._config = config
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False

    def figures(self) -> dict[str, Any] | None:
        """What `cnnlab run --dry-run --json` finds; None if it was cancelled.

        Raises:
            TrainingError: the config cannot be trained; in the words of the dry run.
        """
        with tempfile.TemporaryDirectory(prefix="cnnlab-") as folder:
            file = Path(folder) / "measured.toml"
            preset = Preset("measured", file, About(), {}, self._config)
            file.write_text(preset_as_toml(preset), encoding="utf-8")
            process = self._start(file)
            if process is None:
                return None
            answer, errors = process.communicate()
        if self._cancelled:
            return None
        if process.returncode != 0:
            raise TrainingError(_last_words(errors))
        figures: dict[str, Any] = json.loads(answer)
        return figures

    def cancel(self) -> None:
        """Ends it at once; what it found so far is lost."""
        with self._lock:
            self._cancelled = True
            if self._process is not None and self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self, file: Path) -> subprocess.Popen[str] | None:
        command = [sys.executable, "-m", "cnnlab", "run", str(file), "--dry-run", "--json"]
        with self._lock:
            if not self._cancelled:
                # A session of its own: it ends with all that it started, and no key reaches it.
                self._process = subprocess.Popen(
                    command,
                    env={**os.environ, "CNNLAB_HOME": str(self._home.root)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
        return self._process


def _last_words(errors: str) -> str:
    """What a command says before it ends, without its own name."""
    said = errors.rpartition("cnnlab: ")[2].strip()
    return said or "The measurement ended without a word."
