"""Which rows of a study count as trained, without all that its table needs."""

from __future__ import annotations

from typing import Any

import pytest
from history import samples
from own_studies import own_study

from cnnlab.analysis.study_results import study_results
from cnnlab.analysis.trained_rows import TrainedCount, trained_configs
from cnnlab.config.studies import Study, StudyRow
from cnnlab.events import RunFailed, RunFinished
from cnnlab.history.queries import Reader
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home

TEXT = """
[data]
name = "mnist-5k"
[model]
name = "lenet"
[[rows]]
name = "slow"
optimizer.lr = 0.001
[[rows]]
name = "fast"
optimizer.lr = 0.1
"""


@pytest.fixture
def study(home: Home) -> Study:
    return own_study(home, TEXT)


def train(
    home: Home,
    row: StudyRow,
    *settings: str,
    config: dict[str, Any] | None = None,
    fails: bool = False,
) -> str:
    """A run of a row as training leaves it behind; returns its id."""
    with Reader(home) as reader:
        run_id = f"{len(reader.runs()):08x}"
    wanted = config or row.preset.with_settings(settings).model_dump(mode="json")
    samples.add_run(home, run_id, config=wanted, preset=row.preset.name)
    ending = RunFailed("no memory") if fails else RunFinished("all epochs done")
    samples.record(home, run_id, samples.STARTED, ending)
    return run_id


def counted(home: Home, study: Study) -> TrainedCount:
    """How many rows were trained, which is what the study's table says too."""
    with Reader(home) as reader:
        trained = trained_configs(reader)
        results = study_results(reader, study, "best")
    statuses = [trained.status(row) for row in study.rows]
    assert statuses == [row.status for row in results.rows]
    return trained.count(study.rows)


def test_rows_trained_with_other_settings_alone_are_counted_apart(home: Home, study: Study) -> None:
    slow, fast = study.rows
    assert counted(home, study) == TrainedCount(rows=2, as_said=0, otherwise=0)
    train(home, fast, "training.epochs=1")
    train(home, slow, fails=True)
    assert counted(home, study) == TrainedCount(rows=2, as_said=0, otherwise=1)
    train(home, slow, "training.seed=7", "training.device=cpu", "training.precision=float32")
    assert counted(home, study) == TrainedCount(rows=2, as_said=1, otherwise=1)
    train(home, fast, "training.seed=8")
    assert counted(home, study) == TrainedCount(rows=2, as_said=2, otherwise=0)


def test_stored_configs_are_completed_or_left_out_and_the_trash_does_not_count(
    home: Home, study: Study
) -> None:
    slow, fast = study.rows
    older = slow.preset.config.model_dump(mode="json")
    del older["data"]["residence"], older["training"]["early_stopping"]
    train(home, slow, config=older)
    train(home, fast, config={"model": {"name": "of the past"}})
    assert counted(home, study) == TrainedCount(rows=2, as_said=1, otherwise=0)
    thrown_away = train(home, fast)
    assert counted(home, study).as_said == 2
    move_to_trash(home, [thrown_away])
    assert counted(home, study).as_said == 1
