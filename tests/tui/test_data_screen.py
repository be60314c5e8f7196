"""The screen of data sets: real images, a real import, a real augmentation."""

from __future__ import annotations

import asyncio
import select
import socket
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from tui.conftest import Opened, until, until_shown, words

from cnnlab.config.augmentation import Stronger
from cnnlab.data import library, store
from cnnlab.data.importing import import_dataset
from cnnlab.home import Home
from cnnlab.tui.own_process import Stopped
from cnnlab.tui.screens.data.asking import proposed_name
from cnnlab.tui.screens.data.augmenting import Recipe, draws, recipes
from cnnlab.tui.screens.data.samples import sample_shots
from cnnlab.tui.screens.data.shelf import read_shelf
from cnnlab.tui.screens.data.words import about, bars
from cnnlab.tui.screens.data.work import Work
from cnnlab.tui.widgets.gallery import Gallery, Shot
from cnnlab.tui.widgets.path_suggester import completed
from cnnlab.tui.widgets.picture import Picture
from data import samples


def pictures(pilot: Pilot[None]) -> int:
    """Pictures that are drawn."""
    galleries = [one for one in pilot.app.screen.query(Gallery) if one.is_on_screen]
    drawn = [one for gallery in galleries for one in gallery.query(Picture)]
    return sum(one._pixels is not None and one.parent.display for one in drawn)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Nine images of a class, and nine of another."""
    return samples.write_zip(tmp_path / "Pets.zip", samples.class_folders(count=9))


async def write(pilot: Pilot[None], text: str) -> None:
    """Answers a dialog that asks for a line."""
    await until(pilot, lambda: bool(pilot.app.screen.query(Input)))
    field = pilot.app.screen.query_one(Input)
    field.value = text
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: not field.is_attached)


async def bring(pilot: Pilot[None], archive: Path, name: str, size: str = "") -> None:
    await pilot.press("i")
    await write(pilot, str(archive))
    await write(pilot, name)
    await write(pilot, size)


async def test_the_list_tells_what_is_here_and_what_is_not(opened: Opened) -> None:
    async with opened("data") as pilot:
        text = await until_shown(
            pilot, "○ mnist-5k", "– cifar10", "Comes with cnnlab", "4,000 training"
        )
        assert "✓ mnist" not in " ".join(text.split())
        await pilot.press("down", "down", "down")
        await until_shown(pilot, "Not on this machine. Press d", "airplane, automobile")


async def test_a_shipped_set_is_unpacked_when_its_images_are_wanted(
    opened: Opened, home: Home
) -> None:
    async with opened("data") as pilot:
        await until_shown(pilot, "○ mnist-5k")
        await pilot.press("enter")
        await until_shown(pilot, "✓ mnist-5k", "mnist-5k: s shows others")
        await until(pilot, lambda: pictures(pilot) == 6)
        assert library.present(home) == ["mnist-5k"]
        await pilot.press("down", "down")
        await until_shown(pilot, "fashion-mnist is not on this machine")
        await pilot.press("up", "up")
        await until(pilot, lambda: pictures(pilot) == 6)
        await pilot.press("left_square_bracket")
        await until_shown(pilot, "On this machine, 4.0 MB", "0 400 100 ████")


async def test_images_that_come_while_a_gallery_is_hidden_are_there_when_it_is_shown(
    opened: Opened,
) -> None:
    async with opened("data") as pilot:
        await until_shown(pilot, "○ mnist-5k")
        await pilot.press("enter")
        await until(pilot, lambda: pictures(pilot) == 6)
        gallery = next(one for one in pilot.app.screen.query(Gallery) if one.is_on_screen)
        gallery.display = False
        await until(pilot, lambda: not gallery.size)
        later = [Shot(number, f"later {number}", "later") for number in range(3)]
        await gallery.show(later, lambda found: [np.zeros((1, 28, 28), np.uint8) for _ in found])
        gallery.display = True
        await until_shown(pilot, "later 0", "later 2")
        await until(pilot, lambda: pictures(pilot) == 3)


async def test_images_are_imported_under_a_name_and_removed_again(
    opened: Opened, home: Home, archive: Path
) -> None:
    async with opened("data") as pilot:
        await bring(pilot, archive, "pets")
        await until_shown(pilot, "pets is imported.", "✓ pets")
        info = library.info(home, "pets")
        assert (info.train_images, info.test_images, info.shape) == (14, 4, (3, 6, 6))
        await pilot.press("end")
        await until_shown(pilot, "14 training, 4 test", "cat 7 2 ███", "imported from Pets.zip")
        await pilot.press("x")
        await until_shown(pilot, "Remove the data set pets", "That frees")
        await pilot.press("y")
        await until_shown(pilot, "Removed pets: ")
        assert library.present(home) == []
        await until(pilot, lambda: "✓ pets" not in words(pilot))


async def test_an_import_scales_images_and_replaces_only_after_a_question(
    opened: Opened, home: Home, archive: Path
) -> None:
    async with opened("data") as pilot:
        await bring(pilot, archive, "pets", "4x3")
        await until_shown(pilot, "✓ pets")
        await bring(pilot, archive, "pets")
        await until_shown(pilot, "Replace the data set pets?")
        await pilot.press("n")
        await pilot.pause()
        assert library.info(home, "pets").shape == (3, 4, 3)


async def test_an_import_that_fails_says_why_and_stores_nothing(
    opened: Opened, home: Home, tmp_path: Path
) -> None:
    files = {"cat/1.png": samples.png(), "cat/2.png": b"no image", "dog/1.png": samples.png()}
    bad = samples.write_zip(tmp_path / "bad[b].zip", files)
    async with opened("data") as pilot:
        await bring(pilot, bad, "pets")
        await until_shown(pilot, "cat/2.png", "cannot be decoded")
        assert library.present(home) == []


def test_a_stopped_import_stores_nothing(home: Home, archive: Path) -> None:
    work = Work("pets", "imported")
    work.stop()
    with pytest.raises(Stopped):
        import_dataset(home, "pets", archive, progress=work.progress)
    assert list(home.datasets.iterdir()) == []


async def test_a_download_that_cannot_be_says_what_to_do_and_never_writes_on_the_screen(
    opened: Opened, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen: no network, whatever the machine has
        go_by(nobody, monkeypatch)
        async with opened("data") as pilot:
            await until_shown(pilot, "– cifar10")
            await pilot.press("down", "down", "down", "d")
            await until_shown(
                pilot, "The data set cifar10 cannot be downloaded", "bring cifar-10-python"
            )
            assert not list(home.downloads.iterdir())


def go_by(proxy: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends whoever wants something of the network to a place on this machine."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
    monkeypatch.delenv("no_proxy", raising=False)


async def test_a_download_can_be_stopped_and_ends_its_process(
    opened: Opened, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # is asked, and never answers
        go_by(silent, monkeypatch)
        async with opened("data") as pilot:
            await until_shown(pilot, "– cifar10")
            await pilot.press("down", "down", "down", "d")
            await until_shown(pilot, "cifar10: downloading z stops it")
            await until(pilot, lambda: select.select([silent], [], [], 0)[0])
            await pilot.press("d")
            await until_shown(pilot, "One thing at a time")
            work = pilot.app.screen._work
            await pilot.press("z")
            await until_shown(pilot, "Stopped: cifar10 is not downloaded")
            assert work._process._process.poll() not in (None, 0)
            assert not list(home.downloads.iterdir())


async def test_an_augmentation_is_shown_beside_the_image_it_was_made_of(opened: Opened) -> None:
    async with opened("data", size=(160, 48)) as pilot:
        await until_shown(pilot, "○ mnist-5k")
        await pilot.press("a")
        await until_shown(
            pilot, "stronger: random-crop, horizontal-flip", "arati/table-2: stronger"
        )
        await pilot.press("down", "enter")
        await until_shown(pilot, "strong: random-crop padding=4", "without", "draw 1", "draw 7")
        await until(pilot, lambda: pictures(pilot) == 8)
        before = drawn(pilot)
        await pilot.press("r")
        await until(pilot, lambda: pictures(pilot) == 8 and differ(drawn(pilot)[1], before[1]))
        assert not differ(drawn(pilot)[0], before[0])
        await pilot.press("s")
        await until(pilot, lambda: pictures(pilot) == 8 and differ(drawn(pilot)[0], before[0]))


def drawn(pilot: Pilot[None]) -> list[np.ndarray]:
    gallery = next(one for one in pilot.app.screen.query(Gallery) if one.is_on_screen)
    return [one._pixels for one in gallery.query(Picture)]


def differ(one: np.ndarray, other: np.ndarray) -> bool:
    return not np.array_equal(one, other)


def test_draws_leave_the_random_state_of_a_training_alone() -> None:
    import torch

    image = samples.random_pixels(3, 16, 16)
    recipe = Recipe("stronger", "stronger", "", "", (Stronger(),))
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    first, second = (draws(image, recipe, 5, seed=1) for _ in range(2))
    assert torch.rand(1) == wanted
    assert np.array_equal(first[0], image)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert any(not np.array_equal(one, image) for one in first[1:])


def test_presets_that_resize_are_shown_at_the_size_that_the_model_sees(home: Home) -> None:
    found = next(one for one in recipes(home) if one.title == "giuliani/fine-tuning-224")
    images = draws(samples.random_pixels(3, 32, 32), found, 2, seed=0)
    assert [one.shape for one in images] == [(3, 224, 224)] * 3


def test_samples_are_one_of_each_class_then_another(home: Home) -> None:
    library.require(home, "mnist-5k")
    path = store.dataset_path(home, "mnist-5k")
    shots = sample_shots(path, 0)
    assert [shot.caption for shot in shots[:12]] == [*"0123456789", "0", "1"]
    labels = store.read_labels(path, "train")
    assert all(str(labels[shot.index]) == shot.caption for shot in shots)
    assert shots != sample_shots(path, 1)


def test_a_damaged_file_is_told_and_no_error(home: Home) -> None:
    home.datasets.mkdir(parents=True)
    store.dataset_path(home, "broken").write_bytes(b"nothing")
    entry = next(one for one in read_shelf(home) if one.name == "broken")
    assert entry.place == "damaged"
    assert "is damaged" in about(entry, 60).plain


def test_bars_are_in_proportion_and_their_columns_stay_aligned_with_wide_names(
    home: Home, tmp_path: Path
) -> None:
    files = {f"猫/{number}.png": samples.png(seed=number) for number in range(20)}
    files |= {f"dog/{number}.png": samples.png(seed=number) for number in range(10)}
    archive = samples.write_zip(tmp_path / "a.zip", files)
    lines = bars(import_dataset(home, "a", archive), 43).plain.splitlines()
    assert lines[1:] == ["dog        8     2  " + "█" * 11 + "▌", "猫        16     4  " + "█" * 23]


async def test_a_path_is_completed_as_far_as_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "flowers").mkdir()
    (tmp_path / "flour.zip").write_bytes(b"")
    assert await asyncio.to_thread(completed, f"{tmp_path}/flow") == f"{tmp_path}/flowers/"
    assert completed(f"{tmp_path}/fl") == f"{tmp_path}/flour.zip"
    assert completed(f"{tmp_path}/nothing") is None
    assert completed("") is None
    assert proposed_name(Path("/x/My Flowers.tar.gz")) == "my-flowers"
