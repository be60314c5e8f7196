"""A model as TorchScript: it runs without its code, in Python and in C++ (`torch.jit.load`).

The model is traced, which is exact for networks without branches; the check with batches of
several sizes would tell. PyTorch calls TorchScript deprecated, and says so with each call: it is
still written and read by all versions that cnnlab takes.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnnlab.inference.checking import Forward
from cnnlab.inference.deployed import Deployed, Description
from cnnlab.inference.quiet import quiet

DESCRIPTION = "cnnlab.json"
"""The file within the file that describes the model: one JSON object."""


def save_torchscript(
    deployed: Deployed, example: Tensor, about: Description, path: Path
) -> Forward:
    """Writes a model as TorchScript; returns it as it is read back.

    Args:
        example: images (N, C, H, W) to follow through the model.

    Raises:
        OSError: the file cannot be written.
    """
    jit: Any = torch.jit  # untyped
    with quiet(), torch.inference_mode(False), torch.no_grad():
        traced = jit.trace(deployed, example, check_trace=False)
        # Into memory first: a full disk would be an error of torch's own.
        content = io.BytesIO()
        jit.save(traced, content, _extra_files={DESCRIPTION: about.as_json()})
        path.write_bytes(_without_origins(content).getbuffer())
        forward: Forward = jit.load(path, map_location="cpu")
    return forward


def _without_origins(content: io.BytesIO) -> io.BytesIO:
    """The file without the lines of code, with the folders of this machine, that torch notes."""
    kept = io.BytesIO()
    with zipfile.ZipFile(content) as archive, zipfile.ZipFile(kept, "w") as copy:
        for member in archive.infolist():
            if not member.filename.endswith(".debug_pkl"):
                copy.writestr(zipfile.ZipInfo(member.filename), archive.read(member))
    return kept
