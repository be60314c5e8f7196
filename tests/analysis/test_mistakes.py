"""What a checkpoint says of each image, against what the history counted when the run ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import finished_run
import numpy as np
import pytest

from cnnlab.analysis.mistakes import Predictions, predictions
from cnnlab.data import library
from cnnlab.errors import CheckpointError
from cnnlab.events import SPLITS, CheckpointKind, Split
from cnnlab.history.queries import Reader
from cnnlab.history.records import evaluation_of
from cnnlab.home import Home


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    return finished_run.train(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def seen(trained: tuple[Home, str]) -> Predictions:
    return predictions(*trained, "best", "test")


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_the_images_are_counted_as_in_the_stored_confusion_matrix(
    trained: tuple[Home, str], checkpoint: CheckpointKind, split: Split
) -> None:
    home, run_id = trained
    with Reader(home) as reader:
        stored = evaluation_of(reader.final_evaluations([run_id])[run_id], split, checkpoint)
        assert stored is not None
        matrix = reader.confusion(stored.id, len(stored.classes))

    again = predictions(home, run_id, checkpoint, split)

    assert again.confusion().tolist() == matrix
    assert np.sum(again.true != again.predicted) > 0
    assert again.classes == tuple(metrics.name for metrics in stored.classes)


def test_the_same_question_has_the_same_answer(
    trained: tuple[Home, str], seen: Predictions
) -> None:
    again = predictions(*trained, "best", "test")
    assert again.confidence.tolist() == seen.confidence.tolist()
    assert again.predicted.tolist() == seen.predicted.tolist()


@pytest.mark.parametrize("split", SPLITS)
def test_an_index_names_the_stored_image(trained: tuple[Home, str], split: Split) -> None:
    home, run_id = trained
    again = predictions(home, run_id, "best", split)
    dataset = library.require(home, "mnist-5k")
    labels = dataset.test_labels if split == "test" else dataset.train_labels
    assert labels[again.index].tolist() == again.true.tolist()
    assert len(set(again.index.tolist())) == len(again.index)


def test_validation_images_are_those_that_were_not_trained_on(trained: tuple[Home, str]) -> None:
    parts = [predictions(*trained, "best", split).index for split in ("train", "validation")]
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


def test_a_checkpoint_that_was_changed_is_refused(trained: tuple[Home, str], home: Home) -> None:
    finished_run.copy(trained[0], home)
    path = next(home.checkpoints(trained[1]).glob("best-*.pt"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckpointError, match="damaged"):
        predictions(home, trained[1], "best", "test")
    path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        predictions(home, trained[1], "best", "test")


def ask(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("cnnlab"))
    command = [program, "runs", "mistakes", *arguments]
    del home  # named by the environment
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_command_prints_the_chosen_images(
    trained: tuple[Home, str], seen: Predictions, home: Home
) -> None:
    finished_run.copy(trained[0], home)
    chosen = seen.surest(true=9)[:4]
    answer: dict[str, Any] = json.loads(
        ask(home, "digits", "--true", seen.classes[9], "--limit", "4", "--json").stdout
    )
    assert answer["run"] == trained[1]
    assert (answer["split"], answer["checkpoint"]) == ("test", "best")
    assert answer["images"] == len(seen.index)
    assert answer["predictions"] == [
        {
            "index": int(seen.index[at]),
            "true": seen.classes[9],
            "predicted": seen.classes[seen.predicted[at]],
            "confidence": float(seen.confidence[at]),
        }
        for at in chosen
    ]
    unknown = ask(home, "digits", "--predicted", "elephant")
    assert unknown.returncode == 2
    assert "Unknown class 'elephant'." in unknown.stderr
