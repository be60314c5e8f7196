"""`cnnlab presets`: the named configs, as tables, as TOML files to edit, and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.errors import ConfigError
from cnnlab.home import Home

if TYPE_CHECKING:
    from rich.text import Text

    from cnnlab.config.presets import About, Preset
    from cnnlab.errors import CnnlabError

_WIDEST = 100
"""Columns of running text; longer lines are hard to read."""

app = typer.Typer(help="List, show and check presets.", no_args_is_help=True)


@app.command("list")
def list_presets(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the presets, the shipped ones and your own."""
    from cnnlab.config import presets

    home = Home.from_environment()
    found = {name: _load_or_error(home, name) for name in presets.names(home)}
    if as_json:
        print_json([_summary(name, entry) for name, entry in found.items()])
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Preset", no_wrap=True)
    table.add_column("Title", ratio=1)
    table.add_column("Data set", no_wrap=True)
    table.add_column("Model", no_wrap=True)
    table.add_column("Published", justify="right", no_wrap=True)
    for name, entry in found.items():
        table.add_row(*_row(name, entry))
    out().print(table)
    err().print("\n`cnnlab presets show NAME` prints one, `cnnlab run NAME` trains it.")


@app.command("show")
def show_preset(
    name: Annotated[str, typer.Argument(help="Name of a preset, or path of a preset file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a preset with its whole config.

    Into a file it goes as a preset file to edit: `cnnlab presets show NAME > my.toml`.
    """
    from cnnlab.config import presets, writing

    preset = presets.load(Home.from_environment(), name)
    if as_json:
        print_json(_as_json(preset))
    elif out().is_terminal:
        _show_on_terminal(preset)
    else:
        typer.echo(writing.preset_toml(preset.about, preset.config), nl=False)


@app.command("check")
def check_presets(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Preset files, or names of presets.")
    ],
) -> None:
    """Check preset files; name everything that is wrong with each."""
    from rich.text import Text

    from cnnlab.config import presets

    home = Home.from_environment()
    wrong = 0
    for file in (str(Path(name)) for name in files):
        error = presets.check(home, file)
        if error is None:
            out().print(Text(f"{file}: ok"), soft_wrap=True)
            continue
        wrong += 1
        for line in _findings(file, error):
            out().print(Text(line, style="red"), soft_wrap=True)
    if wrong:
        raise typer.Exit(ConfigError.exit_code)


@app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a preset file, for editors."""
    from cnnlab.config import presets

    print_json(presets.json_schema())


def _load_or_error(home: Home, name: str) -> Preset | CnnlabError:
    """A preset, or why it cannot be loaded: one broken file leaves the others usable."""
    from cnnlab.config import presets

    try:
        return presets.load(home, name)
    except ConfigError as error:
        return error


def _row(name: str, entry: Preset | CnnlabError) -> tuple[Text, ...]:
    from rich.text import Text

    from cnnlab.errors import CnnlabError

    if isinstance(entry, CnnlabError):
        why = Text(f"broken: {_plain(str(entry)).splitlines()[0]}", style="red")
        return Text(_plain(name)), why, Text(""), Text(""), Text("")
    accuracy = entry.about.published.accuracy
    cells = (
        name,
        entry.about.title,
        entry.config.data.name,
        entry.config.model.name,
        "" if accuracy is None else _aligned(_percent(accuracy)),
    )
    return tuple(Text(_plain(cell)) for cell in cells)


def _summary(name: str, entry: Preset | CnnlabError) -> dict[str, Any]:
    from cnnlab.errors import CnnlabError

    if isinstance(entry, CnnlabError):
        return {"name": name, "error": entry.message, "hint": entry.hint}
    return {
        "name": name,
        "title": entry.about.title,
        "data_set": entry.config.data.name,
        "model": entry.config.model.name,
        "published": entry.about.published.model_dump(mode="json"),
        "path": str(entry.path),
    }


def _as_json(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "path": str(preset.path),
        **preset.about.model_dump(mode="json"),
        "config": preset.config.model_dump(mode="json"),
    }


def _show_on_terminal(preset: Preset) -> None:
    """The words in a column of readable width, then the config in colour."""
    from rich.syntax import Syntax
    from rich.table import Table
    from rich.text import Text

    from cnnlab.config import writing

    width = min(_WIDEST, out().width)
    out().print(Text(_plain(preset.about.title or preset.name), style="bold"), width=width)
    for paragraph in _plain(preset.about.description).strip().split("\n\n"):
        if paragraph:
            out().print("", Text(" ".join(paragraph.split())), sep="\n", width=width)
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, value in _facts(preset.about, preset):
        if value:
            facts.add_row(label, Text(_plain(value)))
    out().print("", facts, "", sep="\n", width=width)
    config = writing.config_toml(preset.config).rstrip()
    out().print(Syntax(config, "toml", theme="ansi_dark", background_color="default"))


def _facts(about: About, preset: Preset) -> list[tuple[str, str]]:
    figures = about.published.model_dump(exclude_none=True).items()
    return [
        ("Name", preset.name),
        ("Source", about.source),
        (
            "Published",
            ", ".join(f"{name.replace('_', ' ')} {_percent(value)}" for name, value in figures),
        ),
        ("Assumed", ", ".join(about.assumed)),
        ("Extends", about.extends),
        ("File", str(preset.path)),
    ]


def _percent(share: float) -> str:
    """A share in percent, with no more digits than the source prints."""
    return f"{share * 100:.4g}%"


def _aligned(percent: str) -> str:
    """Percentages with and without decimals, one below the other: room for two decimals."""
    whole = percent.rstrip("%").partition(".")[0]
    return percent.ljust(len(whole) + len(".00%"))


def _findings(file: str, error: CnnlabError) -> list[str]:
    """Every line of an error with the file's name."""
    lines = error.message.splitlines()
    lines[-1] = f"{lines[-1]} {error.hint}".rstrip()
    return [line if file in line else f"{file}: {line}" for line in lines]


def _plain(text: str) -> str:
    """A text without what would move the cursor or colour the terminal."""
    return "".join(mark if mark.isprintable() or mark == "\n" else "�" for mark in text)
