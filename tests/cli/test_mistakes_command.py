"""`cnnlab runs mistakes`, run as a user runs it; what it finds is tested in tests/analysis."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import torch
from inference.untrained import rewrite_state
from inference.variants import write

from cnnlab.analysis.mistakes import predictions
from cnnlab.data import library
from cnnlab.home import Home
from cnnlab.inference.trained import load_trained

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_the_command_prints_the_chosen_images(
    cnnlab: Cnnlab, inside: Cnnlab, run_id: str, home: Home
) -> None:
    seen = predictions(home, load_trained(home, run_id), "test")
    chosen = seen.surest(true=9)[:4]
    done = cnnlab("runs", "mistakes", "digits", "--true", seen.classes[9], "--limit", "4", "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["run"] == run_id
    assert (answer["split"], answer["checkpoint"]) == ("test", "best")
    assert (answer["images"], answer["remarks"]) == (len(seen.index), [])
    assert answer["predictions"] == [
        {
            "index": int(seen.index[at]),
            "true": seen.classes[9],
            "predicted": seen.classes[seen.predicted[at]],
            "confidence": float(seen.confidence[at]),
        }
        for at in chosen
    ]
    unknown = inside("runs", "mistakes", "digits", "--predicted", "elephant")
    assert unknown.returncode == 2
    assert "Unknown class 'elephant'." in unknown.stderr


def test_a_model_whose_outputs_are_no_numbers_has_no_confidence(
    inside: Cnnlab, run_id: str, home: Home
) -> None:
    path = next(home.checkpoints(run_id).glob("best-*.pt"))
    weights = torch.load(path, weights_only=True)["model"]
    broken = {name: values * float("nan") for name, values in weights.items()}
    rewrite_state(home, run_id, "best", model=broken)
    done = inside("runs", "mistakes", "digits", "--limit", "3", "--json")
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, []), done.stderr
    told = json.loads(done.stdout)["predictions"]
    assert [one["confidence"] for one in told] == [None] * 3


def test_what_was_replaced_since_is_told(inside: Cnnlab, run_id: str, home: Home) -> None:
    like = library.require(home, "mnist-5k")
    smaller = {
        name: getattr(like, name)[:, :, ::2, ::2] for name in ("train_images", "test_images")
    }
    write(home, "mnist-5k", like, **smaller)
    remark = "The images are resized from 14x14 to 28x28, the size of the run's."
    arguments = ("runs", "mistakes", run_id, "--limit", "3")
    shown = inside(*arguments)
    assert shown.stderr.splitlines()[0] == remark
    assert len(shown.stdout.splitlines()) == 4
    told = inside(*arguments, "--json")
    assert json.loads(told.stdout)["remarks"] == [remark]
    assert remark not in told.stderr
    write(home, "mnist-5k", like, classes=tuple("abcdefghij"))
    done = inside(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "The classes of mnist-5k are not those of the run" in done.stderr
