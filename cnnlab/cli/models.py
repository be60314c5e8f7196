"""`cnnlab models`: the architectures, their fields, and what they are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.errors import ConfigError, unknown_name
from cnnlab.home import Home

if TYPE_CHECKING:
    from rich.table import Table

    from cnnlab.config.component import Component
    from cnnlab.models.inspection import ModelSummary

Shape = tuple[int, int, int]

_SHAPES: dict[str, Shape] = {"lenet": (1, 28, 28)}
"""Images that a model is usually fed with, where they are not those of CIFAR-10."""

_USUAL_SHAPE: Shape = (3, 32, 32)
_USUAL_CLASSES = 10

app = typer.Typer(help="List the models and show what they are made of.", no_args_is_help=True)


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models with their fields and defaults."""
    kinds = _kinds()
    if as_json:
        print_json([{**_introduction(kind), "fields": _fields(kind)} for kind in kinds.values()])
        return
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, kind in kinds.items():
        defaults = (f"{field['name']}={_written(field['default'])}" for field in _fields(kind))
        fields = Text("  ".join(defaults), style="dim")
        sentence = Text(_introduction(kind)["summary"])
        table.add_row(Text(name, style="bold"), Group(sentence, fields))
    out().print(table)
    err().print("`cnnlab models show NAME` explains the fields and counts the weights.")


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="Name of a model.")],
    shape: Annotated[
        str | None,
        typer.Option(metavar="CxHxW", help="Channels, height and width of an image: 3x32x32."),
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="Number of classes.")] = None,
    data_set: Annotated[
        str | None, typer.Option(metavar="NAME", help="Take shape and classes of a data set.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a model's fields, and its layers with shapes, parameters and FLOPs."""
    kinds = _kinds()
    if name not in kinds:
        raise unknown_name("model", name, kinds, "See `cnnlab models list`.")
    config = _configured(kinds[name], name, settings or [])
    images, outputs = _input(name, shape, classes, data_set)
    summary = _summary(config, images, outputs)
    if as_json:
        print_json(_as_json(config, summary, images, outputs))
        return
    from rich.text import Text

    sides = "x".join(map(str, images))
    blocks = (
        Text(_description(type(config))),
        _field_table(config),
        Text(f"Layers for images of {sides} and {outputs:,} classes:"),
        _layer_table(summary),
        Text(_remark(summary)),
    )
    for position, block in enumerate(blocks):
        if position:
            out().print()
        out().print(block)


def _kinds() -> dict[str, type[Component]]:
    from cnnlab.config.component import members
    from cnnlab.config.models import ModelConfig

    return members(ModelConfig)


def _configured(kind: type[Component], name: str, settings: list[str]) -> Component:
    """The model's fields with the settings; ``model.channels=8`` is read as ``channels=8``."""
    from cnnlab.config.overrides import apply_settings
    from cnnlab.config.validation import validate

    changes = [setting.strip().removeprefix("model.") for setting in settings]
    return validate(kind, apply_settings({"name": name}, changes))


def _input(
    name: str, shape: str | None, classes: int | None, data_set: str | None
) -> tuple[Shape, int]:
    """Shape and number of classes: as given, else of the data set, else the usual ones."""
    usual, number = _SHAPES.get(name, _USUAL_SHAPE), _USUAL_CLASSES
    if data_set is not None:
        usual, number = _of_data_set(data_set)
    return (_read_shape(shape) if shape else usual), classes or number


def _of_data_set(name: str) -> tuple[Shape, int]:
    from cnnlab.data.catalog import KNOWN

    if name in KNOWN:
        return KNOWN[name].shape, len(KNOWN[name].classes)
    from cnnlab.data import library

    info = library.info(Home.from_environment(), name)
    return info.shape, len(info.classes)


def _read_shape(text: str) -> Shape:
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if not found:
        raise ConfigError(
            f"The shape {text!r} is not of the form CHANNELSxHEIGHTxWIDTH.",
            "For example: --shape 3x32x32",
        )
    channels, height, width = map(int, found.groups())
    return channels, height, width


def _summary(config: Any, shape: Shape, classes: int) -> ModelSummary:
    """The layers of the model that a config names."""
    with err().status("Loading PyTorch …"):
        from cnnlab.models.build import outline_model
        from cnnlab.models.inspection import inspect_model
    return inspect_model(outline_model(config, shape, classes), shape)


def _description(kind: type[Component]) -> str:
    """The docstring of a config class, its lines joined to paragraphs."""
    import inspect

    paragraphs = (inspect.getdoc(kind) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _introduction(kind: type[Component]) -> dict[str, str]:
    """Name and first sentence."""
    first = _description(kind).split("\n\n")[0]
    return {"name": kind.model_fields["name"].default, "summary": first}


def _fields(kind: type[Component]) -> list[dict[str, Any]]:
    """The fields with type in words, default and help."""
    from cnnlab.config.words import describe

    return [
        {
            "name": name,
            "type": describe(field),
            "default": field.get_default(call_default_factory=True),
            "help": " ".join((field.description or "").split()),
        }
        for name, field in kind.model_fields.items()
        if name != "name"
    ]


def _written(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value)).replace(" ", "") if isinstance(value, tuple) else str(value)


def _field_table(config: Component) -> Table:
    """The fields; values that were set are marked."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Field", no_wrap=True)
    table.add_column("Default", no_wrap=True)
    changed = config.model_fields_set - {"name"}
    if changed:
        table.add_column("Set", no_wrap=True)
    table.add_column("Meaning and values")
    for field in _fields(type(config)):
        name = field["name"]
        row = [Text(name), Text(_written(field["default"]))]
        if changed:
            value = _written(getattr(config, name)) if name in changed else ""
            row.append(Text(value, style="bold"))
        words = Text(f"{field['help']} ")
        words.append(f"{field['type'][0].upper()}{field['type'][1:]}.", style="dim")
        table.add_row(*row, words)
    return table


def _layer_table(summary: ModelSummary) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Layer", no_wrap=True)
    table.add_column("Kind", no_wrap=True)
    table.add_column("Output", justify="right", no_wrap=True)
    table.add_column("Parameters", justify="right", no_wrap=True)
    table.add_column("FLOPs", justify="right", no_wrap=True)
    for layer in summary.layers:
        output = "x".join(map(str, layer.output_shape))
        counts = (f"{count:,}" if count else "" for count in (layer.parameters, layer.flops))
        table.add_row(Text(layer.name), Text(layer.kind), output, *counts)
    totals = (f"{summary.parameters:,}", f"{summary.flops:,}")
    table.add_row("Total", "", "", *totals, style="bold")
    return table


def _remark(summary: ModelSummary) -> str:
    """What the table does not say of itself."""
    counted = "FLOPs are those of one image, forward, with a multiply-add counted as two."
    frozen = summary.parameters - summary.trainable
    return f"{counted} {frozen:,} parameters are frozen." if frozen else counted


def _as_json(
    config: Component, summary: ModelSummary, shape: Shape, classes: int
) -> dict[str, Any]:
    import dataclasses

    return {
        "name": config.name,
        "description": _description(type(config)),
        "fields": _fields(type(config)),
        "config": config.model_dump(mode="json"),
        "shape": shape,
        "classes": classes,
        **dataclasses.asdict(summary),
    }
