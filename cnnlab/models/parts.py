"""The named parts of a network, for fine-tuning: which weights belong to which.

A network says so itself, by an attribute `parts`: for each part the beginnings of its weights'
names, whole words between dots; the longest that fits decides. One that says nothing has a
`head`, its last linear layer, and a `body`, the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

Parts = Mapping[str, tuple[str, ...]]
"""The names of the parts, each with the beginnings of the names of its weights."""


def set_parts(model: nn.Module, parts: Parts) -> nn.Module:
    """Lets a network say what its parts are, and returns it."""
    model.parts = parts  # type: ignore[assignment]
    return model


def parts_of(model: nn.Module) -> Parts:
    """The parts of a network, in the order of its layers."""
    named = getattr(model, "parts", None)
    if isinstance(named, Mapping):
        return named
    return {"body": ("",), "head": (_last_layer(model),)}


def part_of(name: str, parts: Parts) -> str | None:
    """The part that the weights or the layer of this name belong to; None if to none."""
    fitting = [
        (len(beginning), part)
        for part, beginnings in parts.items()
        for beginning in beginnings
        if not beginning or name == beginning or name.startswith(f"{beginning}.")
    ]
    return max(fitting)[1] if fitting else None


def _last_layer(model: nn.Module) -> str:
    """The name of the last linear layer; of the last one with weights where none is linear."""
    weighted: list[tuple[str, nn.Module]] = [
        (name, layer)
        for name, layer in model.named_modules()
        if any(True for _ in layer.parameters(recurse=False))
    ]
    linear = [name for name, layer in weighted if isinstance(layer, nn.Linear)]
    names = linear or [name for name, _ in weighted]
    return names[-1] if names else ""
