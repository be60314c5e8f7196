"""What is exported, how, and what came of it: the words between the command and the formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cnnlab.config.studies import Study
from cnnlab.errors import ConfigError
from cnnlab.events import CheckpointKind, Split
from cnnlab.home import Home
from cnnlab.progress import Progress, silent


@dataclass(frozen=True)
class ExportOptions:
    """What a user chooses beside the format; each format takes what concerns it.

    Attributes:
        tables: names of tidy tables; empty for all.
        plot: name of the plot; empty for the first that the runs have.
        wide: whether a plot is as wide as two columns of a paper, else as one.
        checkpoint: whose figures or weights.
        split: whose images the per-class figures are of.
        baseline: a run whose group the others are held against; empty for the first one's.
        by, smooth, log: how curves are drawn; see `cnnlab runs show`.
    """

    tables: tuple[str, ...] = ()
    plot: str = ""
    wide: bool = False
    checkpoint: CheckpointKind = "best"
    split: Split = "test"
    baseline: str = ""
    by: str = "epoch"
    smooth: float = 0.0
    log: bool = False


@dataclass(frozen=True)
class ExportJob:
    """Runs to be exported, in their order; at least one, unless it is a study without any.

    Attributes:
        study: the study that was asked for by name: its document is then that of the study.
        output: where what is written is going to be, and an earlier export may be; None where
            that is the path that the writer gets.
    """

    home: Home
    run_ids: tuple[str, ...]
    study: Study | None = None
    options: ExportOptions = field(default_factory=ExportOptions)
    progress: Progress = silent
    output: Path | None = None

    def only_run(self, format_name: str) -> str:
        """The id of the one run.

        Raises:
            ConfigError: there are several, or none.
        """
        if len(self.run_ids) != 1:
            raise ConfigError(
                f"The format {format_name} takes one run, not {len(self.run_ids)}.",
                "Name a single one.",
            )
        return self.run_ids[0]


Writer = Callable[[ExportJob, Path], list[str]]
"""Writes a job to a path that is not there yet; returns what a user should know, a line each.

The path is temporary and becomes the real one when the writer comes back, so that neither an
interruption nor an error leaves half a file: see `export.writing`.
"""
