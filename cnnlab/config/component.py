"""The two kinds of config tables: plain sections, and components chosen by their `name`.

A component's class is its entry in the registry: the fields are its parameters with defaults
and help, `target` says what they are parameters of. To add a model, an optimizer, a schedule or
an augmentation is to add one such class to its union.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, model_validator


def _show_single_entries(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Says in a JSON Schema that a list of names may be its only entry."""
    for name, field in model.model_fields.items():
        if _lists_names(field.annotation):
            shown = schema["properties"][name]
            entries = {key: shown.pop(key) for key in ("type", "items")}
            shown["anyOf"] = [deepcopy(entries["items"]), entries]


class Section(BaseModel):
    """A table of a config: unknown fields are refused, values do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        json_schema_extra=_show_single_entries,
    )

    @model_validator(mode="before")
    @classmethod
    def _complete_names(cls, value: Any) -> Any:
        """Completes short forms: bare names, single entries, and fields of a default component.

        ``optimizer = "adam"`` is Adam with its defaults, also in a list of components;
        ``augmentation = "strong"`` is a list of one; ``optimizer.lr = 0.1`` alone changes the
        optimizer that is the default.
        """
        if not isinstance(value, Mapping):
            return value
        return {key: _completed(cls, key, inner) for key, inner in value.items()}


class Component(Section):
    """A table whose `name` chooses what is built from its other fields."""

    target: ClassVar[str]
    """What the fields are keyword arguments of, as ``module:attribute``."""

    name: str

    def parameters(self) -> dict[str, Any]:
        """The fields as keyword arguments for the target."""
        return {field: getattr(self, field) for field in type(self).model_fields if field != "name"}

    def load(self) -> Callable[..., Any]:
        """Imports what the target names."""
        module, _, attribute = self.target.partition(":")
        loaded: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        return loaded


def members(annotation: Any) -> dict[str, type[Component]]:
    """The components that a union (or a lone component) offers, by their `name`; else none."""
    annotation = unwrapped(annotation)
    kinds = (annotation,) if isinstance(annotation, type) else get_args(annotation)
    if not kinds or not all(isinstance(k, type) and issubclass(k, Component) for k in kinds):
        return {}
    return {get_args(kind.model_fields["name"].annotation)[0]: kind for kind in kinds}


def unwrapped(annotation: Any) -> Any:
    """A type without what `Annotated` says about it."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def listed(value: Any) -> Any:
    """A single name or table as a list of one; anything else as it is."""
    return [value] if isinstance(value, str | Mapping) else value


def _lists_names(annotation: Any) -> bool:
    """Whether a type is a list of any length, of components or texts."""
    entry, *rest = get_args(annotation) or (None,)
    return rest == [Ellipsis] and (entry is str or bool(members(entry)))


def _completed(model: type[BaseModel], key: str, value: Any) -> Any:
    field = model.model_fields.get(key)
    if field is None:
        return value
    if isinstance(value, bool) and field.annotation is not bool:
        return str(value).lower()  # else pydantic takes `true` for the number 1
    if isinstance(value, str) and members(field.annotation):
        return {"name": value}
    if isinstance(value, Mapping) and isinstance(field.default, Component):
        return {"name": field.default.name, **value}
    if _lists_names(field.annotation):
        value = listed(value)
    if isinstance(value, list | tuple):
        entries = get_args(field.annotation)
        if entries and members(entries[0]):
            return [{"name": entry} if isinstance(entry, str) else entry for entry in value]
    return value
