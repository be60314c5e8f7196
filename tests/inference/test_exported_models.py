"""Models in files: every family in every format, read back and compared."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from inference.untrained import MNIST, rewrite_state, save_run
from models.test_families import NARROW
from safetensors import safe_open
from safetensors.torch import load_file

from cnnlab.config.component import members
from cnnlab.config.models import ModelConfig
from cnnlab.data import library
from cnnlab.data.resizing import Resize
from cnnlab.errors import CheckpointError, CnnlabError, ConfigError
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.models import write_onnx, write_safetensors, write_torchscript
from cnnlab.home import Home
from cnnlab.inference.checking import check
from cnnlab.inference.deployed import Deployed, Description, resizing_matrices
from cnnlab.inference.onnx import save_onnx
from cnnlab.inference.trained import load_trained

CIFAR = (3, 32, 32)
WRITERS = {"safetensors": write_safetensors, "torchscript": write_torchscript, "onnx": write_onnx}
WHOLE = {name: WRITERS[name] for name in ("torchscript", "onnx")}
HOSTILE = (
    'comma, "quoted"', "under_score & ampersand", "emoji 🐈‍⬛", "two\nlines", "\x1b[31mred",
    "nul\0", "\udce9 half", "漢字", "", " blanks ",
)  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated")
every_whole_format = pytest.mark.parametrize("name", WHOLE)


def export(home: Home, run_id: str, name: str, path: Path, **options: Any) -> list[str]:
    return WRITERS[name](ExportJob(home, (run_id,), options=ExportOptions(**options)), path)


def answers(name: str, path: Path, images: np.ndarray) -> np.ndarray:
    """What a file makes of float images, by means of its format's own reader."""
    if name == "onnx":
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (logits,) = session.run(["logits"], {"images": images})
        return logits
    return torch.jit.load(path)(torch.from_numpy(images)).numpy()


def description(name: str, path: Path) -> dict[str, Any]:
    """What a file says of its model."""
    if name == "onnx":
        texts = {each.key: each.value for each in onnx.load(path).metadata_props}
    elif name == "torchscript":
        extra = {"cnnlab.json": ""}
        torch.jit.load(path, _extra_files=extra)
        table: dict[str, Any] = json.loads(extra["cnnlab.json"])
        return table
    else:
        with safe_open(path, framework="np") as file:
            texts = file.metadata()
        assert texts.pop("format") == "pt"
    return {key: json.loads(text) for key, text in texts.items()}


FAMILIES: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {
    **{name: (CIFAR, {"name": name, **fields}) for name, fields in NARROW.items()},
    "lenet": (MNIST, {"name": "lenet", "channels": [4, 6], "hidden": 16}),
    "cifar-resnet B": (CIFAR, {"name": "cifar-resnet", "channels": 4, "depth": 8, "shortcut": "B"}),
}
LARGE: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {
    "resnet": (CIFAR, {"name": "resnet", "head_layers": 2, "head_dropout": 0.5}),
    "alexnet": (CIFAR, {"name": "alexnet", "first_pooling": "keep"}),
    "vgg": (CIFAR, {"name": "vgg", "depth": 11, "batch_norm": True}),
}


def test_every_family_is_tried() -> None:
    tried = {model["name"] for _, model in (*FAMILIES.values(), *LARGE.values())}
    assert tried == set(members(ModelConfig))


@pytest.mark.parametrize(
    "family",
    [*FAMILIES, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)],
)
def test_every_family_becomes_a_file_that_answers_as_it_does(
    home: Home, tmp_path: Path, family: str
) -> None:
    shape, model = {**FAMILIES, **LARGE}[family]
    run_id = save_run(home, model, shape=shape, dataset="mnist-5k" if shape == MNIST else "none")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, *shape), dtype=np.uint8)
    trained = load_trained(home, run_id, device="cpu")
    expected = trained.logits(torch.from_numpy(pixels)).numpy()
    for name in WHOLE:
        told = export(home, run_id, name, tmp_path / name)
        assert "largest difference of logits" in " ".join(told)
        for count in (5, 1):
            given = answers(name, tmp_path / name, pixels[:count].astype(np.float32) / 255)
            assert given == pytest.approx(expected[:count], abs=1e-4)
    export(home, run_id, "safetensors", tmp_path / "weights")
    weights = load_file(tmp_path / "weights")
    state = trained.model.state_dict()
    assert weights.keys() == state.keys()
    assert all(torch.equal(weights[key], state[key]) for key in state)


