"""`cnnlab predict`, as a user and a script see it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.analysis.mistakes import predictions
from cnnlab.data import library
from cnnlab.events import CheckpointKind
from cnnlab.home import Home
from cnnlab.inference.trained import load_trained

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def surest_seven(home: Home, run_id: str) -> int:
    """A seven of the test images that the best and the last weights know for one.

    Processors round otherwise, and so end up with other weights: no image is known to all.
    """
    kinds: tuple[CheckpointKind, ...] = ("best", "last")
    best, last = (predictions(home, load_trained(home, run_id, kind), "test") for kind in kinds)
    both = (best.true == 7) & (best.predicted == 7) & (last.predicted == 7)
    at = np.argmax(np.where(both, np.minimum(best.confidence, last.confidence), 0))
    assert both[at]
    return int(best.index[at])


@pytest.fixture
def images(run_id: str, home: Home, tmp_path: Path) -> Path:
    """The trained run in the test's home, and a folder with a seven and a file that is none."""
    digits = library.require(home, "mnist-5k")
    folder = tmp_path / "images"
    folder.mkdir()
    seven = digits.test_images[surest_seven(home, run_id)][0]
    Image.fromarray(seven).save(folder / "seven [b].png")
    (folder / "broken\x1b[31m.png").write_bytes(b"\x89PNG nothing")
    return folder


def test_json_has_an_entry_for_each_file(run_id: str, images: Path, inside: Cnnlab) -> None:
    done = inside("predict", "digits", str(images), "--top", "2", "--checkpoint", "last", "--json")
    assert done.returncode == 1  # one of them cannot be read
    told = json.loads(done.stdout)
    assert list(told) == ["run", "checkpoint", "predictions"]
    assert (told["run"], told["checkpoint"]) == (run_id, "last")
    broken, seven = told["predictions"]
    assert broken == {
        "file": str(images / "broken\x1b[31m.png"),
        "top": [],
        "error": "of no image format that is known",
    }
    assert (seven["file"], seven["error"]) == (str(images / "seven [b].png"), None)
    assert [list(one) for one in seven["top"]] == [["class", "confidence"]] * 2
    assert seven["top"][0]["class"] == "7"
    assert seven["top"][0]["confidence"] > seven["top"][1]["confidence"]


def test_the_table_has_the_classes_and_stderr_what_could_not_be_read(
    images: Path, cnnlab: Cnnlab, inside: Cnnlab
) -> None:
    done = cnnlab("predict", "latest", str(images))
    assert done.returncode == 1
    header, row = done.stdout.splitlines()
    assert header.split() == ["image", "class", "confidence", "then"]
    assert row.startswith(f"{images}/seven [b].png  7 ")
    assert row.removeprefix(str(images)).count(",") == 1  # the second and the third class
    assert "\x1b" not in done.stdout + done.stderr
    assert "broken␛[31m.png: of no image format that is known." in done.stderr
    alone = inside("predict", "latest", str(images / "seven [b].png"))
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["digts", "{}"], "Unknown run 'digts'."),
        (["digits", "{}/none.png"], "There is no file"),
        (["digits", "{}/" + 300 * "x"], "cannot be read: File name too long"),
        (["digits", "~nosuchuser/7.png"], "There is no home folder for ~nosuchuser"),
        (["digits", "{}", "--checkpoint", "bst"], "Did you mean 'best' or 'last'?"),
        (["digits", "{}", "--device", "gpu"], "Did you mean 'cuda'?"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    images: Path, inside: Cnnlab, arguments: list[str], words: str
) -> None:
    done = inside("predict", *(word.format(images) for word in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
