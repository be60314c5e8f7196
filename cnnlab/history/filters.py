"""The query language of lists of runs: `dataset:cifar10 acc>0.9 -tag:old optimizer.lr<0.01 text`.

Terms stand between blanks and must all hold; `-` before one turns it round. `key:text` compares
a whole value, whatever the case, with `*` for any text; `key>number`, and `>= < <= = !=`, compare
numbers, durations (`time>1h30m`) and local dates (`started>=2026-11`). Keys are those of a list
and the dotted paths of the config. Any other word is looked for in name, preset, tags and notes.
Double quotes keep blanks together and make a word plain text; in them a backslash stands before
a quote, a star or a backslash that is meant as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cnnlab.errors import ConfigError, suggestion
from cnnlab.history.filter_numbers import number_of, seconds_of

Value = str | int | float

COLUMNS = {
    "status": ("status",),
    "dataset": ("dataset",),
    "model": ("model",),
    "preset": ("preset",),
    "name": ("name",),
    "id": ("id",),
    "device": ("device", "device_name"),
    "study": ("preset",),
    "group": ("group_id",),
    "origin": ("origin",),
}
"""Keys of texts, and the columns of which one must match."""

_ROWS = {"tag": ("tags", "tag"), "note": ("notes", "text")}
"""Keys of texts of which a run has several, with their table and column."""

_NUMBERS = {
    "accuracy": "test_accuracy",
    "precision": "test_precision_macro",
    "loss": "test_loss",
    "best": "best_value",
    "epochs": "epochs_done",
    "parameters": "parameters",
    "time": "duration_s",
    "started": "created_at",
}
_ALIASES = {"acc": "accuracy", "seed": "training.seed"}
_KEYS = (*COLUMNS, *_ROWS, *_NUMBERS)

_MOST_TERMS = 100
"""Far fewer than the thousand conditions at which SQLite gives up."""
_LONGEST_PATTERN = 1000
_LONGEST_SHOWN = 60

_TERM = re.compile(r'(?:"(?:[^"\\]|\\.?)*+(?:"|\Z)|[^\s"])++', re.DOTALL)
"""A term; a quote that is not closed reaches to the end of the text."""
_COMPARISON = re.compile(r"(-?)([a-z_][\w-]*(?:\.[\w-]+)*)(!=|>=|<=|[:=<>])", re.ASCII | re.I)
_PIECE = re.compile(r'"((?:[^"\\]|\\.?)*+)("|\Z)|([^"]+)', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\*])|(\*)')
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{1,2}){0,2}")


@dataclass(frozen=True)
class Condition:
    """A condition on a row of the list of runs: SQL, and the values for its question marks."""

    sql: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Query:
    """The conditions of a filter, which must all hold; none asks for nothing."""

    conditions: tuple[Condition, ...] = ()

    def condition(self) -> Condition:
        """All of them as one."""
        return _joined("and", self.conditions)


@dataclass(frozen=True)
class Completion:
    """A text that can stand at the cursor, and the span of the filter that it replaces."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Term:
    """A term as it is written, and its parts; a free text has no key."""

    raw: str
    negated: bool
    key: str
    sign: str
    value: str

    @property
    def text(self) -> str:
        return "*".join(_pieces(self.value))


def parse(text: str, config_paths: Collection[str] = ()) -> Query:
    """A filter as the conditions that it stands for.

    Args:
        config_paths: the dotted paths of a config that can be asked for; any if there are none.

    Raises:
        ConfigError: a term has an unknown key, no value, or one of another kind.
    """
    if re.search("[\0\ud800-\udfff]", text):
        raise ConfigError(f"The filter {_shown(text)} is not plain UTF-8.", "Write it anew.")
    words = _TERM.findall(text)
    if len(words) > _MOST_TERMS:
        message = f"The filter has {len(words):,} terms; at most {_MOST_TERMS} are allowed."
        raise ConfigError(message, "Put words that belong together in quotes.")
    fields = _fields(config_paths)
    return Query(tuple(_condition(_term(word), fields) for word in words))


def matching(key: str, value: str) -> Condition:
    """A value of the history, exactly as it is written, behind a key of texts."""
    return _of_key(key, lambda column: Condition(f"{column} = ?", (value,)))


def containing(text: str) -> Condition:
    """A text within name, preset, tags or notes, whatever the case."""

    def holds(column: str) -> Condition:
        return Condition(f"instr({_folded(column)}, ?)", (text.casefold(),))

    return _joined("or", (_of_key(key, holds) for key in ("name", "preset", "tag", "note")))


