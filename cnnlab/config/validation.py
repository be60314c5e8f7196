"""From pydantic's findings to sentences that name the field, what is allowed, and the nearest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cnnlab.config.component import Component, listed, members
from cnnlab.config.words import alternatives, choices, describe
from cnnlab.errors import ConfigError, nearest, suggestion

ModelType = TypeVar("ModelType", bound=BaseModel)

_LONGEST_VALUE = 60
"""Characters of a wrong value that a message repeats."""


def validate(model: type[ModelType], value: Any, where: str = "") -> ModelType:
    """Builds a model from plain values, as TOML or the command line gives them.

    Args:
        model: the class of the config or section.
        value: its table of plain values.
        where: what is being checked, such as a file, for the message; may be empty.

    Raises:
        ConfigError: something is wrong; every finding is one line of the message.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        prefix = f"{where}: " if where else ""
        lines = [prefix + fault.sentence() for fault in faults(model, value, error)]
        raise ConfigError("\n".join(lines)) from None


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a config.

    Attributes:
        path: keys and positions from the root to the field, or to the table that it concerns.
        words: what is wrong and what to write instead, without the path.
    """

    path: tuple[str | int, ...]
    words: str

    def sentence(self) -> str:
        """The path and the words."""
        place = ".".join(printable(str(part)) for part in self.path) or "The config"
        return f"{place}: {self.words}"


def faults(model: type[BaseModel], value: Any, error: ValidationError) -> list[Fault]:
    """What pydantic found wrong with a value, each fault once, in its order."""
    findings = [_Finding.at(model, details, value) for details in error.errors()]
    # A value that fits no member of a union is reported once for each member.
    return list(dict.fromkeys(finding.fault() for finding in findings))


@dataclass(frozen=True)
class _Finding:
    """What pydantic found, and where that is in the user's own words.

    Attributes:
        root: the class that was validated.
        path: keys and positions from there, without the names of union members.
        owner: the class of the table that the path's last key is in.
        field: that field; None where there is no such field.
        inside: whether the fault lies in a part of the field's value, such as an entry.
        value: what stands at the path, if anything does.
    """

    root: type[BaseModel]
    details: ErrorDetails
    path: tuple[str | int, ...]
    owner: type[BaseModel]
    field: FieldInfo | None
    inside: bool
    value: Any

    @classmethod
    def at(cls, root: type[BaseModel], details: ErrorDetails, value: Any) -> _Finding:
        """Follows a finding's location through the models and the values."""
        current: Any = root
        owner, field, path = root, None, []
        inside = False
        for part in details["loc"]:
            table = _table_class(current)
            named = members(current)
            if table is not None:
                owner, field = table, table.model_fields.get(str(part))
                current = field.annotation if field else None
                path.append(part)
            elif part in named:
                current = named[str(part)]
            elif isinstance(part, int) and _lists_tables(current):
                current = get_args(current)[0]
                path.append(part)
            else:
                inside = True
                break
        found = _value_at(value, path) if inside else details["input"]
        return cls(root, details, tuple(path), owner, field, inside, found)

    def fault(self) -> Fault:
        """The finding in words, at its place."""
        if self.details["type"] == "union_tag_invalid":
            tag = str(self.details["ctx"]["tag"])
            return Fault((*self.path, "name"), self._unknown_name(tag))
        return Fault(self.path, self._words())

    def _words(self) -> str:
        kind, context = self.details["type"], self.details.get("ctx", {})
        if kind == "extra_forbidden":
            return unknown_field(self.root, self.owner, str(self.path[-1]))
        if kind == "value_error":
            return f"{context['error']}."
        if kind == "union_tag_not_found":
            return f"the field name is needed. {suggestion('', self._names())}"
        if kind == "missing" and not self.inside:
            return f"this field is needed, {self._wanted()}."
        if self.path and self.path[-1] == "name" and issubclass(self.owner, Component):
            return self._unknown_name(str(self.value))
        return f"{shown(self.value)} is not allowed; {self._remedy()}"

    def _unknown_name(self, name: str) -> str:
        return f"unknown name {shown(name)}. {suggestion(name, self._names())}"

    def _names(self) -> list[str]:
        """The names of the components that the path ends in."""
        if self.field is None:
            return []
        kinds = members(self.field.annotation) or members(_entry(self.field.annotation))
        return list(kinds) or choices(self.field)

    def _wanted(self) -> str:
        return describe(self.field) if self.field else "a table of fields"

    def _remedy(self) -> str:
        """What to write instead."""
        valid = choices(self.field) if self.field else []
        if not valid:
            return f"it must be {self._wanted()}."
        return f"use {self._wanted()}. {_nearest_choice(self.value, valid)}".rstrip()


def _nearest_choice(value: Any, valid: Sequence[str]) -> str:
    """The choice next to a number, else the one most like a text, as a question."""
    number = _number(value)
    if number is not None and all(choice.isdecimal() for choice in valid):
        return f"Did you mean {min(valid, key=lambda choice: abs(int(choice) - number))}?"
    close = nearest(str(value), valid)
    return f"Did you mean {close[0]!r}?" if close else ""


def _number(value: Any) -> float | None:
    """The finite number that a value is or spells; None if there is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def unknown_field(root: type[BaseModel], owner: type[BaseModel], name: str) -> str:
    """The sentence for a field that `owner`, a table within `root`, does not have.

    Suggests the nearest fields, or where else in the config a field of that name is.
    """
    fields = list(owner.model_fields)
    if issubclass(owner, Component):
        component = get_args(owner.model_fields["name"].annotation)[0]
        return f"{component} has no such field. {suggestion(name, fields)}"
    elsewhere = [path for path in field_paths(root) if path.rpartition(".")[2] == name]
    if owner is root and elsewhere and name != "name":
        paths = alternatives([repr(path) for path in dict.fromkeys(elsewhere)])
        return f"there is no such field. Did you mean {paths}?"
    return f"there is no such field. {suggestion(name, fields)}"


def _table_class(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _entry(annotation: Any) -> Any:
    """The type of a list's entries."""
    return next(iter(get_args(annotation)), None)


def _lists_tables(annotation: Any) -> bool:
    return bool(members(_entry(annotation)))


def _value_at(value: Any, path: list[str | int]) -> Any:
    """What stands at a path of plain tables and lists; None if nothing does."""
    for part in path:
        if isinstance(part, int):
            value = listed(value)
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def field_paths(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """The dotted paths of all fields in a config, those of every component included."""
    for name, field in model.model_fields.items():
        path = f"{before}{name}"
        yield path
        table = _table_class(field.annotation)
        for inner in members(field.annotation).values() or ([table] if table else []):
            yield from field_paths(inner, f"{path}.")


def shown(value: Any) -> str:
    """A value as it is written, cut where it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def printable(text: str) -> str:
    """A key without what would move the cursor or colour the terminal."""
    return text if text.isprintable() else repr(text)
