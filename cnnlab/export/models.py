"""The model of a run in a file: its weights alone, or all of it, ready for images.

The one module of `cnnlab.export` that leads to torch; the work is done in `cnnlab.inference`. A
model that does not answer as the original does is not written: see `inference.checking`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.export.job import ExportJob

if TYPE_CHECKING:
    from cnnlab.inference.trained import TrainedModel


def write_safetensors(job: ExportJob, path: Path) -> list[str]:
    """Writes the weights as a state dict; see `Writer`.

    Raises:
        CheckpointError: the run has no such checkpoint, or it cannot be read.
    """
    from cnnlab.inference.state_dict import save_state_dict

    count = save_state_dict(_load(job, "safetensors"), path)
    return [
        f"{count} tensors of the {job.options.checkpoint} checkpoint, read back and compared.",
        "`safetensors.torch.load_file` reads them; classes, normalisation and config are in the "
        "file's metadata.",
    ]


def write_torchscript(job: ExportJob, path: Path) -> list[str]:
    """Writes the model as TorchScript; see `Writer`.

    Raises:
        CheckpointError: the run has no such checkpoint, or it cannot be read.
        CnnlabError: what was written does not answer as the original does.
    """
    from cnnlab.inference.conversion import convert
    from cnnlab.inference.torchscript import DESCRIPTION, save_torchscript

    trained = _load(job, "torchscript")
    told = convert(job.home, trained, save_torchscript, path, job.progress)
    return [*told, f"`torch.jit.load` reads it; the extra file {DESCRIPTION} has the class names."]


def write_onnx(job: ExportJob, path: Path) -> list[str]:
    """Writes the model as ONNX; see `Writer`.

    Raises:
        CheckpointError: the run has no such checkpoint, or it cannot be read.
        ConfigError: the model is too large for the format.
        CnnlabError: what was written does not answer as the original does.
    """
    from cnnlab.inference.conversion import convert
    from cnnlab.inference.onnx import save_onnx

    trained = _load(job, "onnx")
    told = convert(job.home, trained, save_onnx, path, job.progress)
    return [*told, "Its metadata has the class names as JSON, under `classes`."]


def _load(job: ExportJob, format_name: str) -> TrainedModel:
    run_id = job.only_run(format_name)
    job.progress("loading the model", 0, None)
    from cnnlab.inference.trained import load_trained

    return load_trained(job.home, run_id, job.options.checkpoint, device="cpu")
