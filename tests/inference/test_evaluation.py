"""A run on images that it was not made for, and again on its own."""

from __future__ import annotations

import dataclasses
import shutil
from typing import Any

import finished_run
import numpy as np
import pytest
import torch
from inference.untrained import rewrite_state
from inference.variants import write
from PIL import Image
from waiting import SECONDS

from cnnlab.data import library
from cnnlab.errors import ConfigError, DataError
from cnnlab.events import SPLITS, CheckpointKind, EvaluationFinished, Split
from cnnlab.history.later_evaluations import record_later_evaluation
from cnnlab.history.queries import Reader
from cnnlab.history.records import EvaluationRecord, evaluation_of
from cnnlab.home import Home
from cnnlab.inference.adaptation import Adaptation
from cnnlab.inference.evaluation import LaterEvaluation, evaluate_trained
from cnnlab.inference.trained import load_trained

RUN = tuple[Home, str]


@pytest.fixture
def run(run_id: str, home: Home) -> RUN:
    """The trained run, in the test's own home."""
    return home, run_id


def evaluate(run: RUN, dataset: str = "", split: Split = "test") -> LaterEvaluation:
    home, run_id = run
    return evaluate_trained(home, load_trained(home, run_id), dataset, split)


def stored(run: RUN, split: Split, checkpoint: CheckpointKind) -> tuple[EvaluationRecord, Any]:
    """What the run itself measured, and its confusion matrix."""
    home, run_id = run
    with Reader(home) as reader:
        one = evaluation_of(reader.final_evaluations([run_id])[run_id], split, checkpoint)
        assert one is not None
        return one, reader.confusion(one.id, len(one.classes))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_on_its_own_images_a_run_gets_its_own_figures(
    trained: RUN, split: Split, checkpoint: CheckpointKind
) -> None:
    home, run_id = trained
    own, matrix = stored(trained, split, checkpoint)
    again = evaluate_trained(home, load_trained(home, run_id, checkpoint), "", split)
    figures = again.finished.evaluation
    assert [list(row) for row in figures.confusion] == matrix
    assert figures.loss == pytest.approx(own.loss, rel=1e-6)
    assert (figures.accuracy, figures.classes) == (own.accuracy, own.classes)
    assert (again.finished.epoch, again.finished.step) == (own.epoch, own.step)
    assert (again.finished.checkpoint, again.dataset) == (checkpoint, "mnist-5k")
    assert again.remarks == ()


def test_classes_are_told_by_their_names(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    order = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])
    new = {name: order.argsort()[getattr(like, name)] for name in ("train_labels", "test_labels")}
    classes = tuple(like.info.classes[label] for label in order)
    write(run[0], "shuffled", like, classes=classes, **new)
    own, matrix = stored(run, "test", "best")
    figures = evaluate(run, "shuffled").finished.evaluation
    assert [list(row) for row in figures.confusion] == matrix
    assert figures.classes == own.classes


