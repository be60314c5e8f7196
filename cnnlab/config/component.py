"""The two kinds of config tables: plain sections, and components chosen by their `name`.

A component's class is its entry in the registry: the fields are its parameters with defaults
and help, `target` says what they are parameters of. To add a model, an optimizer, a schedule or
an augmentation is to add one such class to its union.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A table of a config: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Component(Section):
    """A table whose `name` chooses what is built from its other fields."""

    target: ClassVar[str]
    """What the fields are keyword arguments of, as ``module:attribute``."""

    name: str

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_name(cls, value: Any) -> Any:
        """``optimizer = "adam"`` is Adam with its defaults."""
        return {"name": value} if isinstance(value, str) else value

    def parameters(self) -> dict[str, Any]:
        """The fields as keyword arguments for the target."""
        return {field: getattr(self, field) for field in type(self).model_fields if field != "name"}

    def load(self) -> Callable[..., Any]:
        """Imports what the target names."""
        module, _, attribute = self.target.partition(":")
        loaded: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        return loaded


def members(union: Any) -> dict[str, type[Component]]:
    """The components of a (discriminated) union, or the one component, by their `name`."""
    if isinstance(union, type):
        kinds: tuple[Any, ...] = (union,)
    else:
        first = get_args(union)[0]
        kinds = (first,) if isinstance(first, type) else get_args(first)
    return {get_args(kind.model_fields["name"].annotation)[0]: kind for kind in kinds}
