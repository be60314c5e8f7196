"""How to train runs again: commands that are exact, and what else their figures depend on.

Of several runs the commands need nothing of the home that the runs are in, so that a report can be
sent: a run goes by a preset that comes with cnnlab, or by a config that the report holds.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.analysis.folding import CHANGES_THE_COURSE
from cnnlab.config.repeating import settings_between
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import config_as_toml
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.export.format import one_line
from cnnlab.history.records import InterventionRecord, RunRecord
from cnnlab.home import Home, shipped

if TYPE_CHECKING:
    from cnnlab.config.presets import Preset

_FILE = "run.toml"
_SEED = "training.seed="


def conditions(run: RunRecord, interventions: Sequence[InterventionRecord]) -> Iterator[str]:
    """What a repetition depends on beside the config, a paragraph each."""
    if not run.config:
        yield "Only its curves were imported: how they were made is not known here."
        return
    made = ", ".join(f"{one_line(name)} {one_line(text)}" for name, text in run.versions.items())
    device = run.device_name or run.device
    on = f" on {one_line(device)}" if device else ""
    how = f", {run.precision}, {run.memory_format}" if run.precision else ""
    if made or device:
        yield f"Trained{on}{how}{' with ' if made else ''}{made}."
    if run.git and run.git.get("commit"):
        changed = ", with changes that are not in it" if run.git.get("modified") else ""
        yield f"The source was at commit {one_line(run.git['commit'])}{changed}."
    if any(one.kind in CHANGES_THE_COURSE for one in interventions):
        yield (
            "Its course was changed by hand: the commands train it as it was planned, without that."
        )


def commands(run: RunRecord, home: Home | None) -> str:
    """Commands that train it again, with comments, for a shell; empty where none can.

    Args:
        home: where its preset is looked up; without one the preset is not mentioned.
    """
    if not run.config:
        return ""
    config = _config(run)
    if config is None:
        return ""
    parts = [("in the home that this run is in", f"cnnlab run --from {run.id}")]
    if _of_file(_FILE, run, config) is not None:
        parts.append((f"anywhere, with the config below in {_FILE}", f"cnnlab run {_FILE}"))
    if home is not None and run.preset:
        by_preset = _by_preset(home, run.preset, config)
        if by_preset:
            parts.append(("from its preset", by_preset))
    return "\n".join(f"# {why}\n{command}" for why, command in parts) + "\n"


class Anywhere:
    """Commands for several runs, with the files that they need beside those of cnnlab.

    Args:
        home: where presets are looked up; without one none is used.
    """

    def __init__(self, home: Home | None) -> None:
        self.files: list[tuple[str, str]] = []
        """Names and texts of the configs that the commands take."""
        self._home = home
        self._bases: list[Preset] = []

    def commands(self, runs: Sequence[RunRecord]) -> list[str]:
        """Commands that train runs of one config again, with their seeds; seeds in a row by one.

        Runs without a config that this version reads are left out.
        """
        seeds: dict[tuple[str, ...], list[int | None]] = {}
        for run in runs:
            config = _config(run)
            words = None if config is None else self._words(run, config)
            if config is not None and words is not None:
                seeds.setdefault(words, []).append(config.training.seed)
        return [
            shlex.join([*words, *options])
            for words, each in seeds.items()
            for options in _seeds(each)
        ]

    def _words(self, run: RunRecord, config: RunConfig) -> tuple[str, ...] | None:
        """The command without the seed, of the preset or the file with the fewest settings."""
        found = [
            (base.name, settings)
            for base in (*self._shipped(run), *self._bases)
            if (settings := _settings(base, config)) is not None
        ]
        if not found:
            name = f"run-{len(self.files) + 1}.toml" if self.files else _FILE
            base = _of_file(name, run, config)
            if base is None:
                return None
            self._bases.append(base)
            self.files.append((name, config_as_toml(run.config)))
            found.append((name, []))
        name, settings = min(found, key=lambda one: len(one[1]))
        return ("cnnlab", "run", name, *(word for one in settings for word in ("--set", one)))

    def _shipped(self, run: RunRecord) -> list[Preset]:
        """The run's preset, where everybody has it."""
        from cnnlab.config import presets

        if self._home is None or not run.preset:
            return []
        try:
            preset = presets.load(self._home, run.preset)
        except ConfigError:
            return []
        return [preset] if preset.path.is_relative_to(shipped("presets")) else []


def _seeds(seeds: Sequence[int | None]) -> list[list[str]]:
    """The options for some seeds; those that follow each other are one group of repeats."""
    rows: list[list[int]] = []
    for seed in sorted({each for each in seeds if each is not None}):
        if rows and seed == rows[-1][-1] + 1:
            rows[-1].append(seed)
        else:
            rows.append([seed])
    if not rows:
        return [[]]
    return [
        ["--seed", str(row[0]), *(["--repeat", str(len(row))] if len(row) > 1 else [])]
        for row in rows
    ]


def _config(run: RunRecord) -> RunConfig | None:
    """The config of a run; None where this version cannot read it."""
    try:
        return validate(RunConfig, run.config)
    except ConfigError:
        return None


def _of_file(name: str, run: RunRecord, config: RunConfig) -> Preset | None:
    """A run's config as the preset that a file of it is; None where TOML cannot say it."""
    from cnnlab.config.preset_files import About
    from cnnlab.config.presets import Preset

    try:
        tables = tomllib.loads(config_as_toml(run.config))
        same = validate(RunConfig, tables) == config
    except (ConfigError, tomllib.TOMLDecodeError):
        return None
    return Preset(name, Path(name), About(), tables, config) if same else None


def _settings(preset: Preset, config: RunConfig) -> list[str] | None:
    """What makes the preset a config but for its seed; None where settings cannot."""
    settings = settings_between(preset, config)
    return None if settings is None else [one for one in settings if not one.startswith(_SEED)]


def _by_preset(home: Home, name: str, config: RunConfig) -> str:
    """The preset with what was changed; empty where it is gone or cannot be made the same."""
    from cnnlab.config import presets

    try:
        settings = settings_between(presets.load(home, name), config)
    except ConfigError:
        return ""
    if settings is None:
        return ""
    words = ["cnnlab", "run", name]
    for setting in settings:
        words += (
            ["--seed", setting.removeprefix(_SEED)]
            if setting.startswith(_SEED)
            else ["--set", setting]
        )
    return shlex.join(words)
