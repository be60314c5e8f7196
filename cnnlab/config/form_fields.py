"""The fields of a config as a form shows them, read from the schema: never a second list.

A field knows its path, its help, what it accepts and its default. Which fields there are depends
on the values: the `name` of a component decides which others it has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from cnnlab.config.component import Component, Section, listed, members, unwrapped
from cnnlab.config.overrides import read_value
from cnnlab.config.words import choices, describe

Path = tuple[str | int, ...]
Kind = Literal["component", "components", "entry", "choice", "switch", "text", "value"]
"""`component` is the name of one; `components` a list of them and `entry` the name of one in it;
`choice` one of some texts; `switch` true or false; `text` as it is written; `value` a number, a
list or a table, as `--set` reads it."""

NEEDED: Final = object()
"""Stands for the default of a field that has none."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class FormField:
    """One line of a form.

    Attributes:
        path: keys and positions from the root; of a component and an entry that of its table.
        help: what the field means.
        accepts: what may be written, in words.
        choices: all that may be chosen; of a `text` some that may be written.
        default: a plain value, or `NEEDED`.
        meanings: what each choice is, where that is known.
        of: the component that the field is a parameter of; empty in a section.
        optional: whether it may be left empty.
    """

    path: Path
    kind: Kind
    help: str
    accepts: str
    choices: tuple[str, ...]
    default: Any
    meanings: tuple[str, ...] = ()
    of: str = ""
    optional: bool = False

    @property
    def group(self) -> str:
        """The table of the config that the field is in."""
        return str(self.path[0])

    @property
    def label(self) -> str:
        """What the field is called within its group."""
        if self.kind == "entry":
            return str(self.path[-1])
        if self.kind == "component":
            return "name"
        if self.kind == "components":
            return "entries"
        inner = [str(part) for part in self.path[1:] if isinstance(part, str)]
        return ".".join(inner) or self.group

    def parse(self, text: str) -> Any:
        """The plain value for a written text; what cannot be read stays text, for the schema."""
        if self.kind == "text":
            return text
        text = text.strip()
        if self.kind == "switch":
            return {"true": True, "false": False}.get(text, text)
        if not text:
            return self._when_empty()
        try:
            return read_value(text)
        except (ValueError, RecursionError):
            return text

    def _when_empty(self) -> Any:
        if self.optional:
            return None
        return type(self.default)() if isinstance(self.default, list | dict) else ""


def as_text(value: Any) -> str:
    """A plain value as it is written into a field; empty for none."""
    empty = isinstance(value, list | tuple | Mapping) and not value
    if value is None or value is NEEDED or empty:
        return ""
    if isinstance(value, str):
        return value
    return _as_toml(value)


def _as_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_as_toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_as_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: Any) -> str:
    return str(key) if _BARE_KEY.fullmatch(str(key)) else json.dumps(str(key))


def same(one: Any, other: Any) -> bool:
    """Whether two plain values mean the same, one of them perhaps as it was written."""
    if one == other or as_text(one) == as_text(other):
        return True
    if isinstance(one, str | int | float) and isinstance(other, str | int | float):
        try:
            return float(one) == float(other)
        except (ValueError, OverflowError):
            return False
    return isinstance(other, list) and listed(one) == other


def walk(
    model: type[BaseModel], table: Mapping[str, Any], before: Path = ()
) -> Iterator[FormField]:
    """The fields of a config, section or component with these values, in the schema's order."""
    of = name_in(table) if issubclass(model, Component) else ""
    for name, info in model.model_fields.items():
        path, value = (*before, name), table.get(name)
        section = _section(info.annotation)
        if name == "name" and issubclass(model, Component):
            continue
        if kinds := members(info.annotation):
            yield _component(path, info, kinds, value)
            yield from _inside(kinds, value, path)
        elif kinds := entry_kinds(info.annotation):
            yield _components(path, info, kinds)
            yield from _entries(kinds, value, path)
        elif section is not None:
            yield from walk(section, value if isinstance(value, Mapping) else {}, path)
        else:
            yield _plain(path, info, of)


def entry_kinds(annotation: Any) -> dict[str, type[Component]]:
    """The components that a list may hold, by name; else none."""
    annotation = unwrapped(annotation)
    return members(get_args(annotation)[0]) if get_origin(annotation) is tuple else {}


def default_of(info: FieldInfo) -> Any:
    """The default of a field as a plain value, or `NEEDED`."""
    default = info.get_default(call_default_factory=True)
    return NEEDED if default is PydanticUndefined else to_jsonable_python(default)


def defaults_of(kind: type[BaseModel]) -> dict[str, Any]:
    """The table of a section or component with its defaults; what has none is left out."""
    values = {name: default_of(info) for name, info in kind.model_fields.items()}
    return {name: value for name, value in values.items() if value is not NEEDED}


def _first_sentence(kind: type[BaseModel]) -> str:
    """What a component is, on one line."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def name_in(value: Any) -> str:
    """The name that a component's table has; empty if there is none."""
    return str(value.get("name", "")) if isinstance(value, Mapping) else ""


def _meanings(kinds: Mapping[str, type[Component]]) -> tuple[str, ...]:
    return tuple(map(_first_sentence, kinds.values()))


def _section(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return None


def _inside(kinds: Mapping[str, type[Component]], value: Any, path: Path) -> Iterator[FormField]:
    kind = kinds.get(name_in(value))
    if kind is not None:
        yield from walk(kind, value, path)


def _component(
    path: Path, info: FieldInfo, kinds: Mapping[str, type[Component]], value: Any
) -> FormField:
    chosen, default = kinds.get(name_in(value)), default_of(info)
    words = _first_sentence(chosen) if chosen else _words(info)
    usual = default if default is NEEDED else default["name"]
    return FormField(
        path,
        "component",
        words,
        "one of the names in the list",
        tuple(kinds),
        usual,
        _meanings(kinds),
    )


def _components(path: Path, info: FieldInfo, kinds: Mapping[str, type[Component]]) -> FormField:
    names, default = tuple(kinds), default_of(info)
    return FormField(
        path,
        "components",
        _words(info),
        "any number of entries, in their order",
        names,
        default,
        _meanings(kinds),
    )


def _entries(kinds: Mapping[str, type[Component]], values: Any, path: Path) -> Iterator[FormField]:
    for position, value in enumerate(values if isinstance(values, Sequence) else ()):
        chosen = kinds.get(name_in(value))
        words = _first_sentence(chosen) if chosen else ""
        at = (*path, position)
        names, meanings = tuple(kinds), _meanings(kinds)
        yield FormField(at, "entry", words, "one of the names in the list", names, NEEDED, meanings)
        yield from _inside(kinds, value, at)


def _plain(path: Path, info: FieldInfo, of: str) -> FormField:
    annotation = unwrapped(info.annotation)
    offered = tuple(choices(info))
    kind: Kind = "value"
    if annotation is bool:
        kind, offered = "switch", ("false", "true")
    elif get_origin(annotation) is Literal:
        kind = "choice"
    elif annotation is str:
        kind = "text"
    optional = NoneType in get_args(annotation)
    return FormField(
        path, kind, _words(info), describe(info), offered, default_of(info), (), of, optional
    )


def _words(info: FieldInfo) -> str:
    return " ".join((info.description or "").split())
