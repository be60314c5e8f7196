"""What `cnnlab export` refuses, since the format that is asked for has no use for it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from cnnlab.cli.export_target import require_options_of, require_split_of_one
from cnnlab.cli.selecting import Selection
from cnnlab.config.studies import load
from cnnlab.errors import ConfigError
from cnnlab.export.formats import FORMATS
from cnnlab.export.job import ExportOptions
from cnnlab.home import Home

CHOSEN: dict[str, Any] = {
    "tables": ("epochs",), "plot": "loss", "wide": True, "checkpoint": "last", "split": "train",
    "baseline": "a", "by": "step", "smooth": 0.5, "log": True,
}  # fmt: skip
"""Each option, other than it is by itself."""

REPORTS = {"checkpoint", "split", "baseline"}
PLOTS = {"plot", "wide", "checkpoint", "split", "by", "smooth", "log"}
TAKEN: dict[str, set[str]] = {
    "csv": {"tables"}, "parquet": {"tables"}, "json": set(), "jsonl": set(), "tensorboard": set(),
    "archive": set(), "markdown": REPORTS, "latex": REPORTS,
    "html": REPORTS | PLOTS - {"plot", "wide"}, "png": PLOTS, "svg": PLOTS, "pdf": PLOTS,
    "safetensors": {"checkpoint"}, "torchscript": {"checkpoint"}, "onnx": {"checkpoint"},
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_takes_what_concerns_it_and_nothing_else(name: str) -> None:
    assert {field.name for field in fields(ExportOptions)} == set(CHOSEN)
    for option in CHOSEN.keys() - TAKEN[name]:
        with pytest.raises(ConfigError, match=rf"--\w+ is for .* and \w+, not for {name}\."):
            require_options_of(FORMATS[name], ExportOptions(**{option: CHOSEN[option]}))
    require_options_of(FORMATS[name], ExportOptions(**{one: CHOSEN[one] for one in TAKEN[name]}))


def test_other_images_than_those_of_the_test_are_asked_for_of_one_run_alone(home: Home) -> None:
    of_training = ExportOptions(split="train")
    require_split_of_one(of_training, Selection(("a",)))
    require_split_of_one(ExportOptions(), Selection(("a", "b")))
    for selection in (Selection(("a", "b")), Selection(("a",), load(home, "chen/width"))):
        with pytest.raises(ConfigError, match="--split is for one run"):
            require_split_of_one(of_training, selection)
