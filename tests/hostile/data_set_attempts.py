"""Data sets from outside: raw files, folders, images, archives, and stored ones."""

from __future__ import annotations

import functools
import gzip
import io
import pickle
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hostile import damage
from hostile.bringing import Attempt, Bring, file_of
from hostile.damage import Wanted
from PIL import Image

from cnnlab.data import store
from cnnlab.data.importing import import_dataset
from cnnlab.home import Home
from data import samples


def _folder(files: Callable[[random.Random], samples.Files]) -> Bring:
    return lambda chance, folder: samples.write_folder(folder / "brought", files(chance))


def _one_hurt(files: samples.Files) -> Callable[[random.Random], samples.Files]:
    def hurt(chance: random.Random) -> samples.Files:
        name = chance.choice(sorted(files))
        return {**files, name: damage.damaged(files[name], chance)}

    return hurt


def _one_hurt_inside(files: samples.Files) -> Callable[[random.Random], samples.Files]:
    """As `_one_hurt`, and half of the time what is packed, so that its checksum is right."""

    def hurt(chance: random.Random) -> samples.Files:
        if chance.random() < 0.5:
            return _one_hurt(files)(chance)
        name = chance.choice(sorted(files))
        content = damage.damaged(gzip.decompress(files[name]), chance)
        return {**files, name: gzip.compress(content)}

    return hurt


def _import(home: Home, path: Path) -> None:
    import_dataset(home, "small", path, replace=True)


def _import_resized(home: Home, path: Path) -> None:
    import_dataset(home, "small", path, size=(8, 8), replace=True)


@functools.cache
def _images() -> tuple[bytes, ...]:
    colour = Image.fromarray(samples.random_pixels(16, 16, 3))
    kinds = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "TGA", "ICO", "PCX", "SGI", "DDS")
    modes = [colour.convert(mode) for mode in ("L", "LA", "1", "I;16", "RGBA", "P")]
    return (
        *(samples.encoded(colour, kind) for kind in kinds),
        *(samples.encoded(image, "PNG") for image in modes),
        samples.encoded(colour, "TIFF", compression="tiff_lzw"),
    )


def _image(chance: random.Random) -> bytes:
    if chance.random() < 0.8:
        return damage.damaged(chance.choice(_images()), chance)
    width, height = (chance.choice((0, 1, 16, 5_000, 60_000, 2**31 - 1)) for _ in "wh")
    if chance.random() < 0.5:
        depth, colour = chance.choice(((8, 2), (16, 6), (1, 0), (8, 3)))
        return damage.png_header(width, height, depth=depth, colour=colour)
    return damage.jpeg_header(_images()[1], width % 65536, height % 65536)


def _image_folder(chance: random.Random) -> samples.Files:
    return {**samples.class_folders(), "cat/9.png": _image(chance)}


def _tar(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in samples.class_folders().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in samples.class_folders().items():
            archive.writestr(name, content)
    return buffer.getvalue()


@functools.cache
def _archives() -> tuple[bytes, ...]:
    return (_zip(), _zip(), *(_tar(mode) for mode in ("w", "w:gz", "w:bz2", "w:xz")))


def _archive(chance: random.Random) -> bytes:
    kind, image = chance.random(), samples.png()
    if kind < 0.25:
        return damage.hostile_zip(chance, image)
    if kind < 0.5:
        return damage.hostile_tar(chance, image)
    content = chance.choice(_archives())
    if content[:2] == b"\x1f\x8b" and chance.random() < 0.7:  # within what is packed
        return gzip.compress(damage.damaged(gzip.decompress(content), chance))
    return damage.damaged(content, chance)


def _cifar(chance: random.Random) -> samples.Files:
    files = dict(samples.cifar_files())
    if chance.random() < 0.7:
        return _one_hurt(files)(chance)
    values: Sequence[Any] = (
        Wanted(chance.choice(("system", "mkdir", "array", "eval"))), np.zeros((10, 3072)),
        np.zeros((10, 3072), dtype=object), [[]] * 10, {}, None, 10**30,
        np.zeros((0, 3072), np.uint8),
    )  # fmt: skip
    key = chance.choice((b"data", b"labels", b"label_names"))
    content = {
        b"data": samples.random_pixels(10, 3072),
        b"labels": list(range(10)),
        key: chance.choice(values),
    }
    name = chance.choice(sorted(files))
    return {**files, name: pickle.dumps(content, chance.choice((0, 1, 2, 4)))}


def _bring_stored(chance: random.Random, folder: Path) -> Path:
    return file_of("small.safetensors", lambda _: damage.damaged(_stored(), chance))(chance, folder)


@functools.cache
def _stored() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        files = samples.write_folder(Path(folder) / "idx", samples.idx_files())
        import_dataset(home, "small", files)
        return store.dataset_path(home, "small").read_bytes()


def _use_stored(_: Home, path: Path) -> None:
    store.read_info(path)
    store.pick(path, "test", [0, 3])
    store.read_labels(path, "train")
    store.load(path)


DATA_SETS: dict[str, Attempt] = {
    "idx": Attempt(_folder(_one_hurt(samples.idx_files())), _import),
    "idx.gz": Attempt(_folder(_one_hurt_inside(samples.idx_files(zipped=True))), _import),
    "CIFAR": Attempt(_folder(_cifar), _import),
    "image": Attempt(_folder(_image_folder), _import_resized),
    "archive": Attempt(file_of("brought.any", _archive), _import),
    "stored data set": Attempt(_bring_stored, _use_stored),
}
