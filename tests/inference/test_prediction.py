"""What a run says of image files, whatever these are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from inference.untrained import rewrite_state, save_run
from PIL import Image

from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.errors import CheckpointError, ConfigError, DataError
from cnnlab.home import Home
from cnnlab.inference.image_files import image_files
from cnnlab.inference.prediction import predict
from cnnlab.inference.trained import TrainedModel, load_trained

Loaded = tuple[TrainedModel, Dataset]


@pytest.fixture(scope="module")
def loaded(trained: tuple[Home, str]) -> Loaded:
    home, run_id = trained
    return load_trained(home, run_id), library.require(home, "mnist-5k")


@pytest.fixture
def digits_as_files(loaded: Loaded, tmp_path: Path) -> list[Path]:
    """Twenty test images as files of their own."""
    images = loaded[1].test_images[::50]
    folder = tmp_path / "images"
    folder.mkdir()
    paths = [folder / f"{number:02}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image[0]).save(path)
    return paths


def test_a_file_gets_the_answer_that_its_image_gets(
    loaded: Loaded, digits_as_files: list[Path]
) -> None:
    model, digits = loaded
    logits = model.logits(torch.from_numpy(digits.test_images[::50]))
    for top in (1, 3, 99):
        found = list(predict(model, digits_as_files, top=top))
        assert [one.file for one in found] == [str(path) for path in digits_as_files]
        best = logits.softmax(1).topk(min(top, 10))
        for one, values, labels in zip(found, *map(torch.Tensor.tolist, best), strict=True):
            assert [each.label for each in one.top] == [str(label) for label in labels]
            assert [each.confidence for each in one.top] == pytest.approx(values, abs=1e-6)


def test_colours_other_sizes_and_inversion_lead_to_the_same_answer(
    loaded: Loaded, digits_as_files: list[Path], tmp_path: Path
) -> None:
    model, _ = loaded
    before = [one.top[0].label for one in predict(model, digits_as_files)]
    changed = []
    for path in digits_as_files:
        image = Image.open(path)
        wide = Image.new("RGB", (36 * 4, 28 * 4))
        wide.paste(image.resize((112, 112), Image.Resampling.BICUBIC), (16, 0))
        changed.append(tmp_path / path.name)
        Image.fromarray(255 - np.asarray(wide)).save(changed[-1])
    after = [one.top[0].label for one in predict(model, changed, invert=True)]
    # All but one of them here; what rounding makes of a training differs with the processor.
    assert sum(a == b for a, b in zip(before, after, strict=True)) >= 15
    upside_down = [one.top[0].label for one in predict(model, changed)]
    assert sum(a == b for a, b in zip(before, upside_down, strict=True)) < 10


def test_a_model_of_coloured_images_takes_grey_ones(home: Home, tmp_path: Path) -> None:
    run_id = save_run(
        home, {"name": "fully-connected", "hidden": 8}, shape=(3, 16, 24), dataset="x", resize=8
    )
    pixels = np.random.default_rng(1).integers(0, 256, (16, 24), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    model = load_trained(home, run_id)
    ((answer,),) = [one.top for one in predict(model, [tmp_path / "grey.png"])]
    same = torch.from_numpy(np.repeat(pixels[None, None], 3, axis=1))
    assert answer.confidence == pytest.approx(float(model.logits(same).softmax(1).max()), abs=1e-6)


def test_what_cannot_be_read_is_told_and_the_others_go_on(
    loaded: Loaded, digits_as_files: list[Path], tmp_path: Path
) -> None:
    text, empty, pipe = (tmp_path / name for name in ("text.png", "empty.png", "pipe.png"))
    text.write_text("no image")
    empty.touch()
    os.mkfifo(pipe)
    cut = tmp_path / "cut.png"
    cut.write_bytes(digits_as_files[0].read_bytes()[:60])
    gone = tmp_path / "gone.png"
    files = [digits_as_files[0], text, empty, pipe, cut, gone, digits_as_files[1]]
    found = list(predict(loaded[0], files))
    assert [bool(one.error) for one in found] == [False, True, True, True, True, True, False]
    assert [one.file for one in found] == [str(path) for path in files]
    assert found[1].error == found[2].error == "of no image format that is known"
    assert (found[3].error, found[5].error) == ("it is no file", "there is no such file")
    assert all(one.top for one in (found[0], found[-1]))
    assert not list(predict(loaded[0], []))


def test_progress_counts_all_files(loaded: Loaded, digits_as_files: list[Path]) -> None:
    told: list[tuple[str, int, int | None]] = []
    list(predict(loaded[0], digits_as_files, progress=lambda *what: told.append(what)))
    assert told[-1] == ("classifying", 20, 20)


def test_a_folder_stands_for_the_images_below_it(tmp_path: Path) -> None:
    names = [
        "b/2.png",
        "a.JPG",
        "b/10.png",
        ".hidden.png",
        "b/.git/x.png",
        "notes.txt",
        "c/ü\n.gif",
    ]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    found = image_files([tmp_path, tmp_path / "notes.txt"])
    wanted = ["a.JPG", "b/10.png", "b/2.png", "c/ü\n.gif", "notes.txt"]
    assert [str(path.relative_to(tmp_path)) for path in found] == wanted
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="There are no images in"):
        image_files([tmp_path / "empty"])
    with pytest.raises(ConfigError, match="There is no file"):
        image_files([tmp_path / "gone.png"])
    files = [tmp_path / "gone.png", tmp_path / "a.JPG"]
    assert image_files(files) == files


def test_a_folder_below_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").touch()
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        for _ in range(20):  # to a path that is longer than the system takes
            Path("deep" * 60).mkdir()
            os.chdir("deep" * 60)
    with pytest.raises(DataError, match=r"deep cannot be read: File name too long"):
        image_files([tmp_path])


def test_a_model_that_diverged_gives_no_answer(home: Home, digits_as_files: list[Path]) -> None:
    run_id = save_run(home, {"name": "fully-connected", "hidden": 8})
    state = load_trained(home, run_id).model.state_dict()
    broken = {key: values * float("nan") for key, values in state.items()}
    rewrite_state(home, run_id, "best", model=broken)
    with pytest.raises(CheckpointError, match="gives no numbers: its training diverged"):
        list(predict(load_trained(home, run_id), digits_as_files))