@every_whole_format
def test_a_trained_run_is_checked_on_its_test_images(
    trained: tuple[Home, str], tmp_path: Path, name: str
) -> None:
    home, run_id = trained
    told = export(home, run_id, name, tmp_path / "model")
    assert told[0].startswith(
        "Checked against the original on 256 test images of mnist-5k: largest difference of logits "
    )
    assert told[0].endswith(", all predictions alike.")
    assert told[1].startswith("Input: float32 images (N, 1, 28, 28) with values from 0 to 1;")
    images = library.require(home, "mnist-5k").test_images
    original = load_trained(home, run_id)
    expected = original.logits(torch.from_numpy(images)).argmax(1).numpy()
    given = answers(name, tmp_path / "model", images.astype(np.float32) / 255).argmax(1)
    assert (given == expected).mean() > 0.999


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_the_weights_are_those_of_the_checkpoint(
    trained: tuple[Home, str], tmp_path: Path, checkpoint: str
) -> None:
    home, run_id = trained
    told = export(home, run_id, "safetensors", tmp_path / "w", checkpoint=checkpoint)
    assert told[0] == f"6 tensors of the {checkpoint} checkpoint, read back and compared."
    path = next(home.checkpoints(run_id).glob(f"{checkpoint}*.pt"))
    kept = torch.load(path, weights_only=True)["model"]
    written = load_file(tmp_path / "w")
    assert all(torch.equal(written[key], kept[key]) for key in kept)
    about = description("safetensors", tmp_path / "w")
    assert about["run"] == {"id": run_id, "name": "digits"}
    assert about["checkpoint"]["kind"] == checkpoint
    assert about["config"]["model"]["name"] == "fully-connected"
    assert (about["mean"], about["std"]) == ([0.1315], [0.3088])
    assert about["input"]["values"] == "(pixels in [0, 1] - mean) / std"


@pytest.mark.parametrize("name", WRITERS)
def test_class_names_come_back_unchanged(home: Home, tmp_path: Path, name: str) -> None:
    run_id = save_run(home, {"name": "fully-connected", "hidden": 8}, classes=HOSTILE)
    export(home, run_id, name, tmp_path / "model")
    assert description(name, tmp_path / "model")["classes"] == list(HOSTILE)


# Resizing


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("after", [(56, 56), (13, 20), (28, 40)])
def test_the_matrices_resize_as_torchvision_does(
    few_digits: Any, interpolation: Any, after: tuple[int, int]
) -> None:
    images = torch.from_numpy(few_digits.test_images[:50])
    rows, columns = resizing_matrices((28, 28), after, interpolation)
    pixels = (rows @ (images.float() / 255) @ columns).clamp(0, 1) * 255
    whole = Resize(after, interpolation)(images).float()
    assert (pixels - whole).abs().mean() < 0.3  # what rounding makes of it


@every_whole_format
def test_a_model_resizes_as_its_run_did(home: Home, tmp_path: Path, name: str) -> None:
    model = {"name": "fully-connected", "hidden": 8}
    run_id = save_run(home, model, resize=40, interpolation="bicubic")
    told = export(home, run_id, name, tmp_path / "model")
    assert "steps of 255 on average" in " ".join(told)
    images = library.require(home, "mnist-5k").test_images[:100]
    expected = load_trained(home, run_id).logits(torch.from_numpy(images)).numpy()
    given = answers(name, tmp_path / "model", images.astype(np.float32) / 255)
    assert given == pytest.approx(expected, abs=0.02)
    assert description(name, tmp_path / "model")["input"]["shape"] == ["N", 1, 28, 28]


# The check


def small_run(home: Home, **options: Any) -> str:
    return save_run(home, {"name": "fully-connected", "hidden": 8}, **options)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda right: lambda images: right(images) + 0.01, "logits differ by up to 1.0e-02"),
        (lambda right: lambda images: right(images) * float("nan"), "logits differ by up to inf"),
        (lambda right: lambda images: right(images[:1]).expand(len(images), -1), "logits differ"),
        (lambda right: lambda images: right(images)[:2], r"it gives \(2, 10\), not \(7, 10\)"),
    ],
    ids=["shifted", "not a number", "first of the batch", "fixed batch size"],
)
def test_a_model_that_answers_otherwise_is_refused(
    home: Home, wrong: Callable[[Any], Any], words: str
) -> None:
    trained = load_trained(home, small_run(home), device="cpu")
    deployed = Deployed(trained)
    assert check(home, trained, deployed, deployed, lambda *_: None).largest < 1e-5
    with pytest.raises(CnnlabError, match=words) as seen:
        check(home, trained, deployed, wrong(deployed), lambda *_: None)
    assert "Nothing was written." in seen.value.message


def test_another_normalisation_is_found_out(home: Home) -> None:
    trained = load_trained(home, small_run(home), device="cpu")
    images = dataclasses.replace(trained.images, mean=(0.31,))
    wrong = Deployed(dataclasses.replace(trained, images=images))
    with pytest.raises(CnnlabError, match="The exported model is not the original"):
        check(home, trained, wrong, wrong, lambda *_: None)


