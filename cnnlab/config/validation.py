"""From pydantic's findings to sentences that name the field, what is allowed, and the nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cnnlab.config.component import members
from cnnlab.errors import ConfigError, suggestion

ModelType = TypeVar("ModelType", bound=BaseModel)


def validate(model: type[ModelType], value: Any, where: str = "") -> ModelType:
    """Builds a model from plain values, as TOML or the command line gives them.

    Args:
        where: what is being checked, such as a file, for the message; may be empty.

    Raises:
        ConfigError: something is wrong; every finding is one line of the message.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        lines = [_sentence(model, details) for details in error.errors(include_url=False)]
        # A value that fits no member of a union is reported once for each member.
        lines = list(dict.fromkeys(lines))
        prefix = f"{where}: " if where else ""
        raise ConfigError("\n".join(prefix + line for line in lines)) from None


def _sentence(model: type[BaseModel], details: ErrorDetails) -> str:
    """One finding in words."""
    location, kind = details["loc"], details["type"]
    context = details.get("ctx", {})
    path, fields, tag_names = _walk(model, location)
    if kind == "extra_forbidden":
        name = str(location[-1])
        return f"{path}: there is no such field. {suggestion(name, fields)}"
    if kind == "missing":
        return f"{path}: this field is needed."
    if kind == "union_tag_invalid":
        tag = str(context["tag"])
        return f"{path}.name: unknown name {tag!r}. {suggestion(tag, tag_names)}"
    if kind == "union_tag_not_found":
        return f"{path}: the field `name` is needed. {suggestion('', tag_names)}"
    if kind == "literal_error":
        return f"{path}: {details['input']!r} is not allowed, only {context['expected']}."
    if kind == "value_error":
        return f"{path}: {context['error']}."
    message = details["msg"][0].lower() + details["msg"][1:]
    return f"{path}: {details['input']!r} is wrong: {message}."


def _walk(
    model: type[BaseModel], location: Sequence[str | int]
) -> tuple[str, list[str], list[str]]:
    """Follows a finding's location through the models.

    Returns the dotted path as a user would write it (without the names of union members), the
    fields known beside the last part, and the names of the union the location ends in.
    """
    current: Any = model
    path: list[str] = []
    fields: list[str] = []
    for part in location:
        if isinstance(part, int):
            path.append(str(part))
            current = _inner(current)
            continue
        choices = _members(current)
        if part in choices and not _is_model(current):
            current = choices[part]
            continue
        if not _is_model(current):
            continue  # the branch of a union of plain types, such as 'constrained-int'
        fields = list(current.model_fields)
        path.append(part)
        field = current.model_fields.get(part)
        current = _annotation(field) if field is not None else None
    return ".".join(path), fields, list(_members(current))


def _annotation(field: Any) -> Any:
    return field.annotation


def _inner(annotation: Any) -> Any:
    """The type of a tuple's entries."""
    arguments = get_args(annotation)
    return arguments[0] if arguments else None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any) -> dict[str, Any]:
    """The components of a discriminated union by name; empty for anything else."""
    kinds = get_args(annotation)
    if kinds and all(_is_model(kind) and "name" in kind.model_fields for kind in kinds):
        return {name: kind for kind in kinds for name in members(kind)}
    if kinds and not isinstance(annotation, type) and len(kinds) > 1:
        return _members(kinds[0])  # Annotated[union, Field(...)]
    return {}
