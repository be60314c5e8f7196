"""What a field accepts, in words: for messages and for the tables of the command line."""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from cnnlab.amounts import enumerated
from cnnlab.config.component import Section, members

_PLAIN = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text", "texts"),
}
"""How types are called, one value and several; bool has no plural in any config."""

_RULES = {
    r"^[a-z0-9][a-z0-9._-]*$": "text of lower-case letters, digits, '.', '_' and '-' that begins "
    "with a letter or a digit",
}
"""Patterns of texts in words; where a pattern has none, the field's examples are its choices."""


@dataclass(frozen=True)
class _Words:
    """A type in words: for one value, and for a list of such values."""

    one: str
    many: str


def describe(field: FieldInfo) -> str:
    """What a field accepts, such as ``a whole number above 0``."""
    rule = _rule(field)
    if rule:
        example = f", for example {field.examples[0]!r}" if field.examples else ""
        return f"{rule}{example}"
    return _words(field.annotation, _facts(field.metadata), field.examples).one


def alternatives(names: Sequence[str]) -> str:
    """Names as a choice: ``a, b or c``."""
    return enumerated(names, "or")


def choices(field: FieldInfo) -> list[str]:
    """The texts that a field accepts; empty if they are too many to list, or if none will do."""
    return [] if _rule(field) else _choices(field.annotation, field.examples)


def _rule(field: FieldInfo) -> str:
    """The words for a field's pattern; empty if it has none."""
    patterns = [getattr(fact, "pattern", None) for fact in field.metadata]
    return next((_RULES[pattern] for pattern in patterns if pattern in _RULES), "")


def _choices(annotation: Any, examples: Sequence[Any] | None) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return [str(example) for example in examples or ()]


def _words(annotation: Any, facts: Sequence[Any], examples: Sequence[Any] | None = None) -> _Words:
    """The words for a type with the bounds that are set on it."""
    named = members(annotation)
    if named:
        names = alternatives(list(named))
        return _Words(f"a table with a name ({names})", f"tables, each with a name ({names})")
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _words(inner, [*facts, *_facts(more)], examples)
    texts = _choices(annotation, examples)
    if texts:
        words = alternatives(texts) if len(texts) > 1 else repr(texts[0])
        return _Words(words, words)
    if get_origin(annotation) in (Union, types.UnionType):
        return _union(get_args(annotation), facts)
    if get_origin(annotation) is tuple:
        return _list(get_args(annotation))
    if get_origin(annotation) is dict:
        inner = _words(get_args(annotation)[1], ())
        return _Words(f"a table of {inner.many}", f"tables of {inner.many}")
    return _plain(annotation, facts)


def _union(kinds: Sequence[Any], facts: Sequence[Any]) -> _Words:
    """A choice of types; `a list of them` where a list is of what else may stand there."""
    words = [_words(kind, facts) for kind in kinds if kind is not type(None)]
    ones = [word.one for word in words]
    if len(ones) == 2 and ones[1] == f"a list of {words[0].many}":
        ones[1] = "a list of them"
    return _Words(enumerated(ones, "or"), enumerated([word.many for word in words], "or"))


def _list(entries: Sequence[Any]) -> _Words:
    inner = _words(entries[0], ())
    count = "" if entries[-1] is Ellipsis else f"{len(entries)} "
    return _Words(f"a list of {count}{inner.many}", f"lists of {count}{inner.many}")


def _plain(annotation: Any, facts: Sequence[Any]) -> _Words:
    if annotation is bool:
        return _Words("true or false", "true or false")
    if annotation in _PLAIN:
        one, many = _PLAIN[annotation]
        bounds = _bounds(facts)
        return _Words(f"{one} {bounds}".rstrip(), f"{many} {bounds}".rstrip())
    if isinstance(annotation, type) and issubclass(annotation, Section):
        fields = enumerated(list(annotation.model_fields)[:2], "and")
        return _Words(f"a table of fields such as {fields}", "tables of fields")
    return _Words("another kind of value", "other values")


def _facts(metadata: Iterable[Any]) -> list[Any]:
    """The bounds in what `Annotated` or a field says about a type."""
    found: list[Any] = []
    for fact in metadata:
        found.extend(fact.metadata if isinstance(fact, FieldInfo) else [fact])
    return found


def _bounds(facts: Sequence[Any]) -> str:
    low, high = "", ""
    least = [fact.ge for fact in facts if isinstance(fact, annotated_types.Ge)]
    most = [fact.le for fact in facts if isinstance(fact, annotated_types.Le)]
    if least and most:
        return f"from {least[0]} to {most[0]}"
    for fact in facts:
        if isinstance(fact, annotated_types.Gt):
            low = f"above {fact.gt}"
        elif isinstance(fact, annotated_types.Ge):
            low = f"of at least {fact.ge}"
        elif isinstance(fact, annotated_types.Lt):
            high = f"below {fact.lt}"
        elif isinstance(fact, annotated_types.Le):
            high = f"of at most {fact.le}"
    return " and ".join(bound for bound in (low, high) if bound)
