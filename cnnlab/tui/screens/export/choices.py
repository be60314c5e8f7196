"""What can be chosen for an export beside its format, and which formats there are for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnnlab.events import SPLITS
from cnnlab.export.formats import FORMATS, ExportFormat, Subject
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_names import PLOTS
from cnnlab.tui.exports import Subject as Exported
from cnnlab.tui.screens.export.stock import COMPARED_SPLIT, Stock

ALL_TABLES = "all"

_ORDER: tuple[Subject, ...] = ("report", "plot", "data", "model", "run")
"""Reports first: what one most often sends to others."""
_FIRST = "html"
_COLUMNS = {"1": "as wide as one of a paper", "2": "as wide as two"}
_CHECKPOINTS = {"best": "by validation", "last": "as training ended"}
_OF_CLASSES = {"checkpoint", "split"}
"""The options that tell whose figures of classes a report or a plot has."""


@dataclass(frozen=True)
class Option:
    """An option of `cnnlab export`, of which one of some values is chosen.

    Attributes:
        label: what the dialog calls it.
        meanings: what each value is; the first one is chosen unless another was before.
    """

    name: str
    label: str
    meanings: Mapping[str, str]


def formats() -> list[ExportFormat]:
    """All formats, reports first."""
    found = sorted(FORMATS.values(), key=lambda form: _ORDER.index(form.subject))
    return sorted(found, key=lambda form: form.name != _FIRST)


@dataclass(frozen=True)
class Choices:
    """What can be chosen for what is exported.

    Attributes:
        stock: what there is of the runs; None where that was not asked.
    """

    exported: Exported
    stock: Stock | None = None

    def fault(self, form: ExportFormat) -> str:
        """Why it cannot be exported as a format, in a few words; empty if it can."""
        if not form.is_installed:
            return f"needs pip install 'cnnlab[{form.extra}]'"
        if not form.several and not self.exported.is_one_run:
            return "takes one run alone"
        if form.subject == "model" and self.stock is not None and not self.stock.checkpoints:
            return "needs a checkpoint, and this run has none"
        if form.subject == "plot" and not self._plots():
            have = "this run has" if self.exported.is_one_run else "these runs have"
            return f"needs curves or evaluations, and {have} none"
        return ""

    def absence(self, form: ExportFormat, values: Mapping[str, str]) -> str:
        """What the runs lack of that which is chosen for a format, as a sentence; may be empty.

        A report is made without what there is not.

        Args:
            values: those of the format's options, as `chosen` gives them.
        """
        stock, checkpoint = self.stock, values.get("checkpoint", "")
        if stock is None:
            return ""
        if form.subject == "model" and checkpoint not in stock.checkpoints:
            return f"This run has no {checkpoint} checkpoint."
        plot, split = values.get("plot", ""), values.get("split", COMPARED_SPLIT)
        figures = stock.plots.get(plot, frozenset())
        if form.subject != "plot" or not figures or (split, checkpoint) in figures:
            return ""
        if self.exported.is_one_run:
            return f"This run was not evaluated on {split} images with the {checkpoint} checkpoint."
        return f"The plot {plot} has no figures of the {checkpoint} checkpoint."

    def options(self) -> list[Option]:
        """All that can be chosen for any format."""
        from cnnlab.export.tidy.tables import tables_by_name

        known = tables_by_name(of_study=bool(self.exported.study))
        tables = {name: f"one file: {table.what}" for name, table in known.items()}
        checkpoints, splits = self._checkpoints(), self._splits()
        found = [
            Option("plot", "plot", self._plots()),
            Option("columns", "columns", _COLUMNS),
            Option("table", "tables", {ALL_TABLES: "a folder with a file each", **tables}),
            Option("checkpoint", "checkpoint", {name: _CHECKPOINTS[name] for name in checkpoints}),
            Option("split", "images", dict.fromkeys(splits, "")),
        ]
        return [option for option in found if option.meanings]

    def _plots(self) -> dict[str, str]:
        """The plots that there are, and what they show."""
        of_one = self.exported.is_one_run
        meanings = {
            name: plot.of_one if of_one else plot.of_several for name, plot in PLOTS.items()
        }
        return {
            name: what
            for name, what in meanings.items()
            if what and (self.stock is None or name in self.stock.plots)
        }

    def _checkpoints(self) -> list[str]:
        if self.stock is None:
            return list(_CHECKPOINTS)
        known = self.stock.checkpoints | {checkpoint for _, checkpoint in self.stock.evaluated}
        return [name for name in _CHECKPOINTS if name in known]

    def _splits(self) -> list[str]:
        splits: list[str] = list(reversed(SPLITS))
        if self.stock is None:
            return splits
        evaluated = {split for split, _ in self.stock.evaluated}
        return [split for split in splits if split in evaluated]

    def options_of(self, form: ExportFormat, plot: str) -> list[str]:
        """The names of the options that a format has here, one of plots with the chosen plot.

        Curves are drawn as they are by themselves, and several runs are compared by their test
        images.
        """
        left_out = {"by", "smooth", "log"}
        if not self.exported.is_one_run:
            left_out.add("split")
        if self.exported.is_one_run or not self.exported.baseline:
            left_out.add("baseline")
        if form.subject == "plot" and plot in PLOTS:
            left_out |= _OF_CLASSES.difference(PLOTS[plot].options)
        if form.subject == "report" and self.stock is not None and not self.stock.evaluated:
            left_out |= _OF_CLASSES
        return [name for name in form.options if name not in left_out]

    def chosen(self, form: ExportFormat, values: Mapping[str, str]) -> dict[str, str]:
        """The values that a format's options have; all tables are no value.

        Args:
            values: those of all options that there are to choose.
        """
        known = {**values, "baseline": self.exported.baseline}
        names = self.options_of(form, values.get("plot", ""))
        return {name: known[name] for name in names if known.get(name, ALL_TABLES) != ALL_TABLES}


def as_options(values: Mapping[str, str]) -> ExportOptions:
    """What is chosen, as far as it tells what the file is called."""
    return ExportOptions(
        tables=(values["table"],) if "table" in values else (),
        plot=values.get("plot", ""),
        checkpoint="last" if values.get("checkpoint") == "last" else "best",
    )
