"""What a user does with a file from outside, by the same functions as the commands."""

from __future__ import annotations

import functools
import gzip
import io
import json
import os
import pickle
import random
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from history.samples import add_run, life, record
from hostile import damage
from interchange.archives import add_whole_run, rewrite, write
from PIL import Image
from rich.console import Console
from safetensors.torch import save as save_safetensors

from cnnlab.cli.report import CurveOptions, print_run
from cnnlab.cli.safe_console import SafeConsole
from cnnlab.cli.tables import runs_table
from cnnlab.config import presets
from cnnlab.config.models.pretrained import ResNet
from cnnlab.data import library, store
from cnnlab.data.importing import import_dataset
from cnnlab.export.formats import export_format
from cnnlab.export.job import ExportJob
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.queries import Reader
from cnnlab.home import Home, shipped
from cnnlab.interchange.readers import ImportOptions, import_runs
from cnnlab.models.build import build_model
from cnnlab.models.weights import load_weights
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.fitting import require_fit
from cnnlab.tui.settings import Settings, load_settings
from data import samples

Bring = Callable[[random.Random, Path], Path]
"""Makes a hostile file or folder below a fresh folder."""

Use = Callable[[Home, Path], object]
"""What a user does with it; `Home` is one that holds earlier work."""


@dataclass(frozen=True)
class Attempt:
    """A kind of file, as it is brought and as it is used."""

    bring: Bring
    use: Use


def _file(name: str, content: Callable[[random.Random], bytes]) -> Bring:
    def bring(chance: random.Random, folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content(chance))
        return path

    return bring


def _folder(files: Callable[[random.Random], samples.Files]) -> Bring:
    return lambda chance, folder: samples.write_folder(folder / "brought", files(chance))


def _hurt(content: bytes) -> Callable[[random.Random], bytes]:
    return lambda chance: damage.damaged(content, chance)


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


# Presets and settings


def _preset(chance: random.Random) -> bytes:
    path = chance.choice(sorted(shipped("presets").rglob("*.toml")))
    return damage.damaged_text(path.read_bytes(), chance)


def _use_preset(home: Home, path: Path) -> None:
    for preset in presets.load_all(home, str(path)):
        images = library.described(home, preset.config.data.name)
        require_fit(preset.config, images.shape, len(images.classes))


def _bring_own_preset(chance: random.Random, folder: Path) -> Path:
    own = folder / "home" / "presets"
    own.mkdir(parents=True)
    (own / "mine.toml").write_bytes(_preset(chance))
    (own / "other.toml").write_text("extends = 'mine'\n")
    return own.parent


def _use_own_preset(_: Home, root: Path) -> None:
    home = Home(root)
    presets.names(home)
    presets.load(home, "other")


def _settings(chance: random.Random) -> bytes:
    return damage.damaged_text(Settings().model_dump_json(indent=1).encode(), chance)


# Data sets


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


