"""Event files, as TensorBoard reads and writes them: scalars, texts and hyperparameters in records.

A record is a length, its checksum, a serialised `Event` and its checksum; TensorBoard's own classes
make and parse them. Neither torch nor TensorFlow is needed, and neither is imported: TensorFlow,
where it is installed, takes seconds and prints lines of its own.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol, Self

from cnnlab.errors import missing_extra

MARK = "tfevents"
"""Part of the name of every event file; TensorBoard takes no other file for one."""

_OWN = ".cnnlab"
"""The ending of the files that are written here."""

_VERSION = "brain.Event:2"
_LONGEST_CHECKED = 2**16
"""Bytes; a longer record holds pictures, and to check it in Python would take long."""


def require_tensorboard(what: str) -> None:
    """Checks that the extra is installed.

    Raises:
        ConfigError: it is not; `what` needs it.
    """
    if find_spec("tensorboard") is None:
        raise missing_extra(what, "tensorboard")


class EventWriter:
    """Writes a new event file into a folder, which is made if it is not there.

    Several files in one folder are one run to TensorBoard; it reads them in the order of their
    names, which begin with the time they were made.

    Raises:
        ConfigError: the extra is not installed.
        OSError: the file cannot be made, or later not written.
    """

    def __init__(self, folder: Path) -> None:
        require_tensorboard("Writing TensorBoard files")
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._records = RecordWriter(_new_file(folder))
        self._write(time.time(), file_version=_VERSION)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def scalars(
        self, values: Mapping[str, float | None], step: int, wall_time: float | None = None
    ) -> None:
        """Writes values of one step by their tags, in one record; those that are None are left out.

        They are kept as 32-bit floats, as every reader expects them.

        Args:
            wall_time: seconds since 1970; now, if it is None.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary

        kept = [
            Summary.Value(tag=tag, simple_value=value)
            for tag, value in values.items()
            if value is not None
        ]
        if kept:
            self._write(wall_time, step=step, summary=Summary(value=kept))

    def text(self, tag: str, markdown: str, wall_time: float | None = None) -> None:
        """Writes a text in Markdown."""
        from tensorboard.compat.proto import summary_pb2 as proto
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.compat.proto.types_pb2 import DT_STRING

        tensor = TensorProto(
            dtype=DT_STRING,
            string_val=[markdown.encode("utf-8", "replace")],
            tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
        )
        plugin = proto.SummaryMetadata(
            plugin_data=proto.SummaryMetadata.PluginData(plugin_name="text")
        )
        value = proto.Summary.Value(tag=tag, metadata=plugin, tensor=tensor)
        self._write(wall_time, summary=proto.Summary(value=[value]))

    def hyperparameters(
        self, values: Mapping[str, float | str | bool], trial: str, wall_time: float | None = None
    ) -> None:
        """Writes what TensorBoard's HPARAMS page compares runs by."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        began = time.time() if wall_time is None else wall_time
        summary = hparams_pb(dict(values), trial_id=trial, start_time_secs=began)
        self._write(wall_time, summary=summary)

    def restart(self, step: int, wall_time: float | None = None) -> None:
        """Tells readers to forget what earlier files of the folder say of this step and later."""
        from tensorboard.compat.proto.event_pb2 import SessionLog

        self._write(wall_time, step=step, session_log=SessionLog(status=SessionLog.START))

    def _write(self, wall_time: float | None, **parts: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        when = time.time() if wall_time is None else wall_time
        self._records.write(Event(wall_time=when, **parts).SerializeToString())

    def flush(self) -> None:
        """Hands what was written to the file system, where TensorBoard sees it."""
        self._records.flush()

    def close(self) -> None:
        """Flushes and closes the file."""
        self._records.close()


def _new_file(folder: Path) -> IO[bytes]:
    """A file whose name sorts behind those that were made before it."""
    host = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in socket.gethostname())
    stem = f"events.out.{MARK}.{int(time.time()):010d}.{host}.{os.getpid()}"
    number = 0
    while True:
        try:
            return (folder / f"{stem}.{number}{_OWN}").open("xb")
        except FileExistsError:
            number += 1


class Message(Protocol):
    """An `Event` as it is read; protobuf makes its classes when it is imported."""

    wall_time: float
    step: int
    summary: Any
    session_log: Any

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's own
        """Whether a part is there."""


class Damaged(Exception):  # noqa: N818 - it says what was found
    """A file of events that ends in the middle of a record, or was changed."""


def is_event_file(path: Path) -> bool:
    """Whether a file begins like one of events, whatever its name; needs no extra."""
    try:
        with path.open("rb") as file:
            return b"brain.Event:" in file.read(64)
    except OSError:
        return False


def is_own(path: Path) -> bool:
    """Whether an event file was written here, by its name."""
    return path.suffix == _OWN


def read_events(path: Path) -> Iterator[Message]:
    """The events of a file, one after another.

    Raises:
        Damaged: at the record that cannot be read; those before it are sound.
        OSError: the file cannot be read.
    """
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    with path.open("rb") as file:
        size = path.stat().st_size
        while (data := _record(file, size)) is not None:
            try:
                event: Message = Event.FromString(data)
            except DecodeError as error:
                raise Damaged(f"the record before byte {file.tell():,} is no event") from error
            yield event


def _record(file: IO[bytes], size: int) -> bytes | None:
    """The next record of a file; None at its end.

    Raises:
        Damaged: it is cut off, or its checksum differs.
    """
    begin = file.tell()
    header = file.read(12)
    if not header:
        return None
    if len(header) < 12:
        raise Damaged(f"it is cut off at byte {size:,}")
    length, checksum = struct.unpack("<QI", header)
    if checksum != _checksum(header[:8]):
        raise Damaged(f"the record at byte {begin:,} is damaged")
    # A length from outside must not decide how much memory is asked for.
    if length > size - file.tell() - 4:
        raise Damaged(f"it is cut off at byte {size:,}")
    data, footer = file.read(length), file.read(4)
    if length <= _LONGEST_CHECKED and footer != struct.pack("<I", _checksum(data)):
        raise Damaged(f"the record at byte {begin:,} is damaged")
    return data


def _checksum(data: bytes) -> int:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    return int(masked_crc32c(data))
