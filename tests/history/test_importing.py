"""Runs from elsewhere come into the history whole, once, and never alive; or nothing does."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from history import samples

from cnnlab.errors import ExchangeError, HistoryError, StorageError
from cnnlab.history import commands
from cnnlab.history.connection import connect_for_reading
from cnnlab.history.edits import change_tags, rename_run
from cnnlab.history.importing import ImportedRun, OtherState, workshop, write_runs
from cnnlab.history.naming import TagChange
from cnnlab.history.ownership import holding, is_alive, is_held, this_process
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.history.trash import move_to_trash
from cnnlab.history.whole_runs import WholeRuns, content_digest
from cnnlab.home import Home

RUN: dict[str, Any] = {
    "name": "old curves", "status": "finished", "dataset": "mnist", "model": "lenet",
    "config": "{}", "monitor": "validation_accuracy", "epochs_planned": 2, "host": "elsewhere",
    "pid": 0, "versions": "{}", "created_at": "2020-01-01T00:00:00.000+00:00", "origin": "csv",
}  # fmt: skip
EPOCH: dict[str, Any] = {
    "epoch": 1, "step": 4, "train_loss": 0.5, "lr": 0.1, "seconds": 1, "images_per_second": 0.0,
}  # fmt: skip
EPOCHS = [("epochs", EPOCH), ("epochs", {**EPOCH, "epoch": 2, "step": 8, "train_loss": 0.25})]
EVALUATION: dict[str, Any] = {
    "id": 7, "split": "test", "checkpoint": "best", "epoch": 2, "step": 8, "loss": 0.1,
    "accuracy": 0.9, "precision_macro": 0.9, "recall_macro": 0.9, "f1_macro": 0.9,
    "evaluated_at": "2020-01-01T00:00:00.000+00:00",
}  # fmt: skip
CLASS: dict[str, Any] = {
    "evaluation_id": 7, "class_index": 0, "class_name": "cat", "precision": 1.0, "recall": 1.0,
    "f1": 1.0, "support": 3,
}  # fmt: skip
CONFUSION = {"evaluation_id": 7, "true_index": 0, "predicted_index": 0, "images": 3}
CHECKPOINT: dict[str, Any] = {
    "kind": "last", "epoch": 2, "step": 8, "path": "last.pt", "bytes": 4, "sha256": "0" * 64,
    "value": None, "saved_at": "2020-01-01T00:00:00.000+00:00",
}  # fmt: skip


def brought(*rows: tuple[str, dict[str, Any]], **changes: Any) -> ImportedRun:
    return ImportedRun({**RUN, **changes}, rows, source=Path("old.csv"))


def run_of(home: Home, run_id: str) -> RunRecord:
    with Reader(home) as reader:
        return reader.run(run_id)


def whole(home: Home, run_id: str) -> list[tuple[str, dict[str, Any]]]:
    connection = connect_for_reading(home)
    assert connection is not None
    with closing(connection):
        return list(WholeRuns(connection).rows(run_id))


def test_curves_become_a_run_that_can_be_read(home: Home) -> None:
    (written,) = write_runs(home, [brought(*EPOCHS)])
    run = run_of(home, written.id)
    assert written.is_new
    assert (run.name, run.status, run.origin, run.config) == ("old curves", "finished", "csv", {})
    with Reader(home) as reader:
        assert [each.train_loss for each in reader.epochs([run.id])[run.id]] == [0.5, 0.25]


def test_evaluations_keep_their_classes_and_pairs(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    other = {**EVALUATION, "id": 3, "split": "train"}
    rows = [
        ("evaluations", EVALUATION), ("evaluations", other), ("class_metrics", CLASS),
        ("confusion", CONFUSION), ("class_metrics", {**CLASS, "evaluation_id": 3, "support": 9}),
    ]  # fmt: skip
    (written,) = write_runs(home, [brought(*rows)])
    with Reader(home) as reader:
        found = {one.split: one for one in reader.final_evaluations([written.id])[written.id]}
        assert found["test"].classes[0].support == 3
        assert found["train"].classes[0].support == 9
        assert reader.confusion(found["test"].id, 1) == [[3]]
        assert reader.confusion(found["train"].id, 1) == [[0]]


def test_the_same_run_comes_once_whatever_people_made_of_it_since(home: Home) -> None:
    (first,) = write_runs(home, [brought(*EPOCHS)])
    rename_run(home, first.id, "another name")
    change_tags(home, [first.id], TagChange.of(["kept"]))
    before = samples.counts(home)
    (again,) = write_runs(home, [brought(*EPOCHS)])
    assert (again.id, again.is_new) == (first.id, False)
    assert samples.counts(home) == before
    assert run_of(home, first.id).name == "another name"


def test_another_run_of_the_same_id_gets_another_one_and_comes_once_too(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    (first,) = write_runs(home, [brought(*EPOCHS, id="aaaa0001")])
    assert first.is_new
    assert first.id != "aaaa0001"
    assert run_of(home, "aaaa0001").origin is None
    (again,) = write_runs(home, [brought(*EPOCHS, id="aaaa0001")])
    assert (again.id, again.is_new) == (first.id, False)


@pytest.mark.parametrize("place", ["the history", "the trash", "the same import"])
def test_the_same_run_at_another_time_is_told_as_such(home: Home, place: str) -> None:
    early, late = brought(EPOCHS[0], id="aaaa0001"), brought(*EPOCHS, id="aaaa0001")
    if place == "the same import":
        first, second = write_runs(home, [early, late])
    else:
        (first,) = write_runs(home, [early])
        if place == "the trash":
            move_to_trash(home, ["aaaa0001"])
        (second,) = write_runs(home, [late])
    assert (first.id, first.other_state) == ("aaaa0001", None)
    assert second.id != "aaaa0001"
    assert second.other_state == OtherState(1, 2, is_trashed=place == "the trash")


def test_another_training_of_the_same_id_is_none_at_another_time(home: Home) -> None:
    created = "2021-01-01T00:00:00.000+00:00"
    another = brought(EPOCHS[0], id="aaaa0001", created_at=created)
    runs = [brought(*EPOCHS, id="aaaa0001"), another]
    assert [one.other_state for one in write_runs(home, runs)] == [None, None]
    changed = brought(*EPOCHS, id="aaaa0001", model="another", created_at=created)
    assert [one.other_state for one in write_runs(home, [changed])] == [None]


def test_of_two_runs_that_are_alike_one_is_written(home: Home) -> None:
    both = write_runs(home, [brought(*EPOCHS), brought(*EPOCHS)])
    assert [(one.is_new, one.is_copy) for one in both] == [(True, False), (False, True)]
    (again,) = write_runs(home, [brought(*EPOCHS)])
    assert (again.is_new, again.is_copy) == (False, False)
    assert samples.counts(home)["runs"] == 1


def test_a_run_in_the_trash_is_told_as_such(home: Home) -> None:
    (first,) = write_runs(home, [brought(*EPOCHS)])
    move_to_trash(home, [first.id])
    (again,) = write_runs(home, [brought(*EPOCHS)])
    assert (again.is_new, again.is_trashed) == (False, True)


@pytest.mark.parametrize("status", ["running", "paused", "queued"])
def test_a_run_that_was_alive_elsewhere_is_interrupted_here(home: Home, status: str) -> None:
    changes = {**this_process(), "status": status, "trashed_at": RUN["created_at"]}
    (written,) = write_runs(home, [brought(*EPOCHS, **changes)])
    run = run_of(home, written.id)
    assert (run.status, run.trashed_at, run.duration_s) == ("interrupted", None, 2.0)
    assert run.ended_at is not None
    assert f"it was {status} on" in str(run.message)
    assert not is_alive(run)
    with pytest.raises(HistoryError):
        commands.send(home, run, samples.Command("stop"))


def test_an_interrupted_run_keeps_its_time(home: Home) -> None:
    (written,) = write_runs(home, [brought(*EPOCHS, status="interrupted", duration_s=77.5)])
    assert run_of(home, written.id).duration_s == 77.5


def test_the_folder_becomes_that_of_the_run(home: Home) -> None:
    with workshop(home) as place:
        folder = place / "mine"
        (folder / "checkpoints").mkdir(parents=True)
        (folder / "checkpoints" / "last.pt").write_bytes(b"data")
        run = brought(("checkpoints", {**CHECKPOINT, "path": "/far/away/last.pt"}), id="aaaa0001")
        run = ImportedRun(run.run, run.rows, run.source, folder)
        write_runs(home, [run])
    with Reader(home) as reader:
        (held,) = reader.checkpoints(["aaaa0001"])["aaaa0001"]
    assert Path(held.path) == home.checkpoints("aaaa0001") / "last.pt"
    assert Path(held.path).read_bytes() == b"data"
    assert [path.name for path in home.runs.iterdir()] == ["aaaa0001"]


def test_a_folder_that_nobody_claims_is_not_touched(home: Home) -> None:
    left = home.run_folder("aaaa0001")
    left.mkdir(parents=True)
    (left / "mine").write_text("mine")
    with workshop(home) as place:
        (place / "new").mkdir()
        run = ImportedRun({**RUN, "id": "aaaa0001"}, EPOCHS, Path("x"), place / "new")
        (written,) = write_runs(home, [run])
    assert written.id != "aaaa0001"
    assert (left / "mine").read_text() == "mine"


def test_tags_are_added_to_those_that_it_has(home: Home) -> None:
    run = ImportedRun(RUN, [("tags", {"tag": "own"})], Path("x"), tags=("own", "new", "new"))
    (written,) = write_runs(home, [run])
    assert run_of(home, written.id).tags == ("new", "own")


NOTE = {"text": "x", "written_at": RUN["created_at"]}
FASTER = {"kind": "scale_lr", "value": -1.0, "epoch": 1, "step": 1, "made_at": RUN["created_at"]}
DEEP = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
BROKEN: dict[str, Callable[[], ImportedRun]] = {
    "a table of another kind": lambda: brought(("sqlite_master", {"name": "x"})),
    "a second run": lambda: brought(("runs", RUN)),
    "a column that is none": lambda: brought(("notes", {**NOTE, "x) --": 1})),
    "a number of its own": lambda: brought(("notes", {**NOTE, "id": 1})),
    "a run of its own": lambda: brought(("tags", {"tag": "x", "run_id": "other"})),
    "a missing column": lambda: brought(("tags", {})),
    "a text for a number": lambda: brought(("epochs", {**EPOCH, "lr": "fast"})),
    "nothing for a number": lambda: brought(("epochs", {**EPOCH, "step": None})),
    "a yes for a number": lambda: brought(("epochs", {**EPOCH, "lr": True})),
    "a number too large": lambda: brought(("epochs", {**EPOCH, "step": 1 << 63})),
    "a status that is none": lambda: brought(status="happy"),
    "a time that is none": lambda: brought(created_at="yesterday"),
    "a time of no zone": lambda: brought(created_at="2020-01-01T00:00:00"),
    "a note of no zone": lambda: brought(("notes", {**NOTE, "written_at": "2020-01-01"})),
    "a seed that is none": lambda: brought(config='{"training": {"seed": [1]}}'),
    "a seed of yes": lambda: brought(config='{"training": {"seed": true}}'),
    "a version that is none": lambda: brought(versions='{"cnnlab": 5}'),
    "a config that is none": lambda: brought(config="[1]"),
    "a config that is no JSON": lambda: brought(config="{"),
    "a config that is too deep": lambda: brought(config=DEEP),
    "an intervention that cannot be": lambda: brought(("interventions", FASTER)),
    "an origin that is none": lambda: brought(origin="moon"),
    "an impossible id": lambda: brought(id="../evil"),
    "a split that is none": lambda: brought(("evaluations", {**EVALUATION, "split": "all"})),
    "an evaluation twice": lambda: brought(*[("evaluations", EVALUATION)] * 2),
    "a class of no evaluation": lambda: brought(("class_metrics", CLASS)),
    "a class far off": lambda: brought(
        ("evaluations", EVALUATION), ("class_metrics", {**CLASS, "class_index": 10**9})
    ),
    "a pair far off": lambda: brought(
        ("evaluations", EVALUATION),
        ("class_metrics", CLASS),
        ("confusion", {**CONFUSION, "predicted_index": 1}),
    ),
    "a pair of less than nothing": lambda: brought(
        ("evaluations", EVALUATION), ("confusion", {**CONFUSION, "true_index": -1})
    ),
    "an epoch twice": lambda: brought(EPOCHS[0], EPOCHS[0]),
    "a checkpoint without a name": lambda: brought(("checkpoints", {**CHECKPOINT, "path": ".."})),
    "no checksum": lambda: brought(("checkpoints", {**CHECKPOINT, "sha256": ""})),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_row_that_cannot_be_has_all_runs_refused(home: Home, what: str) -> None:
    samples.add_run(home, "aaaa0001")
    before = samples.counts(home)
    with pytest.raises(ExchangeError, match=r"old\.csv") as caught:
        write_runs(home, [brought(*EPOCHS), BROKEN[what]()])
    assert caught.value.hint or "impossible id" in caught.value.message
    assert samples.counts(home) == before


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22T12:30:00.000+14:00", "2026-11-22T12:30:00.000", "2026-11-22T12:30:00.000Z",
        "2026-11-22T12:30:00+00:00", "20261122T123000.000+0000", "0001-01-01T00:00:00.000+14:00",
    ],
)  # fmt: skip
def test_a_time_that_would_be_sorted_wrongly_is_refused(home: Home, time: str) -> None:
    with pytest.raises(ExchangeError, match=r"created_at is .* no time in UTC"):
        write_runs(home, [brought(created_at=time)])


def test_a_text_that_is_not_unicode_is_refused(home: Home) -> None:
    sound = brought(*EPOCHS)
    for broken in (brought(name="\ud800"), brought(("notes", {**NOTE, "text": "\ud800"}))):
        with pytest.raises(ExchangeError, match=r"old\.csv holds .* the text '\\ud800'"):
            write_runs(home, [sound, broken])
    assert samples.counts(home)["runs"] == 0


def with_folder(place: Path, run_id: str) -> ImportedRun:
    """A run with a log in its folder."""
    folder = place / run_id
    folder.mkdir()
    (folder / "run.log").write_text("x")
    return ImportedRun({**RUN, "id": run_id, "name": run_id}, (), Path("x"), folder)


def test_a_failure_at_the_end_leaves_neither_rows_nor_folders(home: Home) -> None:
    with workshop(home) as place:
        runs = [with_folder(place, "aaaa0001"), with_folder(place, "bbbb0001")]
        runs[1] = dataclasses.replace(runs[1], run={**runs[1].run, "model": "another"})
        shutil.rmtree(place / "bbbb0001")
        with pytest.raises(StorageError, match=r"cannot be moved into .*No such file"):
            write_runs(home, runs)
        assert [path.name for path in home.runs.iterdir()] == [place.name]
    assert samples.counts(home)["runs"] == 0


def test_ctrl_c_when_all_is_written_costs_no_files(home: Home) -> None:
    samples.add_run(home, "ffff0001")

    def interrupt(_frame: object, event: str, called: object) -> None:
        if event == "c_return" and getattr(called, "__name__", "") == "execute":
            sys.setprofile(None)
            if samples.counts(home)["runs"] == 2:
                signal.raise_signal(signal.SIGINT)
            sys.setprofile(interrupt)

    with workshop(home) as place:
        run = with_folder(place, "aaaa0001")
        sys.setprofile(interrupt)
        try:
            with pytest.raises(KeyboardInterrupt):
                write_runs(home, [run])
        finally:
            sys.setprofile(None)
    assert run_of(home, "aaaa0001").name == "aaaa0001"
    assert (home.run_folder("aaaa0001") / "run.log").read_text() == "x"


def test_what_a_killed_import_left_behind_goes_with_the_next_one(home: Home) -> None:
    with workshop(home) as place:
        name = place.name
    own = name.partition("~")[0]
    (home.runs / f"{own}~999999999-abc").mkdir()
    others = {".import-another-host~1-abc", f"{own}-4000001~1-abc"}
    for other in others:
        (home.runs / other).mkdir()
    with workshop(home) as place:
        assert {path.name for path in home.runs.iterdir()} == {place.name, *others}


def test_what_an_import_still_works_with_stays_though_its_process_is_not_seen(home: Home) -> None:
    """As that of a container that has the same name."""
    with workshop(home) as place:
        other = f"{place.name.partition('~')[0]}~999999999-abc"
    with holding(home, other):
        with workshop(home):
            pass
        assert [path.name for path in home.runs.iterdir()] == [other]
    with workshop(home) as place:
        assert [path.name for path in home.runs.iterdir()] == [place.name]
        assert is_held(home, place.name)


def test_the_time_of_an_evaluation_counts_where_the_history_wrote_it() -> None:
    later = {**EVALUATION, "evaluated_at": "2021-01-01T00:00:00.000+00:00"}
    for origin, same in (("csv", True), ("tensorboard", True), ("archive", False), (None, False)):
        digests = {
            content_digest([("runs", {**RUN, "origin": origin}), ("evaluations", row)])
            for row in (EVALUATION, later)
        }
        assert (len(digests) == 1) == same, origin


def test_the_checksum_of_a_run_is_of_what_was_trained(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", *samples.life())
    rows = whole(home, "aaaa0001")
    digest = content_digest(rows)
    for table, place, column, value in (
        ("steps", 0, "loss", 99.0), ("epochs", 1, "train_loss", 1.5), ("runs", 0, "config", "{}"),
        ("evaluations", 2, "accuracy", 0.5), ("class_metrics", 4, "f1", 0.0),
        ("confusion", 3, "images", 4),
    ):  # fmt: skip
        found = [row for name, row in rows if name == table][place]
        before = found[column]
        found[column] = value
        assert content_digest(rows) != digest, table
        found[column] = before
    assert content_digest(rows) == digest
    samples.change(home, "update runs set name = 'x', status = 'stopped', origin = 'archive'")
    samples.change(home, "update checkpoints set path = 'y'")
    later = (
        "insert into evaluations select 999, run_id, split, checkpoint, epoch, step, loss,"
        " accuracy, top5_accuracy, precision_macro, recall_macro, f1_macro, evaluated_at, 'other'"
        " from evaluations limit 1"
    )
    samples.change(home, later)
    samples.change(home, "insert into confusion values (999, 0, 0, 5)")
    assert content_digest(whole(home, "aaaa0001")) == digest
