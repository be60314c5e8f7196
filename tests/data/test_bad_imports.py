"""Bad files are one sentence with what to do; nothing is half-written, nothing earlier is lost."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.data import library, store
from cnnlab.data.importing import import_dataset
from cnnlab.errors import CnnlabError, ConfigError, DataError, StorageError
from cnnlab.home import Home
from data import samples

Bring = Callable[[Path], Path]


def folder(files: samples.Files) -> Bring:
    return lambda root: samples.write_folder(root / "brought", files)


def changed(files: samples.Files, **changes: bytes | None) -> samples.Files:
    """Files with some replaced, or left out where the new content is None."""
    merged = {**files, **changes}
    return {name: content for name, content in merged.items() if content is not None}


def truncated_archive(mode: str) -> Bring:
    def bring(root: Path) -> Path:
        path = samples.write_tar(root / "brought.tar", samples.class_folders(count=20), mode)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    return bring


def truncated_zip(root: Path) -> Path:
    path = samples.write_zip(root / "brought.zip", samples.class_folders())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def flipped_zip(root: Path) -> Path:
    path = samples.write_zip(root / "brought.zip", samples.class_folders())
    content = bytearray(path.read_bytes())
    content[60] ^= 255  # in the middle of the first image
    path.write_bytes(content)
    return path


def tar_with(member: tarfile.TarInfo) -> Bring:
    def bring(root: Path) -> Path:
        path = samples.write_tar(root / "brought.tar", samples.class_folders())
        with tarfile.open(path, "a") as archive:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
        return path

    return bring


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def outside(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = 1
    return member


def empty_class(root: Path) -> Path:
    path = samples.write_folder(root / "brought", samples.class_folders("train"))
    (path / "train" / "bird").mkdir()
    return path


class Wicked:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("wicked"),)


IDX = samples.idx_files()
CIFAR = samples.cifar_files()
FOLDERS = samples.class_folders()
TRAIN, TEST = samples.class_folders("train"), samples.class_folders("test")

BAD: dict[str, tuple[Bring, str]] = {
    "nothing there": (lambda root: root / "nowhere", "nothing at"),
    "an empty folder": (folder({"README.md": b""}), "no images in it"),
    "no archive": (
        lambda root: samples.write_folder(root, {"a.zip": b"PK no"}) / "a.zip",
        "neither a folder nor",
    ),
    "truncated tar": (truncated_archive("w"), "damaged or cut short"),
    "truncated tar.gz": (truncated_archive("w:gz"), "cut short"),
    "truncated tar.xz": (truncated_archive("w:xz"), "cut short"),
    "truncated zip": (truncated_zip, "neither a folder nor"),
    "flipped zip": (flipped_zip, "damaged"),
    "zip outside": (
        lambda root: samples.write_zip(root / "b.zip", {**FOLDERS, "../../evil.png": b"x"}),
        "points outside",
    ),
    "zip absolute": (
        lambda root: samples.write_zip(root / "b.zip", {**FOLDERS, "/tmp/evil.png": b"x"}),
        "points outside",
    ),
    "tar outside": (tar_with(outside("../evil.png")), "points outside"),
    "tar absolute": (tar_with(outside("/evil.png")), "points outside"),
    "tar with a link": (tar_with(link("cat/link.png", "/etc/passwd")), "a link or a device"),
    "broken image": (folder({**FOLDERS, "cat/9.png": b"no image"}), "cat/9.png"),
    "truncated image": (folder({**FOLDERS, "cat/9.png": samples.png(64, 64)[:200]}), "cat/9.png"),
    "two broken images": (
        folder({**FOLDERS, "cat/8.png": b"x", "cat/9.png": b"x"}),
        "and 1 more cannot be decoded",
    ),
    "too many pixels": (
        folder({**FOLDERS, "cat/9.png": samples.encoded(Image.new("1", (30_000, 30_000)), "PNG")}),
        "cat/9.png",
    ),
    "different sizes": (folder({**FOLDERS, "cat/9.png": samples.png(5, 7)}), "--size"),
    "empty class folder": (empty_class, "class folder train/bird holds no images"),
    "different classes": (
        folder({**TRAIN, **TEST, "test/bird/0.png": samples.png()}),
        "'bird' is in test but not in train",
    ),
    "one class": (
        folder({"cat/0.png": samples.png(), "cat/1.png": samples.png()}),
        "only one class",
    ),
    "no class folders": (
        folder({"0.png": samples.png(), "1.png": samples.png()}),
        "in no class folder",
    ),
    "no training part": (folder(TEST), "no training part"),
    "a single image": (
        folder({"cat/0.png": samples.png(), "dog/0.png": samples.png()}),
        "single image",
    ),
    "control characters": (
        folder({f"{label}/{i}.png": samples.png() for label in ("a\x1b[31m", "b") for i in "01"}),
        "control characters",
    ),
    "idx file missing": (
        folder(changed(IDX, **{"t10k-labels-idx1-ubyte": None})),
        "test labels is missing",
    ),
    "idx with wrong magic": (
        folder(changed(IDX, **{"train-images-idx3-ubyte": b"\x01\x02\x03\x04rest"})),
        "not an idx file",
    ),
    "idx truncated": (
        folder(changed(IDX, **{"train-images-idx3-ubyte": IDX["train-images-idx3-ubyte"][:100]})),
        "cut short: 84 of 720 bytes",
    ),
    "idx too long": (
        folder(changed(IDX, **{"train-labels-idx1-ubyte": IDX["train-labels-idx1-ubyte"] + b"x"})),
        "longer than its header",
    ),
    "idx that claims too much": (
        folder(changed(IDX, **{"train-images-idx3-ubyte": b"\0\0\x08\x03" + b"\xff" * 12})),
        "would take 79,228",
    ),
    "idx labels of the wrong length": (
        folder(changed(IDX, **{"train-labels-idx1-ubyte": samples.idx(np.zeros(7))})),
        "7 labels for 20 images",
    ),
    "idx gz truncated": (
        folder({n: c[:40] for n, c in samples.idx_files(zipped=True).items()}),
        "cut short",
    ),
    "idx with one class": (
        folder(
            changed(
                IDX,
                **{
                    "train-labels-idx1-ubyte": samples.idx(np.zeros(20)),
                    "t10k-labels-idx1-ubyte": samples.idx(np.zeros(10)),
                },
            )
        ),
        "only one class",
    ),
    "idx with a class that is never trained": (
        folder(changed(IDX, **{"t10k-labels-idx1-ubyte": samples.idx(np.full(10, 9))})),
        "has no training images",
    ),
    "CIFAR batch missing": (
        folder(changed(CIFAR, **{"cifar-10-batches-py/data_batch_3": None})),
        "data_batch_3",
    ),
    "CIFAR batch truncated": (
        folder(
            changed(
                CIFAR,
                **{"cifar-10-batches-py/test_batch": CIFAR["cifar-10-batches-py/test_batch"][:500]},
            )
        ),
        "test_batch",
    ),
    "CIFAR batch of something else": (
        folder(changed(CIFAR, **{"cifar-10-batches-py/test_batch": pickle.dumps([1, 2])})),
        "not a CIFAR batch",
    ),
    "CIFAR batch that would run code": (
        folder(
            changed(CIFAR, **{"cifar-10-batches-py/test_batch": pickle.dumps({b"data": Wicked()})})
        ),
        "it wants to load",
    ),
}


@pytest.fixture
def earlier(home: Home, tmp_path: Path) -> bytes:
    """The bytes of a data set `small` that is there before."""
    path = samples.write_folder(tmp_path / "earlier", samples.idx_files())
    import_dataset(home, "small", path)
    return store.dataset_path(home, "small").read_bytes()


@pytest.mark.parametrize(("bring", "words"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_and_what_was_there_stays(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    earlier: bytes,
    bring: Bring,
    words: str,
) -> None:
    here = tmp_path / "some" / "where"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    with pytest.raises(DataError) as caught:
        import_dataset(home, "small", bring(tmp_path), replace=True)
    assert words in str(caught.value)
    assert "\n" not in caught.value.message
    assert [path.name for path in home.datasets.iterdir()] == ["small.safetensors"]
    assert store.dataset_path(home, "small").read_bytes() == earlier
    # Two folders above this one are the test's own still; what other tests leave is their affair.
    assert not list(tmp_path.rglob("evil*"))
    assert not (here / "wicked").exists()


def test_a_part_of_a_known_set_cannot_take_its_name(home: Home, tmp_path: Path) -> None:
    files = samples.idx_files(side=28)
    ten = {
        name: samples.idx(np.arange(30 if "train" in name else 10) % 10)
        if "labels" in name
        else samples.idx(samples.random_pixels(30 if "train" in name else 10, 28, 28))
        for name in files
    }
    with pytest.raises(DataError, match="60,000 training images, this has 30"):
        import_dataset(home, "mnist", samples.write_folder(tmp_path / "b", ten))


@pytest.mark.parametrize(
    ("files", "words"),
    [(IDX, "not the 10 classes"), (FOLDERS, "not the 10 classes")],
    ids=["idx", "folders"],
)
def test_other_images_cannot_take_a_known_name(
    home: Home, tmp_path: Path, files: samples.Files, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        import_dataset(home, "mnist", samples.write_folder(tmp_path / "b", files))


@pytest.mark.parametrize("name", ["My Set", "../evil", "", "a/b", "-x", "x" * 65, "a\x1b"])
def test_a_name_that_could_not_be_a_file_is_refused(home: Home, tmp_path: Path, name: str) -> None:
    path = samples.write_folder(tmp_path / "b", IDX)
    with pytest.raises(ConfigError, match="cannot be the name"):
        import_dataset(home, name, path)


def test_an_earlier_set_is_replaced_only_on_demand(
    home: Home, tmp_path: Path, earlier: bytes
) -> None:
    path = samples.write_folder(tmp_path / "b", samples.idx_files(train=30))
    with pytest.raises(ConfigError, match="already"):
        import_dataset(home, "small", path)
    assert store.dataset_path(home, "small").read_bytes() == earlier
    assert import_dataset(home, "small", path, replace=True).train_images == 30


def test_a_full_disk_leaves_the_earlier_set_whole(tiny_disk: Path, tmp_path: Path) -> None:
    home = Home(tiny_disk)
    import_dataset(home, "small", samples.write_folder(tmp_path / "a", samples.idx_files()))
    before = store.dataset_path(home, "small").read_bytes()
    large = samples.write_folder(tmp_path / "b", samples.idx_files(train=400, side=64))
    with pytest.raises(StorageError, match="disk is full"):
        import_dataset(home, "small", large, replace=True)
    assert [path.name for path in home.datasets.iterdir()] == ["small.safetensors"]
    assert store.dataset_path(home, "small").read_bytes() == before


@pytest.mark.parametrize("damage", ["truncated", "flipped header", "empty", "not ours"])
def test_a_damaged_file_of_ours_is_named_with_the_way_out(home: Home, damage: str) -> None:
    library.require(home, "mnist-5k")
    path = store.dataset_path(home, "mnist-5k")
    content = path.read_bytes()
    path.write_bytes(
        {
            "truncated": content[: len(content) // 2],
            "flipped header": content[:20] + b"\xff" + content[21:],
            "empty": b"",
            "not ours": b"something else entirely" * 10,
        }[damage]
    )
    with pytest.raises(DataError, match="cnnlab data remove mnist-5k"):
        library.require(home, "mnist-5k")


def test_labels_that_do_not_match_the_header_are_damage(home: Home) -> None:
    dataset = library.require(home, "mnist-5k")
    dataset.train_labels[:] = 0
    store.write(home, dataset)
    with pytest.raises(DataError, match="damaged"):
        library.require(home, "mnist-5k")


def test_an_unknown_set_names_the_nearest(home: Home) -> None:
    with pytest.raises(CnnlabError) as caught:
        library.require(home, "cifar-10")
    assert caught.value.exit_code == 2
    assert "'cifar10'" in caught.value.hint
