"""What a network is made of: its layers with output shapes, parameters and FLOPs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class LayerSummary:
    """One layer; `flops` is for one image, a multiply-add counted as two."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    flops: int


@dataclass(frozen=True)
class ModelSummary:
    """A network: its layers in the order in which they run, and their sums."""

    layers: tuple[LayerSummary, ...]
    parameters: int
    trainable: int
    flops: int


def inspect_model(model: nn.Module, shape: tuple[int, int, int]) -> ModelSummary:
    """Follows one image of the given shape through a copy of the network without numbers.

    FLOPs are PyTorch's count (convolutions and matrix products). The network itself, its mode
    and the random state stay as they are.
    """
    bare = copy.deepcopy(model).to("meta").eval()
    outputs: dict[str, tuple[int, ...]] = {}
    leaves = {name: module for name, module in bare.named_modules() if not list(module.children())}
    hooks = [
        module.register_forward_hook(_note_output(outputs, name))
        for name, module in leaves.items()
    ]
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        bare(torch.empty(1, *shape, device="meta"))
    for hook in hooks:
        hook.remove()
    by_module = counter.get_flop_counts()
    root = type(bare).__name__
    layers = tuple(
        LayerSummary(
            name=name,
            kind=type(leaves[name]).__name__,
            output_shape=output,
            parameters=sum(p.numel() for p in leaves[name].parameters()),
            flops=sum(by_module.get(f"{root}.{name}", {}).values()),
        )
        for name, output in outputs.items()
    )
    parameters = list(model.parameters())
    return ModelSummary(
        layers=layers,
        parameters=sum(p.numel() for p in parameters),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
        flops=counter.get_total_flops(),
    )


def _note_output(
    outputs: dict[str, tuple[int, ...]], name: str
) -> Callable[[nn.Module, object, Tensor], None]:
    """A hook that notes the shape of a layer's output for one image."""

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        outputs[name] = tuple(output.shape[1:])

    return hook
