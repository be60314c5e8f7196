"""What a run would take, measured in a process of its own.

A training in this process owns torch's random state; the memory figures of a process that trains
nothing else are true; and a process can be ended at once when the config changes.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from cnnlab.config.preset_files import About
from cnnlab.config.presets import Preset
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import preset_as_toml
from cnnlab.home import Home
from cnnlab.tui.own_process import OwnProcess, Stopped


class Measurement:
    """One dry run of a config; `figures` waits for it, `cancel` ends it from another thread."""

    def __init__(self, home: Home, config: RunConfig) -> None:
        self._config = config
        # It does not give way: its figures are those of a run that trains.
        self._process = OwnProcess(home)

    def figures(self) -> dict[str, Any] | None:
        """What `cnnlab run --dry-run --json` finds; None if it was cancelled.

        Raises:
            CnnlabError: the config cannot be trained; in the words of the dry run.
        """
        with tempfile.TemporaryDirectory(prefix="cnnlab-") as folder:
            file = Path(folder) / "measured.toml"
            preset = Preset("measured", file, About(), {}, self._config)
            file.write_text(preset_as_toml(preset), encoding="utf-8")
            try:
                answer = self._process.answer(["run", str(file), "--dry-run", "--json"])
            except Stopped:
                return None
        figures: dict[str, Any] = json.loads(answer)
        return figures

    def cancel(self) -> None:
        """Ends it at once; what it found so far is lost."""
        self._process.kill()
