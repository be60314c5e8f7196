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
    """One layer; shape and FLOPs are for one image, a multiply-add counted as two."""

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
    """Follows one image through a copy of the network that has shapes and no numbers.

    FLOPs are PyTorch's count of one forward pass: convolutions and matrix products, without
    biases, activations, norms and pooling. The network itself and the random state stay as they
    are, whatever the device.

    Args:
        model: a network of images to logits.
        shape: channels, height and width of an image.
    """
    outline = _outline(model)
    leaves = {name: part for name, part in outline.named_modules() if not list(part.children())}
    outputs: dict[str, tuple[int, ...]] = {}
    for name, part in leaves.items():
        part.register_forward_hook(_note_output(outputs, name))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        outline(torch.empty(1, *shape, device="meta"))
    flops = counter.get_flop_counts()
    root = type(outline).__name__
    layers = tuple(
        LayerSummary(
            name=name,
            kind=type(leaves[name]).__name__,
            output_shape=output,
            parameters=_count(leaves[name]),
            flops=sum(flops.get(f"{root}.{name}", {}).values()),
        )
        for name, output in outputs.items()
    )
    return ModelSummary(layers, _count(model), _count(model, True), counter.get_total_flops())


def _outline(model: nn.Module) -> nn.Module:
    """A copy on the meta device in evaluation mode; the weights themselves are not copied."""
    bare: dict[int, Tensor] = {}
    for weights in model.parameters():
        bare[id(weights)] = nn.Parameter(weights.detach().to("meta"), weights.requires_grad)
    for values in model.buffers():
        bare[id(values)] = values.detach().to("meta")
    return copy.deepcopy(model, bare).eval()


def _count(model: nn.Module, only_trainable: bool = False) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not only_trainable)


def _note_output(
    outputs: dict[str, tuple[int, ...]], name: str
) -> Callable[[nn.Module, object, Tensor], None]:
    """A hook that notes the shape of a layer's output for one image."""

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        outputs[name] = tuple(output.shape[1:])

    return hook