def complete(
    text: str, cursor: int, values: Mapping[str, Collection[str]], config_paths: Collection[str]
) -> list[Completion]:
    """What can stand at the cursor: keys, and after the sign of a key its values.

    Args:
        values: for each key its values, such as the names of data sets and the tags.
        config_paths: the dotted paths of a config that can be asked for.
    """
    cursor = min(max(cursor, 0), len(text))
    spans = (found.span() for found in _TERM.finditer(text))
    start, end = next((at for at in spans if at[0] <= cursor <= at[1]), (cursor, cursor))
    keys = _fields(config_paths).values()
    compared = _COMPARISON.match(text, start, end)
    if compared and compared.end() <= cursor:
        start = compared.end()
        if text.count('"', start, cursor) % 2:
            end = text.find('"', cursor, end) + 1 or cursor
        known = {key.lower(): names for key, names in values.items()}
        offered = {_quoted(name): name for name in known.get(_canonical(compared[2]), ())}
        begun = "*".join(_pieces(text[start:cursor]))
    else:
        start += text.startswith("-", start, cursor)
        begun = text[start:cursor]
        end = compared.end(2) if compared else end
        sign = "" if compared else ":"
        offered = {key + (sign and ">" if key in _NUMBERS else sign): key for key in keys}
    return [
        Completion(insert, start, end)
        for insert, name in offered.items()
        if name.casefold().startswith(begun.casefold()) and insert != text[start:end]
    ]


def _quoted(value: str) -> str:
    """A value as a term must spell it."""
    if re.fullmatch(r'[^\s"*]+', value):
        return value
    escaped = re.sub(r'(["\\*])', r"\\\1", value)
    return f'"{escaped}"'


def _fields(config_paths: Iterable[str]) -> dict[str, str]:
    """Keys by their small letters; of the config only fields, not the tables around them."""
    tables = {path.rpartition(".")[0] for path in config_paths}
    fields = [path for path in config_paths if path not in tables and path not in _KEYS]
    return {key.lower(): key for key in (*_KEYS, *sorted(set(fields)))}


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _wrong(term: _Term, what: str, hint: str) -> ConfigError:
    return ConfigError(f"In the filter, {_shown(term.raw)} {what}.", hint)


def _term(word: str) -> _Term:
    """A word taken apart."""
    compared = _COMPARISON.match(word)
    if compared:
        minus, key, sign = compared.groups()
        term = _Term(word, bool(minus), _canonical(key), sign, word[compared.end() :])
    else:
        term = _Term(word, word.startswith("-"), "", "", word.removeprefix("-"))
    if any(piece[1] == "" and not piece[2] for piece in _PIECE.findall(term.value)):
        raise _wrong(term, "has a quote that is not closed", 'Close it with ".')
    if not term.value:
        missing = f"has no value after {sign!r}" if compared else "turns nothing round"
        raise _wrong(term, missing, "Write both without blanks between them, as in -tag:old.")
    if not compared and re.match(r"[:=<>]|!=", term.value):
        hint = "Write key, sign and value without blanks, as in acc>0.9; in quotes it is text."
        raise _wrong(term, "compares nothing", hint)
    return term


def _canonical(key: str) -> str:
    lowered = key.lower()
    return _ALIASES.get(lowered, lowered)


def _pieces(value: str) -> list[str]:
    """A value without its quotes, cut at its stars."""
    pieces = [""]
    for quoted, _, bare in _PIECE.findall(value):
        if bare:
            first, *more = bare.split("*")
            pieces[-1] += first
            pieces += more
            continue
        at = 0
        for found in _ESCAPED.finditer(quoted):
            pieces[-1] += quoted[at : found.start()] + (found[1] or "")
            at = found.end()
            if found[2]:
                pieces.append("")
        pieces[-1] += quoted[at:]
    return pieces


def _condition(term: _Term, fields: Mapping[str, str]) -> Condition:
    condition = _unnegated(term, fields)
    if not term.negated:
        return condition
    # What is not known does not hold, so its opposite does.
    return Condition(f"not coalesce({condition.sql}, 0)", condition.values)


def _unnegated(term: _Term, fields: Mapping[str, str]) -> Condition:
    if not term.key:
        return containing(term.text)
    if term.key in _NUMBERS:
        return _number_condition(term)
    if term.key in COLUMNS or term.key in _ROWS:
        if term.sign != ":":
            hint = f"Write {term.key}: before the text."
            raise _wrong(term, f"compares {term.key}, which is text", hint)
        pieces = _pieces(term.value)
        if term.key == "study":
            pieces = [*pieces[:-1], f"{pieces[-1]}/", ""]
        return _of_key(term.key, lambda column: _text_condition(term, _folded(column), pieces))
    return _config_condition(term, _json_path(term, fields))


def _json_path(term: _Term, fields: Mapping[str, str]) -> str:
    """The path of a config's field as SQLite writes it; entries of lists are numbers."""
    field = re.sub(r"\.[0-9].*", "", term.key)
    config_known = len(fields) > len(_KEYS)
    if field not in fields and (config_known or "." not in term.key):
        hint = f"{suggestion(term.key[:_LONGEST_SHOWN], fields.values())} In quotes it is text."
        raise _wrong(term, f"has an unknown key {_shown(term.key)}", hint.strip())
    parts = f"{fields.get(field, field)}{term.key[len(field) :]}".split(".")
    return "$" + "".join(f"[{part}]" if part.isdecimal() else f'."{part}"' for part in parts)


