"""What a checkpoint says of each image, against what the history counted when the run ended."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from inference.variants import write
from torch._dynamo.utils import counters

from cnnlab.analysis.mistakes import Predictions, predictions
from cnnlab.data import library
from cnnlab.errors import ConfigError, DataError
from cnnlab.events import SPLITS, CheckpointKind, Split
from cnnlab.history.queries import Reader
from cnnlab.history.records import evaluation_of
from cnnlab.home import Home
from cnnlab.inference.trained import load_trained

RUN = tuple[Home, str]


def asked(run: RUN, checkpoint: CheckpointKind = "best", split: Split = "test") -> Predictions:
    """What the run's own device makes of the images."""
    home, run_id = run
    return predictions(home, load_trained(home, run_id, checkpoint, device=None), split)


@pytest.fixture(scope="module")
def seen(trained: RUN) -> Predictions:
    return asked(trained)


@pytest.fixture
def run(run_id: str, home: Home) -> RUN:
    """The trained run, in the test's own home."""
    return home, run_id


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_the_images_are_counted_as_in_the_stored_confusion_matrix(
    trained: RUN, checkpoint: CheckpointKind, split: Split
) -> None:
    home, run_id = trained
    with Reader(home) as reader:
        stored = evaluation_of(reader.final_evaluations([run_id])[run_id], split, checkpoint)
        assert stored is not None
        matrix = reader.confusion(stored.id, len(stored.classes))

    again = asked(trained, checkpoint, split)

    assert again.confusion().tolist() == matrix
    assert np.sum(again.true != again.predicted) > 0
    assert again.classes == tuple(metrics.name for metrics in stored.classes)


def test_the_same_question_has_the_same_answer(trained: RUN, seen: Predictions) -> None:
    again = asked(trained)
    assert again.confidence.tolist() == seen.confidence.tolist()
    assert again.predicted.tolist() == seen.predicted.tolist()


@pytest.mark.parametrize("split", SPLITS)
def test_an_index_names_the_stored_image(trained: RUN, split: Split) -> None:
    again = asked(trained, "best", split)
    dataset = library.require(trained[0], "mnist-5k")
    labels = dataset.test_labels if split == "test" else dataset.train_labels
    assert labels[again.index].tolist() == again.true.tolist()
    assert len(set(again.index.tolist())) == len(again.index)


def test_validation_images_are_those_that_were_not_trained_on(trained: RUN) -> None:
    parts = [asked(trained, "best", split).index for split in ("train", "validation")]
    assert len(parts[1]) == 3200
    assert not set(parts[0].tolist()) & set(parts[1].tolist())


def test_the_surest_mistakes_come_first(seen: Predictions) -> None:
    chosen = seen.surest()
    confidence = seen.confidence[chosen]
    assert (np.diff(confidence) <= 0).all()
    assert (seen.true[chosen] != seen.predicted[chosen]).all()
    assert len(chosen) == np.sum(seen.true != seen.predicted)
    assert ((confidence > 1 / len(seen.classes)) & (confidence <= 1)).all()


def test_images_are_chosen_by_both_classes(seen: Predictions) -> None:
    matrix = seen.confusion()
    cells = [(0, 0), *zip(*np.nonzero(matrix - np.diag(np.diag(matrix))), strict=True)]
    for true, predicted in cells[:6]:
        chosen = seen.surest(true=true, predicted=predicted, with_correct=True)
        assert len(chosen) == matrix[true, predicted]
        assert (seen.true[chosen] == true).all()
        assert (seen.predicted[chosen] == predicted).all()


@pytest.mark.slow
def test_a_compiled_run_is_asked_as_it_was_trained(trained: RUN, seen: Predictions) -> None:
    home, run_id = trained
    plain = load_trained(home, run_id, device=None)
    training = plain.config.training.model_copy(update={"compile": True})
    config = plain.config.model_copy(update={"training": training})
    begun = counters["stats"]["unique_graphs"]
    compiled = predictions(home, dataclasses.replace(plain, config=config), "test")
    assert counters["stats"]["unique_graphs"] > begun
    assert compiled.confidence == pytest.approx(seen.confidence, abs=1e-5)


# A data set that was replaced


def replaced(home: Home, **changes: Any) -> None:
    """Stores a variant of the run's data set under its name."""
    write(home, "mnist-5k", library.require(home, "mnist-5k"), **changes)


def test_a_data_set_with_other_classes_is_refused(run: RUN) -> None:
    replaced(run[0], classes=tuple("abcdefghij"))
    for split in SPLITS:
        with pytest.raises(ConfigError, match="The classes of mnist-5k are not those of the run"):
            asked(run, "best", split)


def test_a_data_set_with_fewer_classes_is_refused(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    parts = {}
    for part in ("train", "test"):
        labels = getattr(like, f"{part}_labels")
        parts |= {f"{part}_labels": labels[labels < 3]}
        parts |= {f"{part}_images": getattr(like, f"{part}_images")[labels < 3]}
    replaced(run[0], classes=like.info.classes[:3], **parts)
    with pytest.raises(ConfigError, match="only the run has '3', '4', '5'"):
        asked(run)


def test_a_split_that_cannot_be_cut_again_is_refused(run: RUN) -> None:
    like = library.require(run[0], "mnist-5k")
    replaced(run[0], train_images=like.train_images[1:], train_labels=like.train_labels[1:])
    for split in ("train", "validation"):
        with pytest.raises(
            DataError, match=r"3,999 training images; .* it had 4,000, so its split"
        ):
            asked(run, "best", split)  # type: ignore[arg-type]
    asked(run)


def test_classes_in_another_order_are_the_runs_own(run: RUN, seen: Predictions) -> None:
    like = library.require(run[0], "mnist-5k")
    order = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])
    new = {name: order.argsort()[getattr(like, name)] for name in ("train_labels", "test_labels")}
    replaced(run[0], classes=tuple(like.info.classes[label] for label in order), **new)
    again = asked(run)
    assert again.classes == seen.classes
    assert again.true.tolist() == seen.true.tolist()
    assert again.confusion().tolist() == seen.confusion().tolist()


def test_images_of_another_size_are_resized_and_that_is_told(run: RUN, seen: Predictions) -> None:
    like = library.require(run[0], "mnist-5k")
    large = like.test_images.repeat(2, 2).repeat(2, 3)
    replaced(run[0], train_images=like.train_images.repeat(2, 2).repeat(2, 3), test_images=large)
    again = asked(run)
    assert again.remarks == ("The images are resized from 56x56 to 28x28, the size of the run's.",)
    assert np.mean(again.predicted == seen.predicted) > 0.95
    assert seen.remarks == ()
