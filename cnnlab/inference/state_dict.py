"""The weights of a model as safetensors: a state dict that needs no code to be read."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save

from cnnlab.errors import StorageError
from cnnlab.inference.deployed import Description
from cnnlab.inference.trained import TrainedModel


def save_state_dict(trained: TrainedModel, path: Path) -> int:
    """Writes the weights and reads them back; returns how many tensors there are.

    Args:
        trained: on the CPU.

    Raises:
        StorageError: what was read back is not what was written.
        OSError: the file cannot be written.
    """
    # Each on its own: tensors of one memory, which a network may share, are refused otherwise.
    state = {
        name: values.detach().clone(memory_format=torch.contiguous_format)
        for name, values in trained.model.state_dict().items()
    }
    about = Description.of(trained, trained.images.shape, ready=False)
    path.write_bytes(save(state, {"format": "pt", **about.values}))
    again = load_file(path)
    same = again.keys() == state.keys() and all(
        _same_bits(again[name], values) for name, values in state.items()
    )
    if not same:
        raise StorageError(
            f"{path.parent} gives back other weights than were written there.", "Check the disk."
        )
    return len(state)


def _same_bits(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two tensors are the same, also where a value is not a number."""
    return (
        first.dtype == second.dtype
        and first.shape == second.shape
        and bytes(first.numpy().data) == bytes(second.numpy().data)
    )
