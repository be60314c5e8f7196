"""Which runs of a study are still to be trained."""

from __future__ import annotations

import pytest
from own_studies import own_study

from cnnlab.config.studies import Study
from cnnlab.errors import ConfigError
from cnnlab.events import RunFinished, RunStopped
from cnnlab.execution.study import Job, missing_jobs
from cnnlab.history.queries import Reader
from cnnlab.history.recorder import Recorder, create_run, new_run_id
from cnnlab.home import Home

TEXT = """
[data]
name = "mnist-5k"
[model]
name = "lenet"
[[rows]]
name = "one"
[[rows]]
name = "two"
optimizer.lr = 0.1
"""


@pytest.fixture
def study(home: Home) -> Study:
    return own_study(home, TEXT)


def jobs(
    home: Home, study: Study, *settings: str, seeds: tuple[int, ...] = (), force: bool = False
) -> list[Job]:
    with Reader(home) as reader:
        return missing_jobs(reader, study.rows, settings, seeds, force=force)


def names(found: list[Job]) -> list[tuple[str, int | None]]:
    return [(job.row.name, job.config.training.seed) for job in found]


def finish(home: Home, job: Job, seed: int, *, stopped: bool = False) -> None:
    config = job.row.preset.config.model_dump(mode="json")
    config["training"] |= {"seed": seed, "epochs": job.config.training.epochs}
    run_id = new_run_id()
    create_run(
        home, run_id, config=config, dataset="mnist-5k", model="lenet",
        monitor="validation_accuracy", epochs=1, preset=job.row.preset.name,
    )  # fmt: skip
    with Recorder(home, run_id) as recorder:
        recorder.record(RunStopped("by the user") if stopped else RunFinished("all epochs"))


def test_at_first_every_row_is_missing(home: Home, study: Study) -> None:
    assert names(jobs(home, study)) == [("one", None), ("two", None)]
    assert names(jobs(home, study, seeds=(1, 2))) == [
        ("one", 1),
        ("one", 2),
        ("two", 1),
        ("two", 2),
    ]


def test_what_is_finished_is_not_trained_again(home: Home, study: Study) -> None:
    finish(home, jobs(home, study)[0], seed=1)
    assert names(jobs(home, study)) == [("two", None)]
    assert names(jobs(home, study, seeds=(1, 2))) == [("one", 2), ("two", 1), ("two", 2)]
    assert names(jobs(home, study, force=True)) == [("one", None), ("two", None)]


def test_what_was_stopped_is_trained_again(home: Home, study: Study) -> None:
    finish(home, jobs(home, study)[0], seed=1, stopped=True)
    assert names(jobs(home, study)) == [("one", None), ("two", None)]


def test_a_run_with_other_epochs_is_another_run(home: Home, study: Study) -> None:
    short = jobs(home, study, "training.epochs=1")
    finish(home, short[0], seed=1)
    assert names(jobs(home, study)) == [("one", None), ("two", None)]
    assert names(jobs(home, study, "training.epochs=1")) == [("two", None)]


def test_a_wrong_setting_is_named_before_anything_starts(home: Home, study: Study) -> None:
    with pytest.raises(ConfigError, match=r"training\.epoch"):
        jobs(home, study, "training.epoch=1")
