"""Everything that people carry to a machine without a network becomes a data set."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.data import library, store
from cnnlab.data.importing import import_dataset, moments
from cnnlab.home import Home
from data import samples

Pack = Callable[[Path, samples.Files], Path]

PACKS: dict[str, Pack] = {
    "folder": lambda root, files: samples.write_folder(root / "brought", files),
    "zip": lambda root, files: samples.write_zip(root / "brought.zip", files),
    "tar": lambda root, files: samples.write_tar(root / "brought.tar", files),
    "tar.gz": lambda root, files: samples.write_tar(root / "brought.tar.gz", files, "w:gz"),
    "tar.xz": lambda root, files: samples.write_tar(root / "brought.tar.xz", files, "w:xz"),
    "no suffix": lambda root, files: samples.write_tar(root / "brought", files, "w:gz"),
}


def wrapped(files: samples.Files) -> samples.Files:
    """The same files below two more folders."""
    return {f"some/where/{name}": content for name, content in files.items()}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_idx_files_import_from_anything(
    home: Home, tmp_path: Path, pack: Pack, zipped: bool
) -> None:
    path = pack(tmp_path, wrapped(samples.idx_files(zipped=zipped)))
    info = import_dataset(home, "small", path)
    dataset = library.require(home, "small")
    assert info.shape == (1, 6, 6)
    assert info.classes == ("0", "1", "2", "3", "4")
    assert np.array_equal(dataset.train_images[:, 0], samples.random_pixels(20, 6, 6))
    assert dataset.train_labels.tolist() == [label % 5 for label in range(20)]
    assert info.test_counts == (2,) * 5


def test_idx_names_with_a_dot_are_known_too(home: Home, tmp_path: Path) -> None:
    files = {name.replace("-idx", ".idx"): c for name, c in samples.idx_files().items()}
    assert (
        import_dataset(home, "small", samples.write_folder(tmp_path / "b", files)).train_images
        == 20
    )


@pytest.mark.parametrize("pack", [PACKS["folder"], PACKS["tar.gz"]], ids=["folder", "tar.gz"])
def test_cifar_batches_import_with_their_class_names(
    home: Home, tmp_path: Path, pack: Pack
) -> None:
    info = import_dataset(home, "small", pack(tmp_path, samples.cifar_files()))
    dataset = library.require(home, "small")
    assert (info.shape, info.train_images, info.test_images) == ((3, 32, 32), 50, 10)
    assert info.classes[3] == "kind 3"
    expected = samples.random_pixels(10, 3072, seed=0).reshape(10, 3, 32, 32)
    assert np.array_equal(dataset.train_images[:10], expected)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_class_folders_import_from_anything(home: Home, tmp_path: Path, pack: Pack) -> None:
    files = {**samples.class_folders("train"), **samples.class_folders("test", count=2)}
    info = import_dataset(home, "pets", pack(tmp_path, wrapped(files)))
    dataset = library.require(home, "pets")
    assert info.classes == ("cat", "dog")
    assert (info.train_counts, info.test_counts) == ((4, 4), (2, 2))
    assert info.shape == (3, 6, 6)
    first = samples.random_pixels(6, 6, 3, seed=0).transpose(2, 0, 1)
    assert np.array_equal(dataset.train_images[0], first)


def test_a_set_without_a_test_part_gets_one_of_each_class(home: Home, tmp_path: Path) -> None:
    path = samples.write_folder(tmp_path / "b", samples.class_folders(count=10))
    info = import_dataset(home, "pets", path)
    assert (info.train_counts, info.test_counts) == ((8, 8), (2, 2))
    dataset = library.require(home, "pets")
    everything = np.concatenate([dataset.train_images, dataset.test_images])
    # Ten different pictures, each there for both classes: none is lost, none on both sides.
    assert len(np.unique(everything.reshape(20, -1), axis=0)) == 10


def test_the_split_is_the_same_each_time(home: Home, tmp_path: Path) -> None:
    path = samples.write_folder(tmp_path / "b", samples.class_folders(count=10))
    import_dataset(home, "one", path)
    import_dataset(home, "two", path)
    one, two = library.require(home, "one"), library.require(home, "two")
    assert np.array_equal(one.test_images, two.test_images)


@pytest.mark.parametrize(
    ("splits", "train", "test"),
    [(("train", "val"), 8, 8), (("train", "val", "test"), 16, 8), (("Training", "Testing"), 8, 8)],
)
def test_split_folders_have_many_names(
    home: Home, tmp_path: Path, splits: tuple[str, ...], train: int, test: int
) -> None:
    files = {k: v for split in splits for k, v in samples.class_folders(split).items()}
    info = import_dataset(home, "pets", samples.write_folder(tmp_path / "b", files))
    assert (info.train_images, info.test_images) == (train, test)


def test_grey_images_keep_one_channel_and_one_colour_image_makes_three(
    home: Home, tmp_path: Path
) -> None:
    grey = samples.class_folders(grey=True)
    assert import_dataset(home, "grey", samples.write_folder(tmp_path / "g", grey)).shape[0] == 1
    mixed = {**grey, "cat/colour.png": samples.png()}
    assert import_dataset(home, "mixed", samples.write_folder(tmp_path / "m", mixed)).shape[0] == 3


def test_numbered_classes_sort_by_value(home: Home, tmp_path: Path) -> None:
    files = {f"{n}/{i}.png": samples.png(seed=i) for n in (10, 2, 1) for i in range(2)}
    info = import_dataset(home, "numbers", samples.write_folder(tmp_path / "b", files))
    assert info.classes == ("1", "2", "10")


def test_side_files_of_people_and_systems_are_left_alone(home: Home, tmp_path: Path) -> None:
    files = {
        **samples.class_folders(),
        "README.md": b"words",
        "labels.csv": b"a,b",
        "cat/.DS_Store": b"x",
        "__MACOSX/cat/._0.png": b"x",
        "Thumbs.db": b"x",
    }
    info = import_dataset(home, "pets", samples.write_zip(tmp_path / "b.zip", files))
    assert info.train_images + info.test_images == 8


def test_a_size_scales_and_cuts_every_image(home: Home, tmp_path: Path) -> None:
    wide = Image.new("RGB", (40, 10), "black")
    wide.paste("white", (15, 0, 25, 10))  # the middle square
    files = {**samples.class_folders(), "cat/wide.png": samples.encoded(wide, "PNG")}
    import_dataset(home, "pets", samples.write_folder(tmp_path / "b", files), size=(8, 8))
    dataset = library.require(home, "pets")
    assert dataset.info.shape == (3, 8, 8)
    everything = np.concatenate([dataset.train_images, dataset.test_images])
    assert any((image > 200).all() for image in everything)  # what was cut is the middle


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_any_image_format_is_read(home: Home, tmp_path: Path, kind: str) -> None:
    image = Image.new("RGB", (6, 6), (200, 100, 50))
    files = {f"{label}/{n}.img": samples.encoded(image, kind) for label in "ab" for n in range(2)}
    import_dataset(home, "kinds", samples.write_folder(tmp_path / "b", files))
    pixels = library.require(home, "kinds").train_images[0, :, 3, 3].astype(int)
    assert np.abs(pixels - (200, 100, 50)).max() < 12


def test_deep_greys_transparency_and_orientation_come_out_right(home: Home, tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((6, 6), 32896, dtype=np.uint16))
    clear = Image.new("RGBA", (6, 6), (255, 255, 255, 0))
    turned = Image.new("L", (6, 6), 0)
    turned.paste(255, (0, 0, 6, 3))  # the upper half
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    files = {
        "deep/0.png": samples.encoded(deep, "PNG"),
        "clear/0.png": samples.encoded(clear, "PNG"),
        "turned/0.jpg": samples.encoded(turned, "JPEG", exif=exif),
    }
    both = {f"{split}/{name}": c for split in ("train", "test") for name, c in files.items()}
    import_dataset(home, "odd", samples.write_folder(tmp_path / "b", both))
    clear_out, deep_out, turned_out = library.require(home, "odd").train_images
    assert (deep_out == 128).all()
    assert (clear_out == 0).all()
    assert turned_out[0, 1, 3] < 30
    assert turned_out[0, 4, 3] > 220


def test_mean_and_deviation_are_exact(home: Home, tmp_path: Path) -> None:
    info = import_dataset(home, "small", samples.write_folder(tmp_path / "b", samples.idx_files()))
    pixels = samples.random_pixels(20, 6, 6) / 255
    assert info.mean[0] == pytest.approx(pixels.mean(), rel=1e-12)
    assert info.std[0] == pytest.approx(pixels.std(), rel=1e-12)


def test_a_constant_channel_has_a_deviation_that_divides() -> None:
    assert moments(np.zeros((3, 1, 4, 4), dtype=np.uint8)) == ((0.0,), (1.0,))


def test_progress_is_told_up_to_the_last_image(home: Home, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    path = samples.write_folder(tmp_path / "b", samples.class_folders())
    import_dataset(home, "pets", path, progress=lambda *news: told.append(news))
    decoding = [news for news in told if news[0] == "decoding images"]
    assert decoding[-1][1:] == (8, 8)
    assert all(a[1] <= b[1] for a, b in itertools.pairwise(decoding))


# The real sets


def test_real_mnist_imports_from_its_folder(home: Home, real_data: Path) -> None:
    info = import_dataset(home, "mnist", real_data / "mnist")
    assert (info.train_images, info.test_images, info.shape) == (60_000, 10_000, (1, 28, 28))
    assert info.train_counts[1] == 6742
    measured = moments(library.require(home, "mnist").train_images)
    assert measured[0] == pytest.approx(info.mean, abs=5e-5)
    assert measured[1] == pytest.approx(info.std, abs=5e-5)


def test_real_cifar10_imports_from_its_archive_of_jpegs(home: Home, real_data: Path) -> None:
    info = import_dataset(home, "cifar10", real_data / "cifar10-images.tar.xz")
    assert (info.train_counts, info.test_counts) == ((5_000,) * 10, (1_000,) * 10)
    assert info.classes[0] == "airplane"
    measured = moments(library.require(home, "cifar10").train_images)
    assert measured[0] == pytest.approx(info.mean, abs=2e-3)  # JPEG has changed them a little


def test_the_shipped_digits_unpack_at_their_first_use(home: Home) -> None:
    assert not store.dataset_path(home, "mnist-5k").exists()
    info = library.info(home, "mnist-5k")
    assert (info.train_counts, info.test_counts) == ((400,) * 10, (100,) * 10)
    measured = moments(library.require(home, "mnist-5k").train_images)
    assert measured[0] == pytest.approx(info.mean, abs=5e-5)
    assert measured[1] == pytest.approx(info.std, abs=5e-5)
