"""Small files that would become large ones, and files that would run code, are refused in time."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile.damage import Wanted, jpeg_header, png_header
from PIL import Image

from cnnlab.config.models.pretrained import ResNet
from cnnlab.data import image_decoding, library, sources
from cnnlab.data.image_decoding import Broken, Decoded, Larger, decode
from cnnlab.data.importing import import_dataset
from cnnlab.errors import CheckpointError, DataError
from cnnlab.home import Home
from cnnlab.models.build import build_model
from cnnlab.models.weights import load_weights
from cnnlab.training.checkpoints import load_checkpoint
from data import samples

ZEROS = bytes(1 << 20)


def many_zeros(write: Callable[[bytes], object], megabytes: int) -> None:
    for _ in range(megabytes):
        write(ZEROS)


def swollen_tar(path: Path) -> None:
    """Two gigabytes of zeros in two megabytes."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        member = tarfile.TarInfo("cat/0.png")
        member.size = 2 << 30
        file.write(member.tobuf())
        many_zeros(file.write, 1100)


def swollen_header(path: Path) -> None:
    """The name of a member that is two gigabytes long."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        member = tarfile.TarInfo("././@LongLink")
        member.type, member.size = tarfile.GNUTYPE_LONGNAME, 2 << 30
        file.write(member.tobuf(tarfile.GNU_FORMAT))
        many_zeros(file.write, 2)


def sparse_tar(path: Path) -> None:
    """A sparse member of a petabyte, without any bytes."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in samples.class_folders().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        member = tarfile.TarInfo("cat/8.png")
        member.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 50)}
        archive.addfile(member)


