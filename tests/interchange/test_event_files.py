"""Event files as they are written, and what damage and nonsense in them comes to."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest
from interchange.imports import bring
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

from cnnlab.errors import ConfigError
from cnnlab.home import Home
from cnnlab.interchange.event_files import EventWriter

BEGAN = 1.7e9


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


# What is written


def test_tensorboard_reads_what_is_written(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as writer:
        writer.text("config", "    lr = 0.1 # é 🦉")
        writer.hyperparameters({"optimizer.lr": 0.1, "model.name": "lenet"}, "abc", BEGAN)
        writer.scalars({"train/loss": 0.5, "lr": 0.1}, 7, BEGAN)
    read = EventAccumulator(str(tmp_path)).Reload()
    assert read.Tags()["scalars"] == ["train/loss", "lr"]
    (event,) = read.Scalars("train/loss")
    assert (event.step, event.wall_time, event.value) == (7, BEGAN, 0.5)
    (text,) = read.Tensors("config")
    assert text.tensor_proto.string_val[0].decode() == "    lr = 0.1 # é 🦉"
    assert read.SummaryMetadata("config").plugin_data.plugin_name == "text"
    assert "_hparams_/session_start_info" in read.Tags()["tensors"]


def test_writing_loads_neither_torch_nor_tensorflow_and_prints_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from cnnlab.interchange.event_files import EventWriter, read_events;"
        f"folder = Path({str(tmp_path)!r}); writer = EventWriter(folder);"
        "writer.scalars({'a': 1.0}, 1); writer.hyperparameters({'a': 1}, 'b'); writer.close();"
        "found = [list(read_events(file)) for file in folder.iterdir()];"
        "sys.exit(bool({'torch', 'tensorflow'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# Damage


def written(folder: Path, count: int = 10) -> Path:
    with EventWriter(folder) as writer:
        for step in range(1, count + 1):
            writer.scalars({"train/loss_step": step / 4, "lr": None}, step, BEGAN + step)
    return only_file(folder)


def test_a_file_that_is_cut_off_is_read_up_to_there(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "cut")
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    (run,) = bring(home, tmp_path / "cut")
    assert [step for step, *_ in run.steps()] == list(range(1, 10))
    size = len(whole) - 20
    assert run.remarks[0] == (
        f"{file.name}: it is cut off at byte {size:,}; what comes after that is lost."
    )


def test_a_changed_byte_is_found(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "changed")
    content = bytearray(file.read_bytes())
    content[-6] ^= 1
    file.write_bytes(content)
    (run,) = bring(home, tmp_path / "changed")
    assert "is damaged; what comes after that is lost" in run.remarks[0]


def test_of_a_record_with_a_picture_the_checksum_is_not_taken(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "long")
    with file.open("ab") as records:
        value = Summary.Value(tag="picture", image=Summary.Image(encoded_image_string=bytes(2**17)))
        event = Event(step=1, summary=Summary(value=[value]))
        RecordWriter(records).write(event.SerializeToString())
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    (run,) = bring(home, tmp_path / "long")
    assert run.remarks == ("Not scalars, so not read: 'picture'.",)


def test_a_length_that_cannot_be_asks_for_no_memory(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "hostile")
    header = struct.pack("<Q", 2**62)
    file.write_bytes(file.read_bytes() + header + struct.pack("<I", masked_crc32c(header)))
    (run,) = bring(home, tmp_path / "hostile")
    assert "it is cut off" in run.remarks[0]


def test_absurd_events_are_no_curves(home: Home, tmp_path: Path) -> None:
    plugin = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    huge = TensorProto(dtype=DT_FLOAT, float_val=[1.0])
    huge.tensor_shape.dim.add(size=2**50)
    text = TensorProto(dtype=DT_STRING, string_val=[b"loss"])
    values = [
        Summary.Value(tag=tag, metadata=plugin, tensor=tensor)
        for tag, tensor in (("train_loss", huge), ("val_acc", text), ("lr", TensorProto()))
    ]
    with written(tmp_path / "absurd").open("ab") as file:
        RecordWriter(file).write(Event(summary=Summary(value=values)).SerializeToString())
        RecordWriter(file).write(b"no event at all")
    (run,) = bring(home, tmp_path / "absurd")
    assert len(run.steps()) == 10
    assert "is no event; what comes after that is lost" in run.remarks[0]
    assert run.remarks[1] == "Not scalars, so not read: 'lr', 'train_loss', 'val_acc'."


def test_without_the_extra_one_sentence_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "files")
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match="needs packages that are not installed") as raised:
        bring(home, tmp_path / "files")
    assert "cnnlab[tensorboard]" in raised.value.hint
