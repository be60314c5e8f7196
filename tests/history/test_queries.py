"""The history answers what was asked: which run is meant, which are listed, and in what order."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from history import samples

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


def resolve(home: Home, text: str) -> str:
    with Reader(home) as reader:
        return reader.resolve(text)


def names(home: Home, wanted: RunFilter | None = None, **options: Any) -> list[str]:
    with Reader(home) as reader:
        return [run.name for run in reader.runs(wanted, **options)]


@pytest.fixture
def several(home: Home) -> Home:
    """Four runs whose order differs with each thing that they can be sorted by."""
    rows = [
        ("c0000001", "delta", "finished", "mnist/lenet", "mnist", "resnet", 400, 7.5, 0.7),
        ("a0000002", "alpha", "stopped", None, "fashion", "vgg", None, None, 0.9),
        ("d0000003", "bravo", "failed", "cifar/vgg", "svhn", "alexnet", 900, 1.5, None),
        ("b0000004", "Übung_1%", "finished", "beans", "cifar", "lenet", 100, 3.5, 0.8),
    ]
    for minute, row in enumerate(rows):
        run_id, name, status, preset, dataset, model, parameters, duration, best = row
        samples.add_run(home, run_id, name=name, preset=preset, dataset=dataset, model=model)
        samples.change(
            home,
            "update runs set status = ?, parameters = ?, duration_s = ?, best_value = ?,"
            " created_at = ? where id = ?",
            (status, parameters, duration, best, f"2026-01-01T00:0{minute}:00+00:00", run_id),
        )
    for run_id, done, accuracy, precision, loss in (
        ("c0000001", 1, 0.5, 0.3, 0.9),
        ("b0000004", 3, 0.4, 0.8, 0.7),
        ("a0000002", 2, 0.6, 0.7, 0.1),
    ):
        figures = samples.evaluation(accuracy=accuracy, loss=loss)
        result = replace(figures, precision_macro=precision)
        epochs = [samples.epoch(number) for number in range(1, done + 1)]
        samples.record(home, run_id, *epochs, samples.evaluated("test", "best", 8, result))
    return home


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


# Which run is meant


def test_a_run_is_found_by_id_prefix_name_and_latest(several: Home) -> None:
    assert resolve(several, "d0000003") == "d0000003"
    assert resolve(several, "D0000003") == "d0000003"
    assert resolve(several, "d00") == "d0000003"
    assert resolve(several, "D") == "d0000003"
    assert resolve(several, "alpha") == "a0000002"
    assert resolve(several, "Übung_1%") == "b0000004"
    assert resolve(several, "latest") == "b0000004"


def test_latest_of_one_millisecond_is_the_one_that_came_last(home: Home) -> None:
    for number in range(20):
        samples.add_run(home, f"{99 - number:08x}")
    samples.change(home, "update runs set created_at = '2026-01-01T00:00:00+00:00'")
    assert resolve(home, "latest") == f"{80:08x}"
    newest_first = [f"lenet-{number}" for number in range(20, 0, -1)]
    assert names(home) == newest_first
    assert names(home, ascending=True) == newest_first[::-1]
    assert names(home, sort="model") == newest_first
    assert names(home, limit=1) == ["lenet-20"]


def test_an_ambiguous_prefix_names_the_candidates(home: Home) -> None:
    for number in range(1, 9):
        samples.add_run(home, f"abc0000{number}")
    samples.add_run(home, "abd00000")
    with pytest.raises(ConfigError, match="'abc' stands for several runs") as caught:
        resolve(home, "abc")
    assert "abc00008 (lenet-8), abc00007 (lenet-7)" in caught.value.message
    assert "and 3 more" in caught.value.message
    assert "abd00000" not in caught.value.message
    assert resolve(home, "abd") == "abd00000"


def test_a_name_that_two_runs_have_is_ambiguous(home: Home) -> None:
    samples.add_run(home, "aaaa0001", name="same")
    samples.add_run(home, "bbbb0002", name="same")
    with pytest.raises(ConfigError, match=r"bbbb0002 \(same\), aaaa0001 \(same\)\."):
        resolve(home, "same")
    assert resolve(home, "bbbb") == "bbbb0002"


def test_a_name_goes_before_the_beginning_of_an_id(home: Home) -> None:
    samples.add_run(home, "abc00001", name="first")
    samples.add_run(home, "def00002", name="abc")
    assert resolve(home, "abc") == "def00002"
    assert resolve(home, "abc0") == "abc00001"


def test_an_id_goes_before_a_name(home: Home) -> None:
    samples.add_run(home, "abc00001", name="first")
    samples.add_run(home, "def00002", name="abc00001")
    assert resolve(home, "abc00001") == "abc00001"


@pytest.mark.parametrize("text", ["%", "_", "a_", "*", "' or 1 --", "", " "])
def test_what_looks_like_a_pattern_is_none(several: Home, text: str) -> None:
    with pytest.raises(ConfigError, match="Unknown run"):
        resolve(several, text)


@pytest.mark.parametrize("ask", [Reader.resolve, Reader.run], ids=["resolve", "run"])
def test_an_unknown_run_suggests_the_nearest(several: Home, ask: Any) -> None:
    with Reader(several) as reader, pytest.raises(ConfigError) as caught:
        ask(reader, "bravoo")
    assert caught.value.message == "Unknown run 'bravoo'."
    assert "Did you mean 'bravo'?" in caught.value.hint
    assert "cnnlab runs list" in caught.value.hint


@pytest.mark.parametrize("made", [False, True], ids=["no history", "empty history"])
@pytest.mark.parametrize("text", ["latest", "lenet-1", ""])
def test_without_runs_that_is_what_is_said(home: Home, text: str, made: bool) -> None:
    if made:
        home.root.mkdir()
        home.history.touch()
    with pytest.raises(ConfigError, match="no runs yet"):
        resolve(home, text)


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


# What a run is made of


def test_checkpoints_lie_in_the_home_as_it_is_now(home: Home, tmp_path: Path) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.checkpoint("best", 1))
    moved = Home(home.root.rename(tmp_path / "moved"))
    with Reader(moved) as reader:
        (held,) = reader.checkpoints(["aaaa0001"])["aaaa0001"]
    assert Path(held.path).parent == moved.checkpoints("aaaa0001")


def test_validations_and_final_evaluations_are_told_apart(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    with Reader(home) as reader:
        on_the_way = reader.validations(["aaaa0001"])["aaaa0001"]
        final = reader.final_evaluations(["aaaa0001"])["aaaa0001"]
    assert [(each.split, each.checkpoint, each.epoch) for each in on_the_way] == [
        ("validation", None, 1),
        ("validation", None, 2),
    ]
    assert all(each.checkpoint for each in final)
    assert len(final) == 3


def test_validations_come_without_classes_where_none_are_wanted(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    with Reader(home) as reader:
        validations = reader.validations(["aaaa0001"], classes=False)["aaaa0001"]
    assert [each.classes for each in validations] == [(), ()]


def test_several_runs_are_read_at_once_and_kept_apart(home: Home) -> None:
    for run_id in ("aaaa0001", "bbbb0002", "cccc0003"):
        samples.add_run(home, run_id)
    samples.record(home, "aaaa0001", *samples.life())
    samples.record(home, "bbbb0002", samples.epoch(1), samples.checkpoint("last", 1))
    asked = ["bbbb0002", "aaaa0001", "cccc0003"]
    with Reader(home) as reader:
        epochs = reader.epochs(asked)
        checkpoints = reader.checkpoints(asked)
        final = reader.final_evaluations(asked)
        without = reader.epochs(["bbbb0002"])
    assert [len(epochs[run_id]) for run_id in asked] == [1, 2, 0]
    assert [len(checkpoints[run_id]) for run_id in asked] == [1, 2, 0]
    assert [len(final[run_id]) for run_id in asked] == [0, 3, 0]
    assert "aaaa0001" not in without


def test_thousands_of_runs_can_be_asked_for(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.epoch(1))
    asked = [f"{number:08x}" for number in range(50_000)]
    with Reader(home) as reader:
        assert list(reader.epochs([*asked, "aaaa0001"])) == ["aaaa0001"]


def test_the_columns_of_steps_are_those_of_the_steps(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.add_run(home, "bbbb0002")
    samples.record(home, "aaaa0001", samples.steps(1, (0.5, math.nan, math.inf), epoch=3))
    samples.record(home, "bbbb0002", samples.steps(1, (9.0,)))
    with Reader(home) as reader:
        columns = reader.step_columns("aaaa0001")
        records = reader.steps("aaaa0001")
        later = reader.step_columns("aaaa0001", after=2)
        none = reader.step_columns("aaaa0001", after=3)
    assert columns.losses == [0.5, None, math.inf]
    assert list(zip(*astuple(columns), strict=True)) == [astuple(one) for one in records]
    assert astuple(later) == ([3], [3], [math.inf], [0.5], [0.01])
    assert astuple(none) == ([], [], [], [], [])


def test_a_home_without_a_history_has_nothing_to_tell(home: Home) -> None:
    with Reader(home) as reader:
        assert reader.runs() == []
        assert reader.run_ids() == []
        assert reader.runs_among(["aaaa0001"]) == []
        assert reader.tags() == reader.values("name") == []
        assert astuple(reader.step_columns("aaaa0001")) == ([], [], [], [], [])
        assert reader.steps("aaaa0001") == []
        assert reader.log("aaaa0001") == []
        assert reader.epochs(["aaaa0001"])["aaaa0001"] == []
        assert reader.final_evaluations(["aaaa0001"])["aaaa0001"] == []
        assert reader.confusion(1, 2) == [[0, 0], [0, 0]]
