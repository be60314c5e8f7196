"""Runs written for TensorBoard out of the history, and brought back."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from execution.conftest import recorded
from history.samples import add_run, change, life, record
from interchange.imports import Brought, bring
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cnnlab.analysis.curves import read_series
from cnnlab.cli.main import main
from cnnlab.events import RunFinished
from cnnlab.export.formats import FORMATS
from cnnlab.export.job import ExportJob
from cnnlab.export.writing import write_whole
from cnnlab.history.edits import delete_run, rename_run
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.event_files import EventWriter
from cnnlab.interchange.run_events import trained_on

CONFIG = {"data": {"name": "few-digits"}, "model": {"name": "lenet"}, "optimizer": {"lr": 0.01}}
NAME = '../a "b"\n\x1b[31m🦉'


def export(home: Home, path: Path, *run_ids: str) -> list[str]:
    return FORMATS["tensorboard"].load()(ExportJob(home, run_ids), path)


@pytest.fixture
def lived(home: Home) -> str:
    """A run with a life of two epochs, and a name from outside."""
    add_run(home, "a1", name=NAME, config=CONFIG)
    record(home, "a1", *life())
    return "a1"


def rows(run: Brought) -> list[object]:
    """What a run holds, numbers as event files keep them."""
    series = run.series
    fields = ("epoch", "step", "train_loss", "train_accuracy", "validation_loss")
    more = ("validation_accuracy", "lr", "seconds", "images_per_second")
    return [run.steps(), run.epochs(*fields, *more), [one.step for one in series.validations]]


def test_what_is_exported_comes_back(home: Home, lived: str, tmp_path: Path) -> None:
    assert export(home, tmp_path / "out", lived) == []
    (run,) = bring(home, tmp_path / "out")
    with Reader(home) as reader:
        before = read_series(reader, lived)
        final = reader.final_evaluations([lived])[lived]
        found = reader.final_evaluations([run.series.run.id])[run.series.run.id]
    # The sample validates with other figures than its epochs tell; an epoch has those of its end.
    columns = ("epoch", "step", "train_loss", "train_accuracy", "lr")
    assert run.epochs(*columns) == [
        tuple(getattr(one, name) for name in columns) for one in before.epochs
    ]
    assert run.steps() == Brought(before, (), ()).steps()
    assert [(one.step, one.loss, one.accuracy) for one in run.series.validations] == [
        (one.step, one.loss, one.accuracy) for one in before.validations
    ]
    assert sorted((one.split, one.checkpoint, one.f1_macro) for one in found) == sorted(
        (one.split, one.checkpoint, one.f1_macro) for one in final
    )
    assert (run.series.run.dataset, run.series.run.model) == ("few-digits", "lenet")
    assert run.remarks == ()
    assert run.series.run.test_accuracy == before.run.test_accuracy
    assert run.series.run.created_at == before.run.started_at


def test_of_an_export_only_what_is_odd_or_asked_for_is_told(
    home: Home, lived: str, tmp_path: Path
) -> None:
    export(home, tmp_path / "out", lived)
    (run,) = bring(home, tmp_path / "out", columns={"lr": "lr"}, dataset="mine")
    assert (run.series.run.dataset, run.series.run.model) == ("mine", "lenet")
    assert run.remarks[0].startswith("Read 'epoch' as epoch, ")
    with EventWriter(tmp_path / "odd") as writer:
        writer.text("config", "    [data\n    name = 1\n")
        writer.text("words", "so they are")
        writer.scalars({"val_loss": 0.5, "box": 1.0}, 1)
    (odd,) = bring(home, tmp_path / "odd")
    assert odd.series.run.dataset == "unknown"
    assert odd.remarks == (
        "Not scalars, so not read: 'words'.",
        "Not read: 'box'; --column FIELD=NAME says what one is.",
    )


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ('    [data]\n    name = "a"\n\n    [model]\n    name = "b"', ("a", "b")),
        ('[data]\nname = "a"\n[model]\nname = 2', ("a", "")),
        ('data = "a"\n[model]\nname = "b"', ("", "")),
        ('[data]\nname = "a"', ("", "")),
        ("a: yaml", ("", "")),
        (f"a = {'[' * 100_000}", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_config_tells_what_was_trained_or_nothing(config: str, names: tuple[str, str]) -> None:
    assert trained_on(config) == names


def test_an_imported_run_is_exported_as_it_was(home: Home, lived: str, tmp_path: Path) -> None:
    export(home, tmp_path / "first", lived)
    (once,) = bring(home, tmp_path / "first")
    export(home, tmp_path / "second", once.series.run.id)
    (twice,) = bring(home, tmp_path / "second")
    assert rows(once) == rows(twice)


def test_curves_without_steps_are_exported(home: Home, tmp_path: Path) -> None:
    table = tmp_path / "keras.csv"
    table.write_text("epoch,loss,val_loss\n0,0.5,0.75\n1,0.25,0.5\n")
    (once,) = bring(home, table)
    export(home, tmp_path / "out", once.series.run.id)
    (twice,) = bring(home, tmp_path / "out")
    assert rows(once) == rows(twice)


def test_each_run_has_a_folder_whose_name_is_safe(home: Home, lived: str, tmp_path: Path) -> None:
    add_run(home, "b2", name="")
    record(home, "b2", *life())
    export(home, tmp_path / "out", lived, "b2")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a-b-31m-a1",
        "lenet-1-b2",
    ]


def test_the_config_and_the_times_of_the_training_are_there(
    home: Home, lived: str, tmp_path: Path
) -> None:
    export(home, tmp_path / "out", lived)
    (folder,) = (tmp_path / "out").iterdir()
    read = EventAccumulator(str(folder)).Reload()
    (text,) = read.Tensors("config")
    assert b'    name = "lenet"' in text.tensor_proto.string_val[0]
    times = [event.wall_time for event in read.Scalars("train/loss")]
    # Two epochs of 1.5 s, of four steps each.
    assert times[-1] - times[3] == pytest.approx(1.5)


def test_a_run_that_is_gone_is_told(home: Home, lived: str, tmp_path: Path) -> None:
    add_run(home, "b2")
    record(home, "b2", RunFinished("done"))
    delete_run(home, recorded(home, "b2"))
    words = ["1 run was deleted meanwhile and left out."]
    assert export(home, tmp_path / "out", lived, "b2") == words


def test_a_run_that_goes_during_the_export_is_in_it(home: Home, lived: str, tmp_path: Path) -> None:
    add_run(home, "b2")
    record(home, "b2", *life(), RunFinished("done"))

    def delete(*_: object) -> None:
        with Reader(home) as reader:
            there = reader.runs_among(["b2"])
        for run in there:
            delete_run(home, run)

    job = ExportJob(home, (lived, "b2"), progress=delete)
    assert FORMATS["tensorboard"].load()(job, tmp_path / "out") == []
    assert len(bring(home, tmp_path / "out")) == 2


def test_an_export_into_the_same_folder_doubles_nothing(
    home: Home, lived: str, tmp_path: Path
) -> None:
    def written() -> int:
        """How many points of a curve TensorBoard reads."""
        write_whole(out, partial(write, job), force=True)
        (folder,) = out.iterdir()
        return len(EventAccumulator(str(folder)).Reload().Scalars("train/loss"))

    out, job, write = tmp_path / "out", ExportJob(home, (lived,)), FORMATS["tensorboard"].load()
    once = written()
    (file,) = out.glob("*/*")
    # The name of one that was written longer ago.
    file.rename(file.with_name(re.sub(r"tfevents\.\d+", "tfevents.0000000001", file.name)))
    assert written() == once == 8
    assert len(list(out.glob("*/*"))) == 2
    (run,) = bring(home, out)
    assert len(run.steps()) == 8


def test_a_run_that_was_renamed_is_exported_into_the_folder_that_it_has(
    home: Home, lived: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folders(*options: str) -> list[str]:
        """What the command leaves there."""
        arguments = ["export", lived, "-f", "tensorboard", "-o", str(out), *options]
        monkeypatch.setattr(sys, "argv", ["cnnlab", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return [path.name for path in out.iterdir()]

    out = tmp_path / "out"
    once = folders()
    rename_run(home, lived, "newname")
    assert folders("--force") == once == ["a-b-31m-a1"]
    (run,) = bring(home, out)
    assert len(run.steps()) == 8


def test_curves_without_times_come_back_without_them(home: Home, tmp_path: Path) -> None:
    for name, text in (
        ("epochs", "epoch,loss,val_loss\n1,0.5,0.75\n2,0.25,0.5\n"),
        ("steps", "step,loss\n10,0.5\n20,0.25\n"),
        ("gap", "epoch,loss,val_loss,seconds\n1,0.5,0.75,60\n2,0.25,0.5,\n"),
    ):
        table = tmp_path / f"{name}.csv"
        table.write_text(text)
        (once,) = bring(home, table, dataset="cifar-10", model="vgg")
        export(home, tmp_path / name, once.series.run.id)
        (twice,) = bring(home, tmp_path / name)
        about = twice.series.run
        assert (about.dataset, about.model) == ("cifar-10", "vgg"), name
        assert about.duration_s is once.series.run.duration_s is None, name
        assert about.created_at == once.series.run.created_at
        # A figure that is not known is no number, which no other equals.
        assert str(rows(once)) == str(rows(twice))


def test_curves_that_tell_the_seconds_of_each_epoch_come_back_with_times(
    home: Home, tmp_path: Path
) -> None:
    table = tmp_path / "fastai.csv"
    table.write_text("epoch,train_loss,valid_loss,time\n0,0.5,0.75,01:00\n1,0.25,0.5,00:30\n")
    (once,) = bring(home, table)
    export(home, tmp_path / "out", once.series.run.id)
    (twice,) = bring(home, tmp_path / "out")
    assert twice.series.run.created_at == once.series.run.created_at
    assert twice.series.run.duration_s == pytest.approx(90)
    assert rows(once) == rows(twice)


def test_the_pause_of_a_resumed_run_is_no_training_time(
    home: Home, lived: str, tmp_path: Path
) -> None:
    # Its two parts of 5 s were a day apart; the history adds the seconds of its epochs.
    change(home, "update runs set started_at = '2026-01-01T00:00:00+00:00', duration_s = 10")
    change(home, "update epochs set seconds = 4.5")
    change(home, "update evaluations set evaluated_at = '2026-01-01T00:00:05+00:00' where step = 4")
    change(home, "update evaluations set evaluated_at = '2026-01-02T00:00:05+00:00' where step = 8")
    export(home, tmp_path / "out", lived)
    (run,) = bring(home, tmp_path / "out")
    assert run.series.run.duration_s == pytest.approx(10)
    assert run.epochs("seconds") == [(4.5,)] * 2
    (folder,) = (tmp_path / "out").iterdir()
    read = EventAccumulator(str(folder)).Reload()
    began = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    validated = [one.wall_time - began for one in read.Scalars("validation/loss")]
    assert validated == pytest.approx([4.5, 9.0])
