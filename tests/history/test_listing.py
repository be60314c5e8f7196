"""Which runs are listed, in what order, and what they have in common."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any

import pytest
from history import samples
from history.uses import names

from cnnlab.errors import ConfigError
from cnnlab.history.edits import add_note, change_tags
from cnnlab.history.filters import parse
from cnnlab.history.naming import TagChange
from cnnlab.history.queries import SORTABLE, Reader, RunFilter
from cnnlab.history.records import RunRecord
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home

FIELDS: dict[str, Callable[[RunRecord], Any]] = {
    "started": lambda run: run.created_at,
    "id": lambda run: run.id,
    "name": lambda run: run.name,
    "status": lambda run: run.status,
    "preset": lambda run: run.preset,
    "dataset": lambda run: run.dataset,
    "model": lambda run: run.model,
    "parameters": lambda run: run.parameters,
    "epochs": lambda run: run.epochs_done,
    "time": lambda run: run.duration_s,
    "best": lambda run: run.best_value,
    "accuracy": lambda run: run.test_accuracy,
    "precision": lambda run: run.test_precision_macro,
    "loss": lambda run: run.test_loss,
    "lr": lambda run: run.config.get("optimizer", {}).get("lr"),
    "optimizer": lambda run: run.config.get("optimizer", {}).get("name"),
    "batch_size": lambda run: run.config.get("training", {}).get("batch_size"),
    "seed": lambda run: run.config.get("training", {}).get("seed"),
    "device": lambda run: run.device,
    "group": lambda run: run.group_id,
    "origin": lambda run: run.origin,
    "tags": lambda run: run.tags[0] if run.tags else None,
}
"""Where a reader of the list sees what it is sorted by."""
ORIGINS = {"cuda": "archive", "cpu": "csv", "mps": "tensorboard"}


@pytest.fixture
def told_apart(several: Home) -> Home:
    """The four runs with configs, devices, groups, origins and tags that differ too."""
    rows = [
        ("c0000001", 0.01, "sgd", 32, 7, "cuda", ["b"]),
        ("a0000002", 0.0001, "adam", 128, 2**40, "cpu", ["c", "a"]),
        ("d0000003", 0.1, "rmsprop", 64, 3, "mps", ["d"]),
    ]
    for run_id, lr, optimizer, batch_size, seed, device, tags in rows:
        config = {
            "optimizer": {"name": optimizer, "lr": lr},
            "training": {"batch_size": batch_size, "seed": seed},
        }
        samples.change(
            several,
            "update runs set config = ?, device = ?, group_id = ?, origin = ? where id = ?",
            (json.dumps(config), device, device[::-1], ORIGINS[device], run_id),
        )
        change_tags(several, [run_id], TagChange.of(tags))
    return several


# Which runs are listed


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {"delta", "alpha", "bravo", "Übung_1%"}),
        ({"status": "finished"}, {"delta", "Übung_1%"}),
        ({"dataset": "svhn"}, {"bravo"}),
        ({"model": "vgg"}, {"alpha"}),
        ({"preset": "mnist/lenet"}, {"delta"}),
        ({"preset": "mnist"}, set()),
        ({"status": "finished", "model": "lenet"}, {"Übung_1%"}),
        ({"status": "failed", "model": "lenet"}, set()),
        ({"status": "' or '1"}, set()),
    ],
)
def test_filters_pick_the_runs_that_pass_all(
    several: Home, wanted: dict[str, str], found: set[str]
) -> None:
    assert set(names(several, RunFilter(**wanted))) == found


def test_a_tag_picks_the_runs_that_have_it(home: Home) -> None:
    samples.add_run(home, "aaaa0001", tags=["good", "old"])
    samples.add_run(home, "bbbb0002", tags=["goods"])
    assert names(home, RunFilter(tag="good")) == ["lenet-1"]
    assert names(home, RunFilter(tag="Good")) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ALPH", {"alpha"}),
        ("übung", {"Übung_1%"}),
        ("VGG", {"bravo"}),
        ("warm", {"delta"}),
        ("straße", {"alpha"}),
        ("STRASSE", {"alpha"}),
        ("%", {"Übung_1%"}),
        ("_", {"Übung_1%"}),
        ("svhn", set()),
    ],
)
def test_a_search_looks_into_names_presets_tags_and_notes(
    several: Home, search: str, found: set[str]
) -> None:
    samples.change(several, "insert into tags values ('c0000001', 'Warmup')")
    add_note(several, "a0000002", "Made in the Hauptstraße.")
    assert set(names(several, RunFilter(search=search))) == found


# In what order


def test_every_sort_key_is_tested() -> None:
    assert FIELDS.keys() == SORTABLE.keys()


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("key", FIELDS)
def test_runs_are_sorted_by_any_key(told_apart: Home, key: str, ascending: bool) -> None:
    with Reader(told_apart) as reader:
        runs = reader.runs(sort=key, ascending=ascending)
        assert reader.run_ids(sort=key, ascending=ascending) == [run.id for run in runs]
        newest_first = reader.runs()
    of = FIELDS[key]
    values = [of(run) for run in runs]
    present = [value for value in values if value is not None]
    assert len(values) == 4
    assert len(set(present)) >= 3
    assert present == sorted(present, reverse=not ascending)
    assert values[len(present) :] == [None] * (4 - len(present))
    for value in set(values):
        same = [run for run in newest_first if of(run) == value]
        assert [run for run in runs if run in same] == same


def test_an_unknown_sort_key_suggests_the_nearest(home: Home) -> None:
    with Reader(home) as reader:
        for listed in (reader.runs, reader.run_ids):
            with pytest.raises(ConfigError, match="'acuracy'") as caught:
                listed(sort="acuracy")
            assert "'accuracy'" in caught.value.hint


@pytest.mark.parametrize("collects", [True, False])
def test_a_list_leaves_the_garbage_collector_as_it_was(several: Home, collects: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        assert len(names(several)) == 4
        assert gc.isenabled() is collects
    finally:
        (gc.enable if before else gc.disable)()


def test_runs_keep_their_own_figures_in_any_order(several: Home) -> None:
    samples.change(
        several,
        "update runs set config = json_object('of', id), versions = json_object('torch', id),"
        " git = case when id > 'b' then json_object('commit', id) end",
    )
    samples.change(several, "insert into tags select id, 'of ' || id from runs")
    with Reader(several) as reader:
        for key in SORTABLE:
            for run in reader.runs(sort=key):
                assert run.config == {"of": run.id}
                assert run.versions == {"torch": run.id}
                assert run.git == ({"commit": run.id} if run.id > "b" else None)
                assert run.tags == (f"of {run.id}",)
                assert run == reader.run(run.id)


def test_a_limit_takes_the_first_of_the_order(several: Home) -> None:
    assert names(several, limit=2) == ["Übung_1%", "bravo"]
    assert names(several, sort="best", limit=1) == ["alpha"]
    assert names(several, limit=0) == []
    assert len(names(several, limit=100)) == 4


def test_ids_pass_the_filter_that_runs_pass(several: Home) -> None:
    wanted = RunFilter(status="finished", query=parse("accuracy<0.45"))
    with Reader(several) as reader:
        assert reader.run_ids(wanted) == ["b0000004"]
        assert reader.run_ids(RunFilter(query=parse("precision>0.5 loss<0.5"))) == ["a0000002"]


def test_runs_are_found_again_in_the_order_of_their_ids(several: Home) -> None:
    move_to_trash(several, ["a0000002"])
    asked = ["d0000003", "ffffffff", "a0000002", "c0000001"]
    with Reader(several) as reader:
        runs = reader.runs_among(asked)
        assert [run.id for run in runs] == ["d0000003", "a0000002", "c0000001"]
        assert runs == [reader.run(run.id) for run in runs]
        assert reader.runs_among([]) == []
        assert len(reader.runs_among([f"{number:08x}" for number in range(50_000)])) == 0


# What the runs have in common


def test_the_tags_used_most_come_first(several: Home) -> None:
    for run_id, tags in (
        ("a0000002", ["rare", "common", "also rare"]),
        ("b0000004", ["common", "some"]),
        ("c0000001", ["common", "some"]),
        ("d0000003", ["in the trash"]),
    ):
        change_tags(several, [run_id], TagChange.of(tags))
    move_to_trash(several, ["d0000003"])
    with Reader(several) as reader:
        assert reader.tags() == ["common", "some", "also rare", "rare"]
        assert reader.values("tag") == reader.tags()


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("status", ["finished", "stopped"]),
        ("dataset", ["cifar", "fashion", "mnist"]),
        ("model", ["lenet", "resnet", "vgg"]),
        ("preset", ["beans", "mnist/lenet"]),
        ("study", ["mnist"]),
        ("name", ["alpha", "delta", "Übung_1%"]),
        ("device", ["a processor", "cpu"]),
        ("id", ["a0000002", "b0000004", "c0000001"]),
        ("accuracy", []),
        ("note", []),
        ("optimizer.lr", []),
    ],
)
def test_values_of_texts_are_known(several: Home, key: str, found: list[str]) -> None:
    change = "update runs set device = 'cpu', device_name = 'a processor' where id = 'c0000001'"
    samples.change(several, change)
    move_to_trash(several, ["d0000003"])
    with Reader(several) as reader:
        assert reader.values(key) == found


def test_every_study_that_is_offered_finds_its_runs(home: Home) -> None:
    samples.add_run(home, "aaaa0001", preset="chen/optimizers/Adam")
    with Reader(home) as reader:
        assert reader.values("study") == ["chen/optimizers"]
        assert reader.run_ids(RunFilter(query=parse("study:chen/optimizers"))) == ["aaaa0001"]
