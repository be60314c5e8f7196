"""What the launch form is filled from: a preset or an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnnlab.config.presets import Preset
from cnnlab.errors import ConfigError
from cnnlab.export.run_words import origin_words
from cnnlab.history.records import RunRecord


@dataclass(frozen=True)
class Source:
    """Where a form begins.

    Attributes:
        title: what it is called; plain text.
        tables: plain config values to start from, as in a TOML preset; those of an earlier run
            may no longer fit the schema.
        preset: the name that a run of it is recorded with.
        base: the complete config that changes are marked against.
    """

    title: str
    tables: Mapping[str, Any]
    preset: str | None
    base: Mapping[str, Any]

    @classmethod
    def of_preset(cls, preset: Preset) -> Source:
        """A preset as it is."""
        return cls(preset.name, preset.tables, preset.name, preset.config.model_dump(mode="json"))

    @classmethod
    def of_run(cls, run: RunRecord) -> Source:
        """An earlier run again, its seed included.

        Raises:
            ConfigError: no config is known of the run.
        """
        if not run.config:
            origin = origin_words(run)
            because = f": it was {origin}" if origin else ""
            raise ConfigError(
                f"No config is known of {run.name}{because}.", "Begin with a preset instead."
            )
        return cls(run.name, run.config, run.preset, run.config)
