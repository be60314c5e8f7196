"""Repeats of one config: their seeds and names, and what is left of a group."""

from __future__ import annotations

import subprocess

import pytest
from finished_run import CONFIG
from history import samples
from waiting import SECONDS

from cnnlab.config.run import RunConfig
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.execution.building import build_group
from cnnlab.execution.queue import RunQueue
from cnnlab.execution.repeats import owners_words, repeated, runs_of_group, unfinished
from cnnlab.execution.requests import RunRequest
from cnnlab.history.queries import Reader
from cnnlab.home import Home

REQUEST = RunRequest(CONFIG, preset="quickstart", name="digits", tags=("a",))


def test_repeats_differ_in_the_seed_alone() -> None:
    requests = repeated(REQUEST, 3)
    assert [request.config.training.seed for request in requests] == [1, 2, 3]
    assert {(request.name, request.stem) for request in requests} == {("", "digits")}
    assert len({request.group for request in requests}) == 1
    configs = [request.config.model_dump() for request in requests]
    for config in configs:
        del config["training"]["seed"]
    assert configs[0] == configs[1] == configs[2]
    assert {request.tags for request in requests} == {("a",)}


def test_without_a_seed_one_is_drawn_and_the_others_follow_it() -> None:
    training = CONFIG.training.model_copy(update={"seed": None})
    request = RunRequest(CONFIG.model_copy(update={"training": training}))
    drawn = [[each.config.training.seed for each in repeated(request, 3)] for _ in range(2)]
    for seeds in drawn:
        assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
    assert drawn[0] != drawn[1]
    assert repeated(request, 2)[0].name == ""


def test_two_groups_of_one_name_have_names_of_their_own(home: Home) -> None:
    for _ in range(2):
        build_group(home, repeated(REQUEST, 2))
    with Reader(home) as reader:
        runs = reader.runs(ascending=True)
    assert [run.name for run in runs] == ["digits-1", "digits-2", "digits-3", "digits-4"]
    assert runs[0].group_id == runs[1].group_id
    assert runs[2].group_id == runs[3].group_id
    assert runs[0].group_id != runs[2].group_id


def test_all_rows_of_a_group_are_there_before_anything_trains(home: Home) -> None:
    requests = repeated(REQUEST, 3)
    first, run_ids = build_group(home, requests)
    group = str(requests[0].group)
    with Reader(home) as reader:
        runs = runs_of_group(reader, group)
        assert [run.id for run in runs] == run_ids
        assert [run.config["training"]["seed"] for run in runs] == [1, 2, 3]
        assert {run.status for run in runs} == {"queued"}
        assert unfinished(reader, group) == (runs, [])
    assert (first.run_id, first.run_name) == (run_ids[0], "digits-1")


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"data": {"name": "cifar10"}}, "not on this machine"),
        ({"training": {"device": "cuda:7"}}, "cuda"),
        (
            {"data": {"name": "mnist-5k", "resize": 4}, "model": {"name": "lenet"}},
            "input is only 4x4",
        ),
    ],
)
def test_what_cannot_be_trained_leaves_no_rows(
    home: Home, tables: dict[str, dict[str, object]], words: str
) -> None:
    config = RunConfig.model_validate({**CONFIG.model_dump(mode="json"), **tables})
    with pytest.raises(CnnlabError, match=words):
        build_group(home, repeated(RunRequest(config), 2))
    with Reader(home) as reader:
        assert not reader.runs()


def test_a_seed_that_no_run_may_have_is_refused() -> None:
    largest = CONFIG.training.model_copy(update={"seed": 2**63 - 1})
    request = RunRequest(CONFIG.model_copy(update={"training": largest}))
    assert len(repeated(request, 1)) == 1
    with pytest.raises(ConfigError, match=r"training\.seed"):
        repeated(request, 2)


def test_a_group_that_is_not_there_says_what_makes_one(home: Home) -> None:
    with Reader(home) as reader, pytest.raises(ConfigError, match=r"no group 'abc'.*--repeat"):
        unfinished(reader, "abc")


def test_what_others_train_of_a_group_is_left_to_them(home: Home) -> None:
    # It lives until its input ends.
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        for run_id in "abcdef":
            samples.add_run(home, run_id, name=run_id, group="g")
        of_other = f"pid = {other.pid}"
        for run_id, words in {
            "a": "status = 'finished'",
            "b": f"status = 'running', {of_other}",
            "c": of_other,
            "d": "host = 'elsewhere', pid = 7",
            "e": "status = 'stopped'",
            "f": "boot = 'an earlier one'",
        }.items():
            samples.change(home, f"update runs set {words} where id = ?", [run_id])
        with Reader(home) as reader:
            left, elsewhere = unfinished(reader, "g")
            assert [run.id for run in left] == ["e", "f"]
            assert [run.id for run in elsewhere] == ["b", "c", "d"]
            assert owners_words(elsewhere) == f"process {other.pid}, process 7 on elsewhere"
        samples.change(home, "update runs set status = 'finished' where id in ('d', 'e', 'f')")
        with Reader(home) as reader, pytest.raises(ConfigError) as told:
            unfinished(reader, "g")
        assert f"left of the group g is trained by process {other.pid} already" in str(told.value)


def test_the_queue_of_the_screens_trains_a_group(home: Home) -> None:
    short = CONFIG.training.model_copy(update={"epochs": 1, "evaluate_every": "epoch"})
    requests = repeated(RunRequest(CONFIG.model_copy(update={"training": short})), 2)
    queue = RunQueue(home)
    queue.add(requests)
    queue.finish()
    assert queue.join(SECONDS)
    group = str(requests[0].group)
    with Reader(home) as reader:
        assert [run.status for run in runs_of_group(reader, group)] == ["finished"] * 2
        with pytest.raises(ConfigError, match=f"{group} is finished"):
            unfinished(reader, group)
