"""The tab that says what the run was: its config against its preset, and what it ran on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.widget import Widget

from cnnlab.amounts import how_many
from cnnlab.config.differences import flat
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import CnnlabError
from cnnlab.export.format import format_time, one_line, visible
from cnnlab.export.run_words import component, run_words
from cnnlab.home import Home
from cnnlab.tui.background import behind
from cnnlab.tui.screens.result.tab import Page, ResultTab, Row, Rows

_ABOUT = (
    "run", "status", "origin", "preset", "data", "model", "device", "started", "time", "best",
    "tags",
)  # fmt: skip
_MACHINE = ("versions", "commit")
_CHANGED = "●"
_ABSENT = object()


@dataclass(frozen=True)
class ConfigLine:
    """A field of a config; `before` is what the preset has there, empty where that is the same."""

    path: str
    value: str
    before: str = ""


def config_lines(home: Home, config: Mapping[str, Any], preset: str | None) -> list[ConfigLine]:
    """The fields of a run's config, with what its preset has where that differs.

    Raises:
        ConfigError: the preset is gone or damaged, or the config is none of this version.
    """
    from cnnlab.config import presets

    fields = flat(validate(RunConfig, config))
    base = flat(presets.load(home, preset).config) if preset else fields
    lines = []
    for path in dict.fromkeys((*fields, *base)):
        value, before = fields.get(path, _ABSENT), base.get(path, _ABSENT)
        drawn = path == "training.seed" and before is None
        same = value == before or drawn
        lines.append(ConfigLine(path, _words(value), "" if same else _words(before)))
    return lines


def _words(value: Any) -> str:
    """A value as TOML has it; a list of components by their names and fields."""
    if value is _ABSENT:
        return "absent"
    if value is None:
        return "none"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(component(entry) for entry in value)
    return one_line(json.dumps(value, ensure_ascii=False))


class SetupTab(ResultTab):
    """Config, machine, tags and notes."""

    def compose(self) -> Iterable[Widget]:
        """One long text."""
        with Page():
            yield Rows()

    async def fill(self) -> None:
        """Compares with the preset, which is read behind."""
        home, run = self.lab.session.home, self.facts.run
        if not run.config:
            self._show([_line("No config is known of it.")])
            return
        self._show([_line("reading the preset…", "dim")])
        behind(
            self,
            lambda: config_lines(home, run.config, run.preset),
            lambda lines: self._show(self._config(lines)),
            self._fail,
        )

    def _fail(self, error: Exception) -> None:
        """Shows the config alone where the preset cannot be read."""
        if not isinstance(error, CnnlabError):
            self.lab.report(error)
        words = _line(f"Not compared with its preset: {one_line(str(error))}", "bold")
        try:
            lines = config_lines(self.lab.session.home, self.facts.run.config, None)
        except CnnlabError:
            stored = json.dumps(self.facts.run.config, indent=2, ensure_ascii=False)
            self._show([words, _line(visible(stored))])
            return
        self._show([words, *self._config(lines)])

    def _show(self, config: Sequence[Row]) -> None:
        facts = self.facts
        known = dict(run_words(facts.run, facts.epochs))
        rows = _rows((name, known[name]) for name in _ABOUT)
        for note in facts.notes:
            row = (f"note of {format_time(note.written_at)}", note.text)
            rows += _rows([row], width=0)
        rows += [_line(""), *config]
        if facts.run.host:
            rows += [_line(""), _line("machine", "bold")]
            rows += _rows([("host", f"{facts.run.host}, process {facts.run.pid}")])
            rows += _rows((name, known[name]) for name in _MACHINE)
        self.query_one(Rows).show(rows)

    def _config(self, lines: list[ConfigLine]) -> list[Row]:
        rows = []
        changed = sum(bool(line.before) for line in lines)
        preset = self.facts.run.preset
        if preset:
            fields = how_many(changed, "field")
            against = f"{fields} not as in the preset {one_line(preset)}"
            rows.append(_line(against if changed else f"all as in the preset {one_line(preset)}"))
        colour = self.app.theme_variables["warning"]
        for heading, fields_of in _by_table(lines):
            rows += [_line(""), _line(f"[{heading}]", "bold")]
            rows += [_field(name, line, colour) for name, line in fields_of]
        return rows


def _line(text: str, style: str = "") -> Row:
    """A text that hangs from nothing."""
    return Text(), Text(text, style)


def _field(name: str, line: ConfigLine, colour: str) -> Row:
    """A field of a config, with a sign and what the preset has where that differs."""
    head = Text.assemble(
        (f"{_CHANGED if line.before else ' '} ", colour), (f"{name} = " if name else "", "dim")
    )
    value = Text(line.value, f"bold {colour}" if line.before else "")
    return head, Text.assemble(value, (f"   was {line.before}" if line.before else "", "dim"))


def _by_table(lines: list[ConfigLine]) -> Iterator[tuple[str, list[tuple[str, ConfigLine]]]]:
    """The fields below the names of their tables; a list of components is its own table."""
    tables: dict[str, list[tuple[str, ConfigLine]]] = {}
    for line in lines:
        table, _, name = line.path.partition(".")
        tables.setdefault(table, []).append((name, line))
    yield from tables.items()


def _rows(rows: Iterable[tuple[str, str]], width: int = 10) -> list[Row]:
    """Names and values below each other; those without a value are left out."""
    return [
        (Text(f"{name:<{width}}  ", "dim"), Text(visible(value))) for name, value in rows if value
    ]