def swollen_zip(path: Path) -> None:
    """Members of two gigabytes, each in two megabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("cat/0.png", "dog/0.png"):
            with archive.open(name, "w", force_zip64=True) as file:
                many_zeros(file.write, 600)


@pytest.mark.parametrize("make", [swollen_tar, swollen_header, sparse_tar, swollen_zip])
def test_an_archive_that_swells_is_refused(
    home: Home, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "brought.archive"
    make(path)
    with pytest.raises(DataError, match=r"would unpack to more than 1\.1 GB"):
        import_dataset(home, "bomb", path)
    assert not list(home.datasets.iterdir())


def test_a_member_that_holds_more_than_it_states_is_not_unpacked_further(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "brought.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        # Without the time of day, whose bytes could be taken for the length.
        for name, content in (("cat/0.png", bytes(200 << 20)), ("dog/0.png", samples.png())):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    stated = struct.pack("<I", 200 << 20)
    assert path.read_bytes().count(stated) == 2
    path.write_bytes(path.read_bytes().replace(stated, struct.pack("<I", 100)))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="damaged"):
            import_dataset(home, "bomb", path)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_could_only_be_unpacked_whole_is_refused(
    home: Home, tmp_path: Path, kind: int
) -> None:
    path = tmp_path / "brought.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in samples.class_folders().items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match="packed in another way"):
        import_dataset(home, "bomb", path)


def test_a_sound_archive_that_packs_well_is_imported(home: Home, tmp_path: Path) -> None:
    files = {
        f"{label}/{number}.bmp": samples.encoded(Image.new("RGB", (200, 200), colour), "BMP")
        for label, colour in (("cat", "black"), ("dog", "white"))
        for number in range(10)
    }
    path = samples.write_tar(tmp_path / "plain.tar.xz", files, "w:xz")
    assert path.stat().st_size * sources._MOST_SWOLLEN < sum(map(len, files.values()))
    assert import_dataset(home, "plain", path).train_images == 16


@pytest.mark.parametrize(
    "content",
    [
        png_header(60_000, 60_000),
        png_header(2**31 - 1, 2**31 - 1),
        jpeg_header(samples.encoded(Image.new("RGB", (8, 8)), "JPEG"), 65_500, 65_500),
    ],
    ids=["png", "largest png", "jpeg"],
)
def test_an_image_that_claims_too_many_pixels_is_not_decoded(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(image_decoding, "_pixels", lambda *_: pytest.fail("it was decoded"))
    assert isinstance(decode(content, (8, 8)), Broken)


def test_after_the_first_image_none_with_more_pixels_is_decoded(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[tuple[int, int]] = []
    plain = image_decoding._pixels

    def noted(image: Image.Image, size: image_decoding.Size | None) -> np.ndarray:
        decoded.append(image.size)
        return plain(image, size)

    monkeypatch.setattr(image_decoding, "_pixels", noted)
    large = {f"cat/big{number}.png": samples.png(300, 300) for number in range(5)}
    path = samples.write_folder(tmp_path / "brought", {**samples.class_folders(), **large})
    with pytest.raises(DataError, match=r"cat/0\.png is 6x6, cat/big0\.png is 300x300"):
        import_dataset(home, "bomb", path)
    assert set(decoded) == {(6, 6)}


def test_a_larger_image_tells_its_size_and_a_smaller_one_is_decoded() -> None:
    content = samples.png(20, 30)
    assert decode(content, None, most=599) == Larger((20, 30))
    assert isinstance(decode(content, None, most=600), Decoded)


def test_a_file_that_an_interpreter_would_run_is_no_image() -> None:
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) (w) file\n"
    assert decode(program, (8, 8)) == Broken("of no image format that is known")


@pytest.mark.parametrize("name", ["system", "mkdir", "eval"])
def test_weights_that_want_to_run_code_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"model": Wanted(name)}, path)
    with pytest.raises(DataError, match=rf"hold more than tensors: (\w+\.)?{name};"):
        load_weights(build_model(ResNet(), (3, 32, 32), 2), ResNet(weights=str(path)))


def test_weights_that_were_packed_to_swell_are_refused(tmp_path: Path) -> None:
    sound, path = tmp_path / "sound.pt", tmp_path / "weights.pt"
    torch.save({"format": 1, "weight": torch.zeros(1 << 20)}, sound)
    with (
        zipfile.ZipFile(sound) as parts,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for part in parts.infolist():
            packed.writestr(part.filename, parts.read(part))
    assert torch.load(path, weights_only=True)["weight"].numel() == 1 << 20
    with pytest.raises(DataError, match="would unpack to more than the file holds"):
        load_weights(build_model(ResNet(), (3, 32, 32), 2), ResNet(weights=str(path)))
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


@pytest.mark.parametrize("name", ["system", "mkdir", "eval"])
def test_a_checkpoint_that_wants_to_run_code_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "last.pt"
    torch.save({"format": 1, "model": Wanted(name)}, path)
    with pytest.raises(CheckpointError, match=rf"holds the Python object (\w+\.)?{name}, "):
        load_checkpoint(path)


def test_an_array_out_of_any_address_is_refused_by_name(home: Home, tmp_path: Path) -> None:
    """Numpy itself would take eight bytes of the file for the address of an object."""
    assert np.ndarray((1,), "O", bytes(8)) is not None
    content = pickle.dumps({b"data": Wanted("array"), b"labels": [0]}, protocol=2)
    files = {**samples.cifar_files(), "cifar-10-batches-py/test_batch": content}
    with pytest.raises(DataError, match=r"it wants to load \w+\.bytearray"):
        import_dataset(home, "bomb", samples.write_folder(tmp_path / "brought", files))


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_every_protocol_come_out_as_numpy_reads_them(
    home: Home, tmp_path: Path, protocol: int, order: str
) -> None:
    pixels = np.asarray(samples.random_pixels(10, 3072), order=order)  # type: ignore[call-overload]
    content = pickle.dumps({b"data": pixels, b"labels": list(range(10))}, protocol)
    files = {**samples.cifar_files(), "cifar-10-batches-py/test_batch": content}
    import_dataset(home, "cifar", samples.write_folder(tmp_path / "brought", files))
    assert (library.require(home, "cifar").test_images.reshape(10, -1) == pixels).all()


def test_names_of_classes_that_are_no_text_are_refused(home: Home, tmp_path: Path) -> None:
    nested: list[object] = []
    for _ in range(60):  # written out, it would take more than there is memory in the world
        nested = [nested, nested]
    for names in ([nested] * 10, [b"\x1b[31m"] * 10):
        meta = pickle.dumps({b"label_names": names}, protocol=2)
        files = {**samples.cifar_files(), "cifar-10-batches-py/batches.meta": meta}
        with pytest.raises(DataError, match="names of classes that are no text"):
            import_dataset(home, "bomb", samples.write_folder(tmp_path / "brought", files))


def test_a_link_to_a_folder_above_is_passed_over(home: Home, tmp_path: Path) -> None:
    path = samples.write_folder(tmp_path / "in" / "brought", samples.class_folders())
    (path / "cat" / "everything").symlink_to("/")
    (path / "dog" / "above").symlink_to(tmp_path)
    assert sources.open_source(path).files == sorted(samples.class_folders())
    assert import_dataset(home, "linked", path).train_images == 6