def test_another_way_to_resize_is_found_out(home: Home) -> None:
    trained = load_trained(home, small_run(home, resize=14), device="cpu")
    wrong = Deployed(trained)
    assert wrong.rows is not None
    wrong.rows = wrong.rows.roll(1, dims=1)
    with pytest.raises(CnnlabError, match="resized pixels differ by"):
        check(home, trained, wrong, wrong, lambda *_: None)


@every_whole_format
def test_random_images_are_told_where_the_data_set_is_not_here(
    home: Home, tmp_path: Path, name: str
) -> None:
    told = export(home, small_run(home, dataset="elsewhere"), name, tmp_path / "model")
    assert told[0] == "This machine has no test images of the run's data set that fit the model."
    assert told[1].startswith("Checked against the original on 256 random images alone: ")


@every_whole_format
def test_test_images_of_another_size_are_brought_to_the_runs(
    home: Home, tmp_path: Path, name: str
) -> None:
    told = export(home, small_run(home, shape=(3, 20, 24)), name, tmp_path / "model")
    assert told[0].startswith("The images are grey and get three equal channels")
    assert told[1] == (
        "The images are resized and cut at the sides from 28x28 to 20x24, the size of the run's."
    )
    assert told[2].startswith("Checked against the original on 256 test images of mnist-5k: ")


def test_images_with_other_channels_are_not_taken(home: Home, tmp_path: Path) -> None:
    told = export(home, small_run(home, shape=(4, 20, 24)), "onnx", tmp_path / "model")
    assert told[1].startswith("Checked against the original on 256 random images alone: ")


@every_whole_format
def test_weights_that_are_no_numbers_cannot_be_checked(
    home: Home, tmp_path: Path, name: str
) -> None:
    run_id = small_run(home)
    state = load_trained(home, run_id).model.state_dict()
    broken = {key: values * float("nan") for key, values in state.items()}
    rewrite_state(home, run_id, "best", model=broken)
    with pytest.raises(CheckpointError, match="outputs that are not finite"):
        export(home, run_id, name, tmp_path / "model")
    export(home, run_id, "safetensors", tmp_path / "weights")
    assert load_file(tmp_path / "weights").keys() == broken.keys()


# What else is in the file, and on the terminal


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_of_this_machine_is_in_the_file(home: Home, tmp_path: Path, name: str) -> None:
    path = tmp_path / "model"
    export(home, small_run(home), name, path)
    content = path.read_bytes()
    if name == "torchscript":
        with zipfile.ZipFile(path) as archive:
            content = b"".join(map(archive.read, archive.namelist()))
    for place in (str(tmp_path), str(Path(torch.__file__).parent), str(Path(__file__).parents[2])):
        assert place.encode() not in content


@every_whole_format
def test_no_library_writes_to_the_terminal(
    home: Home, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str], recwarn: Any
) -> None:
    levels = {log: logging.getLogger(log).level for log in ("torch.onnx", "onnxscript")}
    export(home, small_run(home), name, tmp_path / "model")
    assert capfd.readouterr() == ("", "")
    # What other tests left open may be collected just now.
    assert not [one for one in recwarn if one.category is not ResourceWarning]
    assert levels == {log: logging.getLogger(log).level for log in levels}


def test_onnxruntime_has_nothing_to_send_and_nothing_to_complain_of(
    home: Home, tmp_path: Path
) -> None:
    """In a process of its own: it looks once, when it is imported, for where to keep its notes."""
    nowhere = tmp_path / "file"
    nowhere.touch()
    kept = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-m", "cnnlab", "export", small_run(home), "-o", tmp_path / "model.onnx"],
        env={**kept, "HOME": str(nowhere), "XDG_CACHE_HOME": str(nowhere)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stderr
    assert "telemetry" not in done.stderr


def test_a_model_too_large_for_onnx_is_told(home: Home, tmp_path: Path) -> None:
    trained = load_trained(home, small_run(home), device="cpu")
    shape = trained.images.stored_shape
    # On no device: it has a size, and takes no memory.
    model = torch.nn.Linear(2**10, 2**19, device="meta")
    deployed = Deployed(dataclasses.replace(trained, model=model))
    about = Description.of(trained, shape, ready=True)
    with pytest.raises(ConfigError, match=r"take 2\.0 GiB; a file of ONNX holds 2 GiB at most"):
        save_onnx(deployed, torch.zeros(2, *shape), about, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_is_not_there_is_an_error_of_the_system(
    home: Home, tmp_path: Path, name: str
) -> None:
    """Which `export.writing` turns into words."""
    with pytest.raises(OSError, match="No such file"):
        export(home, small_run(home), name, tmp_path / "gone" / "model")
