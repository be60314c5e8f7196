"""A config under edit: its values, its fields, what changed, and what is wrong, at each field.

The values are plain tables, complete with their defaults; a text that was written stays as it is
until the schema reads it. Knows no screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from cnnlab.config.component import Component, listed, members
from cnnlab.config.form_fields import (
    NEEDED,
    FormField,
    Path,
    default_of,
    defaults_of,
    entry_kinds,
    name_in,
    same,
    walk,
)
from cnnlab.config.validation import faults

Config = TypeVar("Config", bound=BaseModel)
Table = dict[str, Any]


class Form(Generic[Config]):
    """The values of a config while they are edited.

    Args:
        model: the class of the config.
        tables: plain values to begin with; short forms and gaps are completed.
        base: the complete values that changes are told from.
    """

    def __init__(
        self, model: type[Config], tables: Mapping[str, Any], base: Mapping[str, Any]
    ) -> None:
        self._model = model
        self.left_out: list[str] = []
        """Fields of `tables` that the schema does not know."""
        self.tables = self._completed(tables, self.left_out)
        self._base = self._completed(base, [])
        self._earlier: dict[tuple[Path, str], Table] = {}

    def rebase(self, base: Mapping[str, Any]) -> None:
        """Tells changes from other values from now on."""
        self._base = self._completed(base, [])

    # Reading

    def fields(self) -> list[FormField]:
        """The fields that there are with the values as they stand."""
        return list(walk(self._model, self.tables))

    def value(self, field: FormField) -> Any:
        """The plain value of a field; the name of a component, the names in a list of them."""
        return _value(field, self.tables)

    def in_base(self, field: FormField) -> bool:
        """Whether the base has the field: another component may stand there, or no entry."""
        *above, last = field.path
        based = _at(self._base, above)
        return _holds(based, last) and (not field.of or name_in(based) == field.of)

    def base_value(self, field: FormField) -> Any:
        """What the base has there; the default where it does not have the field."""
        return _value(field, self._base) if self.in_base(field) else field.default

    def changed(self, field: FormField) -> bool:
        """Whether a field is not as in the base."""
        return not same(self.value(field), self.base_value(field))

    def changes(self) -> int:
        """How many fields are not as in the base."""
        return sum(self.changed(field) for field in self.fields())

    def check(self) -> tuple[Config | None, dict[Path, str]]:
        """The config, if nothing is wrong; else what is wrong, by the path of a field.

        What concerns no field, or several, stands at the nearest one above them, else at ``()``.
        """
        try:
            return self._model.model_validate(self.tables), {}
        except ValidationError as error:
            places = {field.path for field in self.fields()}
            found: dict[Path, str] = {}
            for fault in faults(self._model, self.tables, error):
                path = _nearest_place(fault.path, places)
                found[path] = f"{found[path]} {fault.words}" if path in found else fault.words
            return None, found

    # Writing

    def write(self, field: FormField, text: str) -> None:
        """Takes what was written or chosen for a field."""
        if field.kind in ("component", "entry"):
            self._choose(field, text)
            return
        value = field.parse(text)
        *above, last = field.path
        owner = _at(self.tables, above)
        if value == "" and field.default is NEEDED and field.kind == "value":
            owner.pop(last, None)
        else:
            owner[last] = value

    def reset(self, field: FormField) -> None:
        """Gives a field the value of the base; a component and a list all that is below."""
        *above, last = field.path
        owner, based = _at(self.tables, above), _at(self._base, above)
        if field.kind in ("component", "components", "entry") and _holds(based, last):
            owner[last] = deepcopy(based[last])
        elif field.kind == "entry":
            owner[last] = self._afresh(field, name_in(owner[last]))
        elif (value := self.base_value(field)) is NEEDED:
            owner.pop(last, None)
        else:
            owner[last] = deepcopy(value)

    def add(self, field: FormField, name: str) -> None:
        """Puts a component at the end of a list."""
        _at(self.tables, field.path).append(self._afresh(field, name))

    def remove(self, field: FormField) -> None:
        """Takes an entry out of its list."""
        *above, position = field.path
        del _at(self.tables, above)[position]

    def move(self, field: FormField, by: int) -> bool:
        """Moves an entry within its list; returns whether there was room to."""
        *above, position = field.path
        entries = _at(self.tables, above)
        to = int(position) + by
        if not 0 <= to < len(entries):
            return False
        entries[position], entries[to] = entries[to], entries[position]
        return True

    def _choose(self, field: FormField, name: str) -> None:
        """Puts another component into a place, with what can be kept of the one before.

        One that stood there earlier, or stands there in the base, comes back as it was.
        """
        *above, last = field.path
        owner = _at(self.tables, above)
        old, new = owner[last], self._afresh(field, name)
        if field.kind == "component":
            based = _at(self._base, field.path)
            self._earlier[field.path, name_in(old)] = old
            if name_in(based) == name:
                new = deepcopy(based)
            new = self._earlier.pop((field.path, name), new)
        if len(new) > 1 and new == self._afresh(field, name):
            new = self._carried_over(field, old, new)
        owner[last] = new

    def _afresh(self, field: FormField, name: str) -> Table:
        """A component with its defaults; the bare name where there is none of that name."""
        kind = self._kinds(field).get(name)
        return {"name": name, **(defaults_of(kind) if kind else {})}

    def _carried_over(self, field: FormField, old: Table, new: Table) -> Table:
        """A component with the values of fields that the one before has too, and that were set."""
        usual, kind = self._afresh(field, name_in(old)), self._kinds(field)[name_in(new)]
        carried = dict(new)
        for key, value in old.items():
            if key in carried and key != "name" and not same(value, usual.get(key)):
                carried[key] = value if _takes(kind, carried, key, value) else carried[key]
        return carried

    def _kinds(self, field: FormField) -> dict[str, type[Component]]:
        """The components that may stand in the place of a field."""
        path = field.path[:-1] if field.kind == "entry" else field.path
        annotation: Any = self._model
        for part in path:
            annotation = annotation.model_fields[part].annotation
        return members(annotation) or entry_kinds(annotation)

    def _completed(self, tables: Mapping[str, Any], left_out: list[str]) -> Table:
        try:
            return self._model.model_validate(tables).model_dump(mode="json")
        except ValidationError:
            return _filled(self._model, tables, (), left_out)


def _value(field: FormField, tables: Any) -> Any:
    found = _at(tables, field.path)
    if field.kind in ("component", "entry"):
        return name_in(found)
    if field.kind == "components":
        return [name_in(entry) for entry in found or ()]
    return found


def _at(tables: Any, path: Any) -> Any:
    """What stands at a path; None if nothing does."""
    for part in path:
        if not _holds(tables, part):
            return None
        tables = tables[part]
    return tables


def _holds(table: Any, key: str | int) -> bool:
    if isinstance(table, list):
        return isinstance(key, int) and key < len(table)
    return isinstance(table, Mapping) and key in table


def _nearest_place(path: Path, places: set[Path]) -> Path:
    while path and path not in places:
        path = path[:-1]
    return path


def _takes(kind: type[Component], table: Table, key: str, value: Any) -> bool:
    """Whether a component takes a value, beside what it has."""
    try:
        kind.model_validate({**table, key: value})
    except ValidationError as error:
        return all(details["loc"] and details["loc"][0] != key for details in error.errors())
    return True


def _filled(model: type[BaseModel], table: Any, before: Path, left_out: list[str]) -> Table:
    """The table completed with defaults, as far as it goes: it need not be valid."""
    given = dict(table) if isinstance(table, Mapping) else {}
    if issubclass(model, Component):
        given.pop("name", None)
    filled: Table = {}
    for name, info in model.model_fields.items():
        if name == "name" and issubclass(model, Component):
            filled[name] = get_args(info.annotation)[0]
            continue
        value, usual = given.pop(name, NEEDED), default_of(info)
        if value is NEEDED:
            value = usual
        elif isinstance(value, Mapping) and members(info.annotation) and name_in(usual):
            value = {"name": name_in(usual), **value}
        inner = _filled_field(info.annotation, value, (*before, name), left_out)
        if inner is not NEEDED:
            filled[name] = inner
    left_out.extend(".".join(map(str, (*before, key))) for key in given)
    return filled


def _filled_field(annotation: Any, value: Any, path: Path, left_out: list[str]) -> Any:
    if kinds := members(annotation):
        return _filled_component(kinds, value, path, left_out)
    if kinds := entry_kinds(annotation):
        entries = listed(value)
        return [
            _filled_component(kinds, entry, (*path, position), left_out)
            for position, entry in enumerate(entries if isinstance(entries, list | tuple) else ())
        ]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _filled(annotation, value, path, left_out)
    return value


def _filled_component(
    kinds: Mapping[str, type[Component]], value: Any, path: Path, left_out: list[str]
) -> Table:
    table = value if isinstance(value, Mapping) else {"name": value if value is not NEEDED else ""}
    kind = kinds.get(name_in(table))
    return dict(table) if kind is None else _filled(kind, table, path, left_out)
