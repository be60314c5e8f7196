"""Runs whose loss is infinite, or not a number: everything still tells of them, and what is so."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.studies import RATES, write_rates
from export.tidy_exports import as_text, read_json, read_jsonl, tables_in
from history.samples import (
    STARTED,
    add_run,
    change,
    checkpoint,
    epoch,
    evaluated,
    evaluation,
    record,
    steps,
)

from cnnlab.config import studies
from cnnlab.events import RunFinished
from cnnlab.export.formats import FORMATS
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.history.queries import Reader
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]

ROWS = {"infinite": 0.5, "none": 0.6, "mixed": 0.7, "good": 0.01}
"""The rows of a study, with their learning rates."""
LOSSES = {
    "infinite": (math.inf, math.inf),
    "none": (math.nan, math.nan),
    "mixed": (math.inf, 0.75),
    "good": (0.25, 0.5),
}
"""Of each row the losses of its two seeds, in training, in validation and in the test."""
READS = {
    "infinite": "inf",
    "none": "–",
    "mixed": "inf",
    "good": "0.3750 ± 0.1768",
}
FORMATS_OF_RUNS = [each.name for each in FORMATS.values() if each.subject != "model"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("diverged") / "home")
    write_rates(home, ROWS, published=0.95)
    for row in studies.load(home, RATES).rows:
        for seed, loss in enumerate(LOSSES[row.name]):
            run_id = f"{row.name}-{seed}"
            config = row.preset.with_settings([f"training.seed={seed}"]).model_dump(mode="json")
            add_run(home, run_id, name=run_id, config=config, preset=row.preset.name)
            result = evaluation(loss=loss)
            record(
                home,
                run_id,
                STARTED,
                *(steps(number, (0.9, loss)) for number in (1, 3)),
                *(epoch(number, loss=loss, validation_loss=loss) for number in (1, 2)),
                checkpoint("best", 1),
                evaluated("validation", "best", 8, result),
                evaluated("test", "best", 8, result),
                RunFinished("done"),
            )
    return home


@pytest.fixture
def runs(written: Home, home: Home) -> list[str]:
    """The ids of those runs, in the test's own home."""
    shutil.copytree(written.root, home.root)
    return [f"{row}-{seed}" for row in LOSSES for seed in (0, 1)]


def plain(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.usefixtures("runs")
def test_a_comparison_on_the_console_names_infinite_losses_and_those_that_are_none(
    cnnlab: Cnnlab,
) -> None:
    done = cnnlab("runs", "compare", "--filter", "name:*", "--curves")
    assert (done.returncode, done.stderr) == (0, "")
    lines = plain(done.stdout)
    assert "test loss inf – inf 0.3750 ± 0.1768 *" in lines
    assert "A figure that is infinite in a run has no deviation." in lines


@pytest.mark.usefixtures("runs")
def test_a_comparison_as_json_has_null_for_them(cnnlab: Cnnlab) -> None:
    done = cnnlab("runs", "compare", "--filter", "name:*", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    groups = json.loads(done.stdout, parse_constant=pytest.fail)["groups"]
    infinite, none, mixed, good = (group["figures"].get("test_loss") for group in groups)
    nulls = dict.fromkeys(("mean", "std", "minimum", "maximum", "best"))
    assert infinite == {**nulls, "n": 2}
    assert none is None
    assert mixed == {**nulls, "n": 2, "minimum": 0.75, "best": 0.75}
    assert good["mean"] == 0.375


@pytest.mark.usefixtures("runs")
def test_a_study_on_the_console_tells_which_runs_diverged(cnnlab: Cnnlab, home: Home) -> None:
    # No training gives such an accuracy; a history from elsewhere may have it.
    change(home, "update evaluations set accuracy = 9e999 where run_id = 'infinite-1'")
    done = cnnlab("study", "show", RATES)
    assert (done.returncode, done.stderr) == (0, "")
    lines = plain(done.stdout)
    assert "infinite 0.95 inf (2) inf +inf" in lines
    assert any(line.startswith("good – 0.9000 ± 0.0000 (2)") for line in lines)
    ends = "of 2 runs is infinite or not a number; training diverged."
    for told in ("infinite: the loss of 2", "none: the loss of 2", "mixed: the loss of 1"):
        assert f"{told} {ends}" in lines
    shown = json.loads(cnnlab("study", "show", RATES, "--json").stdout, parse_constant=pytest.fail)
    assert [row["diverged"] for row in shown["rows"]] == [2, 2, 1, 0]
    assert shown["rows"][0]["measured"]["accuracy"] == {
        "mean": None, "std": None, "n": 2, "minimum": 0.9, "maximum": None, "best": None,
        "outside": False,
    }  # fmt: skip


@pytest.mark.parametrize("subject", ["run", "comparison", "study"])
@pytest.mark.parametrize("name", FORMATS_OF_RUNS)
def test_every_format_of_runs_takes_them(
    home: Home, runs: list[str], tmp_path: Path, name: str, subject: str
) -> None:
    study = studies.load(home, RATES) if subject == "study" else None
    change(home, "update evaluations set accuracy = 9e999 where run_id = 'infinite-1'")
    options = ExportOptions(log=True, plot="loss" if subject == "comparison" else "")
    path = tmp_path / f"out{FORMATS[name].suffix}"
    chosen = tuple(runs[:1] if subject == "run" else runs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FORMATS[name].load()(ExportJob(home, chosen, study, options), path)
    assert path.exists()
    if subject == "comparison" and name in ("markdown", "latex", "html"):
        text = " ".join(
            re.sub(r"<[^>]*>|[|&*]|\\textbf|[{}]", " ", path.read_text("utf-8")).split()
        )
        assert "A figure that is infinite in a run has no deviation." in text
        # A page of LaTeX is as wide as two of these groups.
        wanted = [" ".join(READS.values())] if name != "latex" else ["inf --", "inf 0.3750"]
        assert all(f"test loss {figures}" in text for figures in wanted)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_tables_keep_what_is_infinite(home: Home, tmp_path: Path, name: str) -> None:
    path = tmp_path / "out"
    FORMATS[name].load()(ExportJob(home, ("infinite-0", "none-0")), path)
    tables = tables_in(path)
    for table, column in (("evaluations", "loss"), ("epochs", "train_loss"), ("steps", "loss")):
        found = {row["run_id"]: as_text(row[column]) for row in tables[table]}
        assert found == {"infinite-0": "inf", "none-0": ""}


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(("name", "read"), [("json", read_json), ("jsonl", read_jsonl)])
def test_json_has_null_for_them(
    home: Home, tmp_path: Path, name: str, read: Callable[[Path], list[dict[str, object]]]
) -> None:
    path = tmp_path / "out"
    FORMATS[name].load()(ExportJob(home, ("infinite-0", "none-0", "good-0")), path)
    losses = [run["evaluations"][1]["loss"] for run in read(path)]  # type: ignore[index]
    assert losses == [None, None, 0.25]


def test_the_history_gives_back_what_training_told(home: Home, runs: list[str]) -> None:
    with Reader(home) as reader:
        found = reader.final_evaluations(runs)
    told = [loss for losses in LOSSES.values() for loss in losses]
    assert [found[run][-1].loss for run in runs] == [
        None if math.isnan(loss) else loss for loss in told
    ]
