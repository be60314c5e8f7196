"""The formats of `cnnlab export`: one registry, a line each.

A writer is named by its module and imported when it is used: some need torch, others packages that
come with an extra. To add a format is to add a module with a `Writer` and its line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from cnnlab.errors import known_name, missing_extra
from cnnlab.export.job import Writer

Subject = Literal["data", "report", "plot", "model", "run"]
"""What a format holds: the rows of the history, a text for people, a plot, weights, or all."""

_CURVES = ("by", "smooth", "log")
_OPTIONS: dict[Subject, tuple[str, ...]] = {
    "data": (),
    "report": ("checkpoint", "split", "baseline"),
    "plot": ("plot", "columns", "checkpoint", "split", *_CURVES),
    "model": ("checkpoint",),
    "run": (),
}


@dataclass(frozen=True)
class ExportFormat:
    """A way to write runs down.

    Attributes:
        suffix: of the file, with its dot; empty where the format is a folder.
        what: for a list of formats.
        writer: module and function.
        extra: the optional dependencies that it needs, as pip names them; empty for none.
        needs: modules of that extra.
        several: whether it takes more than one run.
        folder: whether it may become a folder of files; one table of CSV is a file.
        text: whether it can be written to standard output.
        own_options: those that it takes beside those of all formats of its subject.
    """

    name: str
    suffix: str
    subject: Subject
    what: str
    writer: str
    extra: str = ""
    needs: tuple[str, ...] = ()
    several: bool = True
    folder: bool = False
    text: bool = False
    own_options: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """What can be chosen for it, as `cnnlab export` calls the options."""
        return (*_OPTIONS[self.subject], *self.own_options)

    def load(self) -> Writer:
        """The function that writes it.

        Raises:
            ConfigError: the extra that it needs is not installed.
        """
        self.require_extra()
        module, _, function = self.writer.partition(":")
        writer: Writer = getattr(importlib.import_module(module), function)
        return writer

    def becomes_folder(self, tables: Sequence[str]) -> bool:
        """Whether it becomes a folder, where these tables are chosen: a single one is a file."""
        return self.folder and len(tables) != 1

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is there."""
        return all(find_spec(name) is not None for name in self.needs)

    def require_extra(self) -> None:
        """Checks that what it needs is there.

        Raises:
            ConfigError: it is not.
        """
        if not self.is_installed:
            raise missing_extra(f"The format {self.name}", self.extra)


def _plot(name: str, what: str) -> ExportFormat:
    writer = f"cnnlab.export.plotting.files:write_{name}"
    return ExportFormat(name, f".{name}", "plot", what, writer, "plots", ("matplotlib",))


FORMATS: dict[str, ExportFormat] = {
    each.name: each
    for each in (
        ExportFormat(
            "csv",
            "",
            "data",
            "tidy tables, a file each",
            "cnnlab.export.tidy.csv_files:write_csv",
            folder=True,
            text=True,
            own_options=("table",),
        ),
        ExportFormat(
            "json",
            ".json",
            "data",
            "everything, nested, with a schema",
            "cnnlab.export.tidy.json_files:write_json",
            text=True,
        ),
        ExportFormat(
            "jsonl",
            ".jsonl",
            "data",
            "the same, one run a line",
            "cnnlab.export.tidy.json_files:write_jsonl",
            text=True,
        ),
        ExportFormat(
            "parquet",
            "",
            "data",
            "tidy tables, a file each",
            "cnnlab.export.tidy.parquet:write_parquet",
            extra="parquet",
            needs=("pyarrow",),
            folder=True,
            own_options=("table",),
        ),
        ExportFormat(
            "markdown",
            ".md",
            "report",
            "a report of a run, a comparison or a study",
            "cnnlab.export.markdown:write_markdown",
            text=True,
        ),
        ExportFormat(
            "latex",
            ".tex",
            "report",
            "its tables for a paper, with booktabs",
            "cnnlab.export.latex:write_latex",
            text=True,
        ),
        ExportFormat(
            "html",
            ".html",
            "report",
            "the report with plots, in one file",
            "cnnlab.export.html:write_html",
            extra="plots",
            needs=("matplotlib",),
            own_options=_CURVES,
        ),
        _plot("png", "a plot, 300 dots an inch"),
        _plot("svg", "a plot, scalable"),
        _plot("pdf", "a plot for a paper"),
        ExportFormat(
            "safetensors",
            ".safetensors",
            "model",
            "the weights: a state dict",
            "cnnlab.export.models:write_safetensors",
            several=False,
        ),
        ExportFormat(
            "torchscript",
            ".pt",
            "model",
            "the model with its normalisation",
            "cnnlab.export.models:write_torchscript",
            several=False,
        ),
        ExportFormat(
            "onnx",
            ".onnx",
            "model",
            "the model with its normalisation",
            "cnnlab.export.models:write_onnx",
            extra="onnx",
            needs=("onnx", "onnxruntime", "onnxscript"),
            several=False,
        ),
        ExportFormat(
            "tensorboard",
            "",
            "data",
            "curves as event files",
            "cnnlab.export.tensorboard:write_tensorboard",
            extra="tensorboard",
            needs=("tensorboard",),
            folder=True,
        ),
        ExportFormat(
            "archive",
            ".cnnlab.zip",
            "run",
            "all of the runs, checkpoints too, for `cnnlab runs import`",
            "cnnlab.export.archive:write_archive",
        ),
    )
}


def export_format(name: str) -> ExportFormat:
    """The format of a name, or of the ending of its files, such as `md`.

    Raises:
        ConfigError: there is none.
    """
    of_ending = None if name in FORMATS else format_of(f".{name}")
    return of_ending or FORMATS[known_name("format", name, FORMATS)]


def format_of(suffix: str) -> ExportFormat | None:
    """The format that files with an ending have; None where no single one does."""
    lower = suffix.lower()
    named = {".csv": "csv", ".parquet": "parquet", ".zip": "archive"}
    if lower in named:
        return FORMATS[named[lower]]
    found = [each for each in FORMATS.values() if each.suffix == lower]
    return found[0] if len(found) == 1 else None
