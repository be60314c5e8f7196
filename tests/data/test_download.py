"""Downloading through torchvision, from a real server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from cnnlab.data import library
from cnnlab.data.download import download_dataset
from cnnlab.data.importing import import_dataset
from cnnlab.errors import ConfigError, DataError
from cnnlab.home import Home
from data import samples


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: object) -> None:
        """Keeps the requests to itself."""


def dark_pixels() -> np.ndarray:
    """A hundred images as bright on average as those of Fashion-MNIST."""
    return (samples.random_pixels(100, 28, 28) * (0.2860 / 0.4980)).astype(np.uint8)


@pytest.fixture(scope="module")
def fashion() -> samples.Files:
    """The four files of a set with as many images as Fashion-MNIST, quick to make."""

    def images(count: int) -> bytes:
        return samples.idx(np.tile(dark_pixels(), (count // 100, 1, 1)))

    def labels(count: int) -> bytes:
        return samples.idx(np.arange(count) % 10)

    plain = {
        "train-images-idx3-ubyte": images(60_000),
        "train-labels-idx1-ubyte": labels(60_000),
        "t10k-images-idx3-ubyte": images(10_000),
        "t10k-labels-idx1-ubyte": labels(10_000),
    }
    return {f"{name}.gz": gzip.compress(content, 1) for name, content in plain.items()}


@pytest.fixture
def mirror(
    fashion: samples.Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A mirror that torchvision is told to use, with the checksums of its files."""
    folder = samples.write_folder(tmp_path / "mirror", fashion)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in fashion.items()]
    monkeypatch.setattr(datasets.FashionMNIST, "resources", sums)
    monkeypatch.setenv("no_proxy", "*")
    address = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [address])
    yield folder
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("mirror")
def test_a_known_set_downloads_and_only_its_compact_file_stays(home: Home) -> None:
    info = download_dataset(home, "fashion-mnist")
    assert (info.train_images, info.classes[9]) == (60_000, "Ankle boot")
    dataset = library.require(home, "fashion-mnist")
    assert np.array_equal(dataset.train_images[:100, 0], dark_pixels())
    assert not (home.downloads / "fashion-mnist").exists()


def test_a_set_of_the_same_size_cannot_take_its_name(
    home: Home, tmp_path: Path, fashion: samples.Files
) -> None:
    folder = samples.write_folder(tmp_path / "digits", fashion)
    with pytest.raises(DataError, match=r"not the images of mnist: their mean is 0\.28"):
        import_dataset(home, "mnist", folder)
    assert library.present(home) == []


def test_a_file_with_another_checksum_is_refused(home: Home, mirror: Path) -> None:
    with (mirror / "train-images-idx3-ubyte.gz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match="cannot be downloaded"):
        download_dataset(home, "fashion-mnist")
    assert library.present(home) == []
    assert not (home.downloads / "fashion-mnist").exists()


def test_without_a_network_the_files_to_bring_are_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as deaf:  # the port is taken, so that nobody else answers there
        deaf.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        monkeypatch.setattr(datasets.MNIST, "mirrors", [closed])
        monkeypatch.setattr(datasets.CIFAR10, "url", closed + "cifar-10-python.tar.gz")
        for name, file in (("mnist", "train-images-idx3-ubyte.gz"), ("cifar10", "cifar-10-python")):
            with pytest.raises(DataError) as caught:
                download_dataset(home, name)
            assert f"cnnlab data import {name} PATH" in caught.value.hint
            assert file in caught.value.hint
            assert "\n" not in caught.value.message
    assert library.present(home) == []


def test_names_that_cannot_be_downloaded_are_told_why(home: Home) -> None:
    with pytest.raises(ConfigError, match="Unknown data set 'cifar'"):
        download_dataset(home, "cifar")
    with pytest.raises(ConfigError, match="shipped"):
        download_dataset(home, "mnist-5k")
