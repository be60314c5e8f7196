"""A run from its request to its row in the history: what fits, its seed, its source."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from execution.runner.conftest import Prepare, recorded
from training.conftest import small_config
from waiting import wait_until

import cnnlab
from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError, StorageError
from cnnlab.execution.provenance import git_state
from cnnlab.execution.requests import RunRequest
from cnnlab.execution.runner import prepare_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def everything_in(home: Home) -> list[Path]:
    return sorted(home.root.rglob("*")) if home.root.exists() else []


def test_a_prepared_run_waits_in_the_history(home: Home, prepare: Prepare) -> None:
    thread = prepare()
    run = recorded(home, thread)
    assert (run.status, run.name, run.preset) == ("queued", "quickstart-1", "quickstart")
    assert thread.run_name == run.name
    assert home.checkpoints(thread.run_id).is_dir()
    assert not thread.is_alive()
    assert thread.ending is None


def test_what_was_asked_for_is_kept(home: Home, few_digits: Dataset) -> None:
    config = small_config()
    request = RunRequest(config, "mine", "first", ("b", "a", "b"), "a word")
    thread = prepare_run(home, request, few_digits)
    run = recorded(home, thread)
    assert (run.name, run.preset, run.tags) == ("first", "mine", ("a", "b"))
    assert RunConfig.model_validate(run.config) == config
    assert (run.dataset, run.model, run.epochs_planned) == ("mnist-5k", "lenet", 2)
    with Reader(home) as reader:
        assert [note.text for note in reader.notes([run.id])[run.id]] == ["a word"]


def test_runs_of_a_preset_are_numbered(prepare: Prepare) -> None:
    assert [prepare().run_name for _ in range(3)] == [f"quickstart-{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"model": {"kernel_size": 15}}, "Convolution 2"),
        ({"data": {"validation": 600}}, "600"),
        ({"training": {"device": "cuda:99"}}, "cuda:99"),
    ],
    ids=["kernel", "validation", "device"],
)
def test_a_config_that_does_not_fit_leaves_nothing_behind(
    home: Home, prepare: Prepare, tables: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        prepare(**tables)
    assert words in str(caught.value)
    assert everything_in(home) == []
    with Reader(home) as reader:
        assert reader.runs() == []


def test_a_config_that_does_not_fit_leaves_earlier_runs_alone(home: Home, prepare: Prepare) -> None:
    kept = prepare()
    with pytest.raises(ConfigError):
        prepare(model={"kernel_size": 15})
    with Reader(home) as reader:
        assert [run.id for run in reader.runs()] == [kept.run_id]
    assert [path.name for path in (home.root / "runs").iterdir()] == [kept.run_id]


def test_a_home_that_is_a_file_is_a_sentence(home: Home, prepare: Prepare) -> None:
    home.root.write_text("")
    with pytest.raises(StorageError, match="cannot be created"):
        prepare()


def test_a_seed_is_drawn_and_kept(home: Home, prepare: Prepare) -> None:
    threads = [prepare(training={"seed": None}) for _ in range(3)]
    seeds = [recorded(home, thread).config["training"]["seed"] for thread in threads]
    assert all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in seeds)
    assert len(set(seeds)) == 3
    assert [thread.trainer.settings.seed for thread in threads] == seeds


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_a_seed_that_was_given_is_used(home: Home, prepare: Prepare, seed: int) -> None:
    thread = prepare(training={"seed": seed})
    assert recorded(home, thread).config["training"]["seed"] == seed


def test_versions_and_the_state_of_the_source_are_kept(home: Home, prepare: Prepare) -> None:
    run = recorded(home, prepare())
    assert run.versions["cnnlab"] == cnnlab.__version__
    for package in ("torch", "torchvision", "numpy", "scikit-learn"):
        assert run.versions[package] == version(package)
    # git may have no time to answer one of the two at once.
    wait_until(lambda: recorded(home, prepare()).git == git_state(), "the same state")