def test_classes_that_differ_are_named(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    classes = (*like.info.classes[:8], "eight, or so", "neuf")
    write(run[0], "others", like, classes=classes)
    with pytest.raises(ConfigError) as seen:
        evaluate(run, "others")
    assert seen.value.message == (
        "The classes of others are not those of the run: only the run has '8', '9'; "
        "only others has 'eight, or so', 'neuf'."
    )


def test_classes_of_one_name_have_one_order_alone(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    twice = (*like.info.classes[:8], "8", "8")
    trained = load_trained(*run)
    trained = dataclasses.replace(
        trained, images=dataclasses.replace(trained.images, classes=twice)
    )
    write(run[0], "twice", like, classes=twice)
    evaluate_trained(run[0], trained, "twice", "test")
    write(run[0], "turned", like, classes=twice[::-1])
    with pytest.raises(ConfigError) as seen:
        evaluate_trained(run[0], trained, "turned", "test")
    assert seen.value.message == (
        "turned has its classes in another order than the run, and more than one of them is "
        "called '8', so they cannot be told apart."
    )


def test_coloured_and_larger_images_become_the_runs_kind(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    few = {
        "train_images": like.train_images[:20].repeat(3, 1).repeat(2, 2).repeat(2, 3),
        "train_labels": like.train_labels[:20],
        "test_images": like.test_images.repeat(3, 1).repeat(2, 2).repeat(2, 3),
    }
    write(run[0], "large", like, **few)
    later = evaluate(run, "large")
    assert later.remarks == (
        "The images have colours and are turned grey, as the run's are.",
        "The images are resized from 56x56 to 28x28, the size of the run's.",
    )
    own, _ = stored(run, "test", "best")
    assert later.finished.evaluation.accuracy == pytest.approx(own.accuracy, abs=0.02)
    # All training images of another data set, not the run's part of them.
    train = evaluate(run, "large", "train").finished.evaluation
    assert sum(one.support for one in train.classes) == 20


def test_images_are_adapted_as_pillow_does() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 30, 47), dtype=np.uint8)
    adapted = Adaptation((3, 30, 47), (1, 16, 16))
    (image,) = adapted(torch.from_numpy(pixels)[None])
    grey = Image.fromarray(pixels.transpose(1, 2, 0)).convert("L")
    wanted = grey.crop((8, 0, 38, 30)).resize((16, 16), Image.Resampling.BILINEAR)
    assert image.dtype == torch.uint8
    assert np.abs(image[0].numpy().astype(int) - np.asarray(wanted)).max() <= 2
    assert adapted.in_words()[1] == (
        "The images are resized and cut at the sides from 30x47 to 16x16, the size of the run's."
    )
    (colour,) = Adaptation((1, 4, 4), (3, 4, 4))(
        torch.arange(16, dtype=torch.uint8).view(1, 1, 4, 4)
    )
    assert [plane.flatten().tolist() for plane in colour] == [list(range(16))] * 3


def test_channels_that_are_neither_grey_nor_colour_are_refused() -> None:
    with pytest.raises(ConfigError, match="Images of 4x8x8 have other channels"):
        Adaptation((4, 8, 8), (3, 8, 8))
    assert Adaptation((4, 8, 8), (4, 8, 8)).in_words() == []


def test_only_the_runs_own_data_set_has_a_validation_split(run: RUN) -> None:
    write(run[0], "copy", library.require(run[0], "mnist-5k"))
    with pytest.raises(ConfigError, match="Only the run's own data set has a validation split"):
        evaluate(run, "copy", "validation")


def test_a_data_set_that_has_changed_since_has_no_split_of_the_run(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    fewer = {"train_images": like.train_images[1:], "train_labels": like.train_labels[1:]}
    write(run[0], "mnist-5k", like, **fewer)
    for split in ("train", "validation"):
        with pytest.raises(DataError, match=r"has 3,999 training images; .* it had 4,000"):
            evaluate(run, "", split)  # type: ignore[arg-type]
    evaluate(run)


def test_a_data_set_with_other_test_images_is_not_taken_for_the_runs(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    fewer = {"test_images": like.test_images[1:], "test_labels": like.test_labels[1:]}
    write(run[0], "mnist-5k", like, **fewer)
    with pytest.raises(DataError, match=r"has 999 test images; .* it had 1,000\."):
        evaluate(run)
    evaluate(run, "", "validation")
    write(run[0], "fewer", like, **fewer)
    evaluate(run, "fewer")


def test_a_data_set_that_is_not_here_is_named(run: RUN) -> None:
    with pytest.raises(DataError, match="fashion-mnist is not on this machine"):
        evaluate(run, "fashion-mnist")
    with pytest.raises(ConfigError, match="Unknown data set 'nothing'"):
        evaluate(run, "nothing")


@pytest.mark.parametrize("tells", [True, False], ids=["as written", "by an older cnnlab"])
def test_a_balanced_loss_keeps_the_weights_of_its_classes(home: Home, tells: bool) -> None:
    like = library.require(home, "mnist-5k")
    uneven = np.concatenate([np.flatnonzero(like.train_labels == 0)[:50], np.arange(400)])
    few = {"train_images": like.train_images[uneven], "train_labels": like.train_labels[uneven]}
    write(home, "uneven", like, **few)
    tables = finished_run.CONFIG.model_dump()
    tables["data"] |= {"name": "uneven", "validation": 100}
    tables["loss"] = {"name": "balanced-cross-entropy"}
    tables["training"] |= {"epochs": 1}
    run_id = train(home, tables)
    own, _ = stored((home, run_id), "test", "best")
    if not tells:
        rewrite_state(home, run_id, "best", loss=None)
    again = evaluate((home, run_id)).finished.evaluation
    assert again.loss == pytest.approx(own.loss, rel=1e-6)
    elsewhere = evaluate((home, run_id), "mnist-5k").finished.evaluation
    assert elsewhere.loss == pytest.approx(own.loss, rel=1e-6)
    shutil.rmtree(home.datasets)
    if tells:
        assert evaluate((home, run_id), "mnist-5k").finished.evaluation.loss == elsewhere.loss
    else:
        with pytest.raises(ConfigError, match="Unknown data set 'uneven'"):
            evaluate((home, run_id), "mnist-5k")


def train(home: Home, tables: dict[str, Any]) -> str:
    """Trains a run in this process; returns its id."""
    from cnnlab.config.run import RunConfig
    from cnnlab.config.validation import validate
    from cnnlab.execution.queue import RunQueue
    from cnnlab.execution.requests import RunRequest

    queue = RunQueue(home)
    (run_id,) = queue.add([RunRequest(validate(RunConfig, tables))])
    queue.finish()
    assert queue.join(SECONDS)
    return run_id


# The record


def test_an_evaluation_is_recorded_apart_from_the_runs_own(run: RUN) -> None:
    home, run_id = run
    with Reader(home) as reader:
        before = reader.final_evaluations([run_id])[run_id]
        listed = reader.run(run_id)
    later = evaluate(run)
    written = record_later_evaluation(home, run_id, later.dataset, later.finished)
    with Reader(home) as reader:
        (one,) = reader.later_evaluations([run_id])[run_id]
        matrix = reader.confusion(one.id, 10)
        assert reader.final_evaluations([run_id])[run_id] == before
        assert reader.run(run_id) == listed
    assert one == written
    assert (one.dataset, one.split, one.checkpoint) == ("mnist-5k", "test", "best")
    assert one.classes == later.finished.evaluation.classes
    assert matrix == [list(row) for row in later.finished.evaluation.confusion]


def test_the_newest_evaluation_of_a_kind_takes_the_place_of_the_one_before(run: RUN) -> None:
    home, run_id = run
    finished = evaluate(run).finished
    first = record_later_evaluation(home, run_id, "mnist-5k", finished)
    variants: list[tuple[str, EvaluationFinished]] = [
        ("other", finished),
        ("mnist-5k", dataclasses.replace(finished, split="train")),
        ("mnist-5k", dataclasses.replace(finished, checkpoint="last")),
        ("mnist-5k", dataclasses.replace(finished, step=99)),
    ]
    for dataset, one in variants:
        record_later_evaluation(home, run_id, dataset, one)
    with Reader(home) as reader:
        found = reader.later_evaluations([run_id])[run_id]
    assert first.id not in [one.id for one in found]
    assert [(one.dataset, one.split, one.checkpoint, one.step) for one in found] == [
        ("other", "test", "best", finished.step),
        ("mnist-5k", "train", "best", finished.step),
        ("mnist-5k", "test", "last", finished.step),
        ("mnist-5k", "test", "best", 99),
    ]
    assert all(len(one.classes) == 10 for one in found)


def test_a_run_that_is_deleted_meanwhile_gets_no_evaluation(run: RUN) -> None:
    finished = evaluate(run).finished
    with pytest.raises(ConfigError, match="Unknown run"):
        record_later_evaluation(run[0], "00000000", "mnist-5k", finished)