# Conditions


def _joined(word: str, conditions: Iterable[Condition]) -> Condition:
    parts = list(conditions)
    sql = f" {word} ".join(part.sql for part in parts)
    return Condition(f"({sql or 1})", tuple(value for part in parts for value in part.values))


def _of_key(key: str, holds: Callable[[str], Condition]) -> Condition:
    """Whether it holds for one of the columns or rows behind a key of texts."""
    if key in COLUMNS:
        return _joined("or", map(holds, COLUMNS[key]))
    table, column = _ROWS[key]
    inner = holds(column)
    sql = f"exists (select 1 from {table} where run_id = runs.id and {inner.sql})"
    return Condition(sql, inner.values)


def _folded(column: str) -> str:
    # The function takes no NULL, and `and` would not keep it from being called.
    return f"case when {column} is not null then casefold({column}) end"


def _text_condition(
    term: _Term, expression: str, pieces: Sequence[str], before: Sequence[Value] = ()
) -> Condition:
    """Whether an expression, in small letters and with values of its own, is the text."""
    folded = [piece.casefold() for piece in pieces]
    if len(folded) == 1:
        return Condition(f"({expression}) = ?", (*before, folded[0]))
    if sum(map(len, folded)) + len(folded) > _LONGEST_PATTERN:
        hint = f"At most {_LONGEST_PATTERN:,} characters are allowed."
        raise _wrong(term, "is too long for a text with stars", hint)
    pattern = "*".join(re.sub(r"[\[?*]", r"[\g<0>]", piece) for piece in folded)
    return Condition(f"({expression}) glob ?", (*before, pattern))


def _number_condition(term: _Term) -> Condition:
    column, sign = _NUMBERS[term.key], term.sign.replace(":", "=")
    if term.key == "started":
        return _date_condition(column, sign, *_dates(term))
    number = seconds_of(term.text) if term.key == "time" else number_of(term.text)
    if number is None:
        example = "5m or 1h30m" if term.key == "time" else "0.9 or 1e6"
        raise _wrong(term, "compares with what is no number", f"Write one such as {example}.")
    return Condition(f"{column} {sign} ?", (number,))


def _config_condition(term: _Term, path: str) -> Condition:
    is_number = "json_type(config, ?) in ('integer', 'real')"
    number = number_of(term.text)
    if term.sign != ":":
        if number is None:
            raise _wrong(term, "compares with what is no number", "Texts stand after a colon.")
        sql = f"({is_number} and json_extract(config, ?) {term.sign} ?)"
        return Condition(sql, (path, path, number))
    text = (
        "case json_type(config, ?) when 'true' then 'true' when 'false' then 'false'"
        " when 'null' then null else case when json_type(config, ?) is not null"
        " then casefold(cast(json_extract(config, ?) as text)) end end"
    )
    condition = _text_condition(term, text, _pieces(term.value), (path, path, path))
    if number is None:
        return condition
    same = Condition(f"({is_number} and json_extract(config, ?) = ?)", (path, path, number))
    return _joined("or", [condition, same])


# Dates


def _dates(term: _Term) -> tuple[str, str]:
    """When a date begins and when it is over, as the history writes times."""
    try:
        year, *more = map(int, _DATE.fullmatch(term.text)[0].split("-"))  # type: ignore[index]
        month, day, *_ = [*more, 1, 1]
        start = datetime(year, month, day)
        days = 1 if len(more) == 2 else 31 if more else 366
        after = start + timedelta(days=days)
        end = after if len(more) == 2 else after.replace(day=1)
        return _stored(start), _stored(end if more else end.replace(month=1))
    # No date, no such day, or the calendar ends before it is over.
    except (TypeError, ValueError, OverflowError, OSError):
        hint = "Write a date such as 2026-11-01, 2026-11 or 2026."
        raise _wrong(term, "compares with what is no date", hint) from None


def _stored(local: datetime) -> str:
    """A time without its milliseconds: the beginning of each text that the history has of it."""
    return local.astimezone(UTC).isoformat()[: len("2026-11-01T18:30:00")]


def _date_condition(column: str, sign: str, start: str, end: str) -> Condition:
    """A date is the whole span of its time, so `>` asks for what comes after its end."""
    within = f"({column} >= ? and {column} < ?)"
    if sign in ("=", "!="):
        return Condition(within if sign == "=" else f"not {within}", (start, end))
    compared = ">=" if sign.startswith(">") else "<"
    return Condition(f"{column} {compared} ?", (end if sign in (">", "<=") else start,))
