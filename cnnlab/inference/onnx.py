"""A model as ONNX, for any runtime that reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnnlab.errors import ConfigError
from cnnlab.inference.checking import Forward
from cnnlab.inference.deployed import INPUT, OUTPUT, Deployed, Description
from cnnlab.inference.quiet import quiet

_MOST_BYTES = 2**31 - 2**20
"""Of weights: a file of ONNX is one message of protobuf, which ends at 2 GiB."""
_ERRORS_ALONE = 3
"""Of onnxruntime's levels of logging."""


def save_onnx(deployed: Deployed, example: Tensor, about: Description, path: Path) -> Forward:
    """Writes a model as ONNX with a free batch size; returns it as onnxruntime reads it back.

    Args:
        example: images (N, C, H, W) to follow through the model; N is at least 2.

    Raises:
        ConfigError: the weights are too large for a file of ONNX.
        OSError: the file cannot be written.
    """
    import onnx

    _require_small(deployed)
    with quiet():
        program = torch.onnx.export(
            deployed,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=[INPUT],
            output_names=[OUTPUT],
            verbose=False,
        )
        if program is None:
            raise TypeError("torch.onnx.export gave no program")
        model = program.model_proto
        _forget_origins(model)
        onnx.helper.set_model_props(model, dict(about.values))
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())
        return _read(path)


def _require_small(deployed: Deployed) -> None:
    size = sum(values.nbytes for values in deployed.state_dict().values())
    if size > _MOST_BYTES:
        raise ConfigError(
            f"The weights take {size / 2**30:.1f} GiB; a file of ONNX holds 2 GiB at most.",
            "Export them as safetensors or torchscript.",
        )


def _forget_origins(model: Any) -> None:
    """Removes the lines of code, with folders of this machine, that torch notes by each node."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]


def _read(path: Path) -> Forward:
    # It would send what it runs to its maker, note an identifier in the user's cache, and complain
    # past Python's streams where it cannot. It asks this while it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ALONE
    # Said so, it does not bind its threads to cores, which some machines do not allow.
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def forward(images: Tensor) -> Tensor:
        (answers,) = session.run([OUTPUT], {INPUT: images.numpy()})
        return torch.from_numpy(answers)

    return forward
