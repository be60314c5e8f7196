"""`cnnlab models`: the architectures, with their parameters and layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.options import JsonOption
from cnnlab.errors import ConfigError, unknown_name
from cnnlab.home import Home

if TYPE_CHECKING:
    from rich.table import Table

    from cnnlab.config.component import Component
    from cnnlab.config.models import Architecture
    from cnnlab.models.inspection import ModelSummary

app = typer.Typer(help="See the architectures.", no_args_is_help=True)

USUAL_CLASSES = 10


@app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the architectures."""
    models = _models()
    if as_json:
        print_json([{"name": name, **_described(kind)} for name, kind in models.items()])
        return
    from rich.text import Text

    from cnnlab.cli.tables import plain_table, print_table

    table = plain_table("name", "what it is", left=2, flexible=("what it is",))
    for name, kind in models.items():
        table.add_row(name, Text(_first_line(kind)))
        table.add_row("", Text(_defaults(kind), style="dim"))
    print_table(out(), table)
    err().print("`cnnlab models show NAME` lists fields and layers.")


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of an architecture.")],
    shape: Annotated[
        str, typer.Option(metavar="CxHxW", help="Channels, height and width of an image.")
    ] = "",
    classes: Annotated[
        int | None, typer.Option(min=2, help="Number of classes; 10 if absent.")
    ] = None,
    data_set: Annotated[
        str, typer.Option(metavar="NAME", help="Take shape and classes of a data set.")
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field; repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show an architecture: its fields, and its layers for images of a given shape."""
    from cnnlab.config.overrides import apply_settings
    from cnnlab.config.validation import validate

    models = _models()
    if name not in models:
        raise unknown_name("model", name, models, "See `cnnlab models list`.")
    kind = models[name]
    # As in a config: `model.channels=8` is `channels=8`.
    changes = [setting.strip().removeprefix("model.") for setting in settings or []]
    config: Any = validate(kind, apply_settings({"name": name}, changes))
    size, outputs = _images(name, shape, classes, data_set)
    with err().status("Loading PyTorch…"):
        from cnnlab.models.build import outline_model
        from cnnlab.models.inspection import inspect_model
    summary = inspect_model(outline_model(config, size, outputs), size)
    if as_json:
        from dataclasses import asdict

        described = {"name": name, **_described(kind), "config": config.model_dump(mode="json")}
        print_json({**described, "shape": list(size), "classes": outputs, **asdict(summary)})
        return
    _print_model(kind, config, summary, size, outputs)


def _models() -> dict[str, type[Architecture]]:
    from cnnlab.config.component import members
    from cnnlab.config.models import ModelConfig

    return cast("dict[str, type[Architecture]]", members(ModelConfig))


def _first_line(kind: type[Component]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _defaults(kind: type[Component]) -> str:
    """The fields with their defaults, as `--set` takes them."""
    fields = kind.model_fields.items()
    return "  ".join(
        f"{name}={_written(field.default)}" for name, field in fields if name != "name"
    )


def _written(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value)).replace(" ", "") if isinstance(value, tuple) else str(value)


def _described(kind: type[Component]) -> dict[str, Any]:
    """A model's words and fields, from its schema."""
    from cnnlab.config.words import describe

    fields = [
        {
            "name": name,
            "type": describe(field),
            "default": field.default,
            "help": field.description,
        }
        for name, field in kind.model_fields.items()
        if name != "name"
    ]
    return {"description": " ".join((kind.__doc__ or "").split()), "fields": fields}


def _images(
    name: str, shape: str, classes: int | None, data_set: str
) -> tuple[tuple[int, int, int], int]:
    """Shape and number of classes: as given, else the data set's, else the usual ones."""
    size, known = _parse_shape(shape) if shape else _models()[name].usual_shape, USUAL_CLASSES
    if data_set:
        from cnnlab.data import library

        images = library.described(Home.from_environment(), data_set)
        size, known = _parse_shape(shape) if shape else images.shape, len(images.classes)
    return size, classes or known


def _parse_shape(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"([1-9]\d?)x([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if match is None:
        raise ConfigError(
            f"--shape {text} is not a shape.", "Give channels, height and width: 3x32x32."
        )
    return int(match[1]), int(match[2]), int(match[3])


def _print_model(
    kind: type[Component],
    config: Component,
    summary: ModelSummary,
    shape: tuple[int, int, int],
    classes: int,
) -> None:
    from rich.text import Text

    from cnnlab.amounts import format_shape
    from cnnlab.cli.tables import plain_table, print_table
    from cnnlab.config.words import describe

    out().print(Text(" ".join((kind.__doc__ or "").split())))
    out().print()
    fields = plain_table("field", "value", "what it is", left=3, flexible=("what it is",))
    for name, field in kind.model_fields.items():
        if name != "name":
            value = getattr(config, name)
            words = Text(f"{field.description} ")
            words.append(f"({describe(field)})", style="dim")
            chosen = name in config.model_fields_set
            fields.add_row(name, Text(_written(value), style="bold" if chosen else ""), words)
    out().print(fields)
    out().print()
    out().print(f"Images {format_shape(shape)}, {classes} classes; FLOPs for one image, forward:")
    print_table(out(), _layer_table(summary))


def _layer_table(summary: ModelSummary) -> Table:
    from cnnlab.amounts import format_shape
    from cnnlab.cli.tables import plain_table

    table = plain_table("layer", "kind", "output", "parameters", "FLOPs", left=2)
    for layer in summary.layers:
        table.add_row(
            layer.name,
            layer.kind,
            format_shape(layer.output_shape),
            f"{layer.parameters:,}" if layer.parameters else "",
            f"{layer.flops:,}" if layer.flops else "",
        )
    table.add_row("total", "", "", f"{summary.parameters:,}", f"{summary.flops:,}", style="bold")
    return table
