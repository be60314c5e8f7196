"""Event files of other programs as runs, and what users are told of them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from interchange.imports import bring
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import SummaryWriter

from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.home import Home
from cnnlab.interchange.event_files import EventWriter

BEGAN = 1.7e9


# What programs write


def test_epochs_of_pytorch_count_from_one_here(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "mine") as writer:
        for epoch in range(3):
            walltime = BEGAN + 10 * epoch
            writer.add_scalar("Loss/train", 0.9 - 0.1 * epoch, epoch, walltime=walltime)
            writer.add_scalar("Loss/val", 0.8 - 0.1 * epoch, epoch, walltime=walltime)
            writer.add_scalar("Accuracy/val", [0.5, 0.75, 0.7][epoch], epoch, walltime=walltime)
    (run,) = bring(home, tmp_path / "mine", dataset="cifar-10", model="resnet18")
    assert run.epochs("epoch", "train_loss", "validation_loss", "validation_accuracy") == [
        (1, 0.9, 0.8, 0.5),
        (2, 0.8, 0.7, 0.75),
        (3, 0.7, 0.6, 0.7),
    ]
    assert run.epochs("train_accuracy", "seconds")[1:] == [(None, 10.0), (None, 10.0)]
    about = run.series.run
    assert (about.name, about.status, about.origin) == ("mine", "finished", "tensorboard")
    assert (about.dataset, about.model, about.config) == ("cifar-10", "resnet18", {})
    assert (about.monitor, about.best_epoch, about.best_value) == ("validation_accuracy", 2, 0.75)
    assert about.created_at == "2023-11-14T22:13:20.000+00:00"
    labels = {quantity: [one.label for one in run.series.curves(quantity, "epoch")]
              for quantity in ("loss", "accuracy", "lr")}  # fmt: skip
    assert labels == {"loss": ["training", "validation"], "accuracy": ["validation"], "lr": []}


def test_steps_and_epochs_of_pytorch_are_told_apart(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for step in range(300):
            writer.add_scalar("train/loss", float(step), step)
            writer.add_scalar("lr", 0.1 if step < 150 else 0.01, step)
        for epoch in range(3):
            writer.add_scalar("val/acc", 80.0 + epoch, epoch)
    (run,) = bring(home, tmp_path)
    assert run.steps()[0][::3] == (1.0, 0.1)
    assert len(run.steps()) == 300
    assert run.epochs("epoch", "step", "train_loss", "lr", "validation_accuracy") == [
        (1, 100, 49.5, 0.1, 0.8),
        (2, 200, 149.5, 0.01, 0.81),
        (3, 300, 249.5, 0.01, 0.82),
    ]
    assert run.remarks == (
        "Read 'train/loss' as train_loss of steps, 'lr' as lr of steps, "
        "'val/acc' as validation_accuracy.",
        "Nothing tells where each epoch ends: they are spread evenly over the steps.",
        "Epochs and steps count from 0 there; here the first one is 1.",
        "'val/acc' is in percent and kept as a share of 1.",
    )


def test_lightning_tells_its_epochs(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "version_0") as writer:
        writer.add_scalar("hp_metric", -1, 0)
        for epoch in range(2):
            for step in (50 * epoch + 24, 50 * epoch + 49):
                writer.add_scalar("train_loss_step", step, step)
                writer.add_scalar("lr-Adam", 0.001, step)
                writer.add_scalar("epoch", epoch, step)
            writer.add_scalar("val_loss", 0.5, 50 * epoch + 49)
            writer.add_scalar("train_loss_epoch", 0.25, 50 * epoch + 49)
    (run,) = bring(home, tmp_path / "version_0")
    assert [step for step, *_ in run.steps()] == [25, 50, 75, 100]
    assert run.epochs("epoch", "step", "train_loss", "validation_loss", "lr") == [
        (1, 50, 0.25, 0.5, 0.001),
        (2, 100, 0.25, 0.5, 0.001),
    ]
    assert run.series.run.steps_per_epoch == 50
    assert "Not read: 'hp_metric'; --column FIELD=NAME says what one is." in run.remarks


def keras(folder: Path, tag: str, values: list[float]) -> None:
    """A file as TensorFlow 2 writes it: tensors, of which the first one says what they are."""
    folder.mkdir(parents=True)
    with (folder / "events.out.tfevents.1.host.1.0.v2").open("wb") as file:
        records = RecordWriter(file)
        records.write(Event(wall_time=BEGAN, file_version="brain.Event:2").SerializeToString())
        for step, number in enumerate(values):
            tensor = TensorProto(dtype=DT_FLOAT, tensor_content=struct.pack("<f", number))
            value = Summary.Value(tag=tag, tensor=tensor)
            if not step:
                plugin = SummaryMetadata.PluginData(plugin_name="scalars")
                value.metadata.CopyFrom(SummaryMetadata(plugin_data=plugin))
            event = Event(wall_time=BEGAN + step, step=step, summary=Summary(value=[value]))
            records.write(event.SerializeToString())


def test_the_folders_of_keras_are_parts_of_one_run(home: Home, tmp_path: Path) -> None:
    for name, loss in (("a", 0.5), ("b", 0.25)):
        keras(tmp_path / name / "train", "epoch_loss", [loss, 0.125])
        keras(tmp_path / name / "validation", "epoch_loss", [1.0, 2.0])
    first, second = bring(home, tmp_path)
    assert (first.series.run.name, second.series.run.name) == ("a", "b")
    assert first.epochs("epoch", "train_loss", "validation_loss") == [
        (1, 0.5, 1.0),
        (2, 0.125, 2.0),
    ]
    assert first.series.run.monitor == "validation_loss"
    assert first.series.run.best_epoch == 1


def test_the_folders_of_add_scalars_are_parts_of_one_run(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for epoch in range(2):
            writer.add_scalars("Loss", {"train": 0.5, "val": 0.25}, epoch)
            writer.add_scalar("learning_rate", 0.1, epoch)
    (run,) = bring(home, tmp_path)
    assert run.epochs("train_loss", "validation_loss", "lr") == [(0.5, 0.25, 0.1)] * 2


def test_test_images_that_stand_in_for_validation_are_read_as_such(
    home: Home, tmp_path: Path
) -> None:
    with SummaryWriter(tmp_path) as writer:
        for epoch in range(2):
            writer.add_scalar("Loss/train", 0.5, epoch)
            writer.add_scalar("Loss/test", 0.25, epoch)
    (run,) = bring(home, tmp_path)
    assert run.epochs("train_loss", "validation_loss") == [(0.5, 0.25)] * 2
    assert "'Loss/test' has values on the way: read as validation." in run.remarks


def test_a_test_accuracy_alone_is_kept_as_a_note(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "old") as writer:
        for epoch in range(2):
            writer.add_scalar("val_loss", 0.5, epoch)
        writer.add_scalar("test_acc", 0.875, 2)
    (run,) = bring(home, tmp_path / "old")
    assert run.notes == ("From old: test accuracy 0.875",)
    assert run.series.run.test_accuracy is None


def test_of_a_test_accuracy_on_the_way_the_last_value_is_kept(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "old") as writer:
        for epoch in range(3):
            writer.add_scalar("val_loss", 0.5, epoch)
            writer.add_scalar("test_acc", 50.0 + epoch, epoch)
    (run,) = bring(home, tmp_path / "old")
    assert run.notes == ("From old: test accuracy 0.52",)
    assert run.remarks == (
        "Read 'val_loss' as validation_loss, 'test_acc' as test_accuracy.",
        "Epochs count from 0 there; here the first one is 1.",
        "'test_acc' has 3 values: the last one is kept.",
        "'test_acc' is in percent and kept as a share of 1.",
    )


def test_a_percentage_that_is_not_read_is_not_said_to_be_kept(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for epoch in range(3):
            writer.add_scalar("val_loss", 0.5, epoch)
            writer.add_scalar("val_top5", 50.0 + epoch, epoch)
            writer.add_scalar("val_acc_best", 50.0 + epoch, epoch)
    (run,) = bring(home, tmp_path)
    assert run.remarks == (
        "Read 'val_loss' as validation_loss.",
        "Epochs count from 0 there; here the first one is 1.",
        "Not read: 'val_top5', 'val_acc_best'; --column FIELD=NAME says what one is.",
    )


def test_an_epoch_in_which_there_was_only_a_test_is_none(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "version_0") as writer:
        for epoch, step in ((0, 9), (1, 19)):
            writer.add_scalar("train_loss", 0.5, step)
            writer.add_scalar("epoch", epoch, step)
        writer.add_scalar("test_acc", 0.75, 20)
        writer.add_scalar("epoch", 2, 20)
    (run,) = bring(home, tmp_path / "version_0")
    assert run.epochs("epoch", "step") == [(1, 10), (2, 20)]
    assert run.series.run.epochs_planned == 2
    assert run.remarks == (
        "Read 'epoch' as epoch, 'train_loss' as train_loss, 'test_acc' as test_accuracy.",
        "Epochs and steps count from 0 there; here the first one is 1.",
    )


def test_validations_at_steps_of_no_known_epoch_count_one_by_one(
    home: Home, tmp_path: Path
) -> None:
    with SummaryWriter(tmp_path) as writer:
        for step in (500, 1000, 1500):
            writer.add_scalar("eval/loss", step / 1000, step)
    (run,) = bring(home, tmp_path)
    assert run.epochs("epoch", "step", "validation_loss") == [
        (1, 500, 0.5),
        (2, 1000, 1.0),
        (3, 1500, 1.5),
    ]
    assert "Its epochs are not known: each validation counts as one." in run.remarks


# What a user says


def test_a_tag_can_be_named_by_hand(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for epoch in range(2):
            writer.add_scalar("objective, held out", 0.5, epoch)
            writer.add_scalar("objective", 0.25, epoch)
    with pytest.raises(ConfigError, match="no curve of a training that is known") as raised:
        bring(home, tmp_path)
    assert "'objective, held out', 'objective'" in raised.value.message
    with pytest.raises(ConfigError, match="no column or tag 'objectiv' for train_loss") as raised:
        bring(home, tmp_path, columns={"train_loss": "objectiv"})
    assert "'objective'" in raised.value.hint
    with pytest.raises(ConfigError, match="Unknown field of a curve 'trainloss'") as raised:
        bring(home, tmp_path, columns={"trainloss": "objective"})
    assert "train_loss" in raised.value.hint
    columns = {"train_loss": "objective", "validation_loss": "objective, held out"}
    (run,) = bring(home, tmp_path, columns=columns)
    assert run.epochs("train_loss", "validation_loss") == [(0.25, 0.5)] * 2


def test_tags_that_tell_places_are_read_or_named(home: Home, tmp_path: Path) -> None:
    tags = ("train/epoch", "epochs", "train/global_step", "timestamp", "wall_time", "train/loss")
    with SummaryWriter(tmp_path) as writer:
        for step in range(1, 5):
            writer.add_scalar("epoch", float("nan"), step)
            for tag in tags:
                writer.add_scalar(tag, step / 2, step)
    (run,) = bring(home, tmp_path)
    assert run.epochs("epoch", "step") == [(1, 2), (2, 4)]
    assert run.remarks == (
        "Read 'train/epoch' as epoch, 'train/loss' as train_loss of steps.",
        "Not read: 'epoch', 'epochs', 'train/global_step', 'timestamp', 'wall_time'; "
        "--column FIELD=NAME says what one is.",
    )
    with pytest.raises(ConfigError, match="tell the step of each value themselves"):
        bring(home, tmp_path, columns={"step": "train/global_step"})


def test_folders_without_curves_are_named_and_left_out(home: Home, tmp_path: Path) -> None:
    for name, tag in (("one", "val_loss"), ("two", "gradient norm")):
        with SummaryWriter(tmp_path / name) as writer:
            writer.add_scalar(tag, 0.5, 0)
    (run,) = bring(home, tmp_path)
    assert run.series.run.name == "one"
    assert run.beside == ("No known curve, so not imported: 'two'.",)


def test_what_was_imported_before_is_not_imported_again(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("val_loss", 0.5, 0)
    (first,), (second,) = bring(home, tmp_path), bring(home, tmp_path)
    assert first.series.run.id == second.series.run.id


# Numbers that cannot be


def test_a_step_that_no_history_holds_is_refused(home: Home, tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        for step in (0, 2**63 - 1):
            writer.scalars({"train/loss_step": 1.0}, step)
    with pytest.raises(ExchangeError, match="holds what no history does"):
        bring(home, tmp_path)


def test_numbers_that_are_none_become_gaps(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        for epoch, loss in enumerate((0.5, float("nan"), float("inf"))):
            writer.add_scalar("val_loss", loss, epoch, walltime=-1e300)
    (run,) = bring(home, tmp_path)
    assert run.epochs("validation_loss", "seconds") == [(0.5, None), (None, None), (None, None)]
    assert "Values that are no numbers, kept as gaps: 2 of 'val_loss'." in run.remarks


def test_an_epoch_that_is_no_number_is_left_out(home: Home, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "some") as writer:
        for step, epoch in enumerate((float("nan"), float("inf"), 1.0, 1e38, 2.0), start=1):
            writer.add_scalar("epoch", epoch, step)
            writer.add_scalar("val_loss", 0.5, step)
    with SummaryWriter(tmp_path / "none") as writer:
        writer.add_scalar("epoch", float("nan"), 1)
        writer.add_scalar("val_loss", 0.5, 1)
    none, some = bring(home, tmp_path)
    assert none.epochs("epoch", "validation_loss") == [(1, 0.5)]
    assert {step for (step,) in some.epochs("step")} >= {3, 5}


def test_what_was_written_anew_after_an_interruption_counts(home: Home, tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        for step in range(1, 9):
            writer.scalars({"train/loss_step": 1.0}, step, BEGAN + step)
    for day in (1, 2):
        with EventWriter(tmp_path) as writer:
            writer.restart(5, BEGAN + 86_400 * day)
            for step in range(5, 7):
                writer.scalars({"train/loss_step": 2.0}, step, BEGAN + 86_400 * day + step - 4)
    (run,) = bring(home, tmp_path)
    assert [loss for _, loss, *_ in run.steps()] == [1, 1, 1, 1, 2, 2]
    # Six steps of a second; the days between the parts are none of them.
    assert run.series.run.duration_s == 5