class Wanted:
    """A pickle that has a function called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[object, ...]:
        call = {"system": os.system, "mkdir": os.mkdir, "array": np.ndarray, "eval": eval}[
            self.name
        ]
        return call, ("evil",) if self.name != "array" else ((1,), "O", bytearray(8))


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
    return _file("small.safetensors", lambda _: damage.damaged(_stored(), chance))(chance, folder)


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


# Checkpoints and weights


@functools.cache
def _network() -> torch.nn.Module:
    return build_model(ResNet(), (1, 32, 32), 2)


@functools.cache
def _tensors() -> dict[str, torch.Tensor]:
    return {"features.0.weight": torch.zeros(2, 2), "classifier.6.bias": torch.zeros(4)}


@functools.cache
def _checkpoint(old: bool = False) -> bytes:
    buffer = io.BytesIO()
    state = {"format": 1, "model": _tensors(), "epoch": 3, "numbers": [1.5, "text", None]}
    torch.save(state, buffer, _use_new_zipfile_serialization=not old)
    return buffer.getvalue()


def _saved(chance: random.Random) -> bytes:
    if chance.random() < 0.15:
        buffer = io.BytesIO()
        torch.save({"model": Wanted(chance.choice(("system", "mkdir", "eval")))}, buffer)
        return buffer.getvalue()
    return damage.damaged(_checkpoint(chance.random() < 0.3), chance)


def _use_weights(_: Home, path: Path) -> None:
    load_weights(_network(), ResNet(weights=str(path)))


# The history


@functools.cache
def _history() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        for number in range(3):
            add_run(
                home,
                f"run{number}",
                config=presets.load(home, "quickstart").config.model_dump(mode="json"),
                preset="quickstart",
                tags=("good",),
                note="a note",
                versions={"torch": "2.11"},
                git={"commit": "0" * 40, "branch": "main", "modified": False},
            )
            record(home, f"run{number}", *life())
        with closing(sqlite3.connect(home.history)) as connection:
            connection.execute("pragma journal_mode = delete")
        return home.history.read_bytes()


def _bring_history(chance: random.Random, folder: Path) -> Path:
    """A home with a history of damaged pages, or of sound pages with values that cannot be."""
    root = folder / "home"
    root.mkdir()
    path = root / "history.db"
    if chance.random() < 0.5:
        path.write_bytes(damage.damaged(_history(), chance))
        return root
    path.write_bytes(_history())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("pragma ignore_check_constraints = on")
        tables = [row[0] for row in connection.execute(
            "select name from sqlite_master where type = 'table' and substr(name, 1, 1) != '_'"
        )]  # fmt: skip
        for _ in range(chance.randint(1, 3)):
            table = chance.choice(tables)
            columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
            values: Sequence[Any] = (
                *damage.NUMBERS[:9], *damage.WORDS, float("inf"), -1.5, b"\xff\x00",
                '["a"]', '{"a":1}',
            )  # fmt: skip
            # Some values not even a damaged table takes.
            with suppress(sqlite3.Error, OverflowError):
                connection.execute(
                    f"update {table} set {chance.choice(columns)} = ?", [chance.choice(values)]
                )
    return root


# Archives of runs


@functools.cache
def _archived() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        add_whole_run(home, "aaaa0001", tags=("good",), note="a note")
        write(home, Path(folder) / "x.zip", "aaaa0001")
        return (Path(folder) / "x.zip").read_bytes()


def _bring_archive(chance: random.Random, folder: Path) -> Path:
    """A damaged archive, or one whose rows were changed by somebody who knows of checksums."""
    path = folder / "brought.cnnlab.zip"
    if chance.random() < 0.4:
        path.write_bytes(damage.damaged(_archived(), chance))
        return path
    path.write_bytes(_archived())

    def hurt(name: str, content: bytes) -> bytes:
        if name.endswith(".pt") or chance.random() < 0.5:
            return content
        if name == "manifest.json" or chance.random() < 0.3:
            return damage.damaged_text(content, chance) if name != "manifest.json" else content
        return _other_value(content, chance)

    rewrite(path, hurt)
    return path


def _other_value(content: bytes, chance: random.Random) -> bytes:
    """Lines of rows with values that cannot be."""
    lines = content.splitlines()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        with suppress(ValueError):
            row = json.loads(lines[at])
            values = row["columns"] if isinstance(row, dict) else row
            values[chance.randrange(len(values))] = chance.choice(
                (*damage.NUMBERS[:9], *damage.WORDS, float("inf"), -1.5, None, True, [], {})
            )
            lines[at] = json.dumps(row).encode()
    return b"\n".join(lines) + b"\n"


def _use_archive(_: Home, path: Path) -> None:
    place = Home(path.parent / "another home")
    import_runs(place, [path], ImportOptions())
    _use_history(place, place.root)


def console() -> Console:
    """A console that keeps nothing."""
    return SafeConsole(file=io.StringIO(), force_terminal=True, width=100)


def _use_history(_: Home, root: Path) -> None:
    with Reader(Home(root)) as reader:
        runs = reader.runs()
        console().print(runs_table(runs, 120))
        reader.resolve("latest")
        reader.tags()
        for run in runs:
            print_run(console(), reader, run, curves=CurveOptions())
            json.dumps(runs_as_json(reader, [run]))
    for form in ("csv", "jsonl", "parquet"):
        job = ExportJob(Home(root), tuple(run.id for run in runs))
        export_format(form).load()(job, root / f"runs.{form}")


ATTEMPTS: dict[str, Attempt] = {
    "preset": Attempt(_file("brought.toml", _preset), _use_preset),
    "own preset": Attempt(_bring_own_preset, _use_own_preset),
    "settings": Attempt(
        _file("settings.json", _settings), lambda _, path: load_settings(Home(path.parent))
    ),
    "idx": Attempt(_folder(_one_hurt(samples.idx_files())), _import),
    "idx.gz": Attempt(_folder(_one_hurt_inside(samples.idx_files(zipped=True))), _import),
    "CIFAR": Attempt(_folder(_cifar), _import),
    "image": Attempt(_folder(_image_folder), _import_resized),
    "archive": Attempt(_file("brought.any", _archive), _import),
    "stored data set": Attempt(_bring_stored, _use_stored),
    "checkpoint": Attempt(_file("last.pt", _saved), lambda _, path: load_checkpoint(path)),
    "weights": Attempt(_file("weights.pt", _saved), _use_weights),
    "safetensors": Attempt(
        _file(
            "weights.safetensors",
            lambda chance: damage.damaged(save_safetensors(_tensors()), chance),
        ),
        _use_weights,
    ),
    "history": Attempt(_bring_history, _use_history),
    "archive of runs": Attempt(_bring_archive, _use_archive),
}
