"""`cnnlab presets`: named configs, and checks for files of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.console import err, out, print_error, print_json
from cnnlab.cli.options import JsonOption
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.config.presets import Preset

app = typer.Typer(help="See and check presets.", no_args_is_help=True)


@app.command("list")
def list_presets(as_json: JsonOption = False) -> None:
    """List the presets."""
    from cnnlab.config import presets

    home = Home.from_environment()
    loaded: dict[str, Preset | CnnlabError] = {}
    for name in presets.names(home):
        try:
            loaded[name] = presets.load(home, name)
        except CnnlabError as error:
            loaded[name] = error
    if as_json:
        print_json([_summary(name, preset) for name, preset in loaded.items()])
        return
    from rich.text import Text

    from cnnlab.cli.tables import clipped, plain_table, print_table
    from cnnlab.export.format import one_line

    table = plain_table(
        "name", "data set", "model", "published", "title",
        left=3, words=("title",), flexible=("title",),
    )  # fmt: skip
    for name, preset in loaded.items():
        if isinstance(preset, CnnlabError):
            table.add_row(
                Text(one_line(name)),
                "",
                "",
                "",
                clipped("broken: see `cnnlab presets check`", "red"),
            )
            continue
        config, about = preset.config, preset.about
        # Figures as the source prints them: 0.57 claims less than 0.5700.
        accuracy = about.published.accuracy
        published = "–" if accuracy is None else str(accuracy)
        table.add_row(
            Text(one_line(name)),
            Text(config.data.name),
            config.model.name,
            published,
            clipped(about.title),
        )
    print_table(out(), table)
    if out().is_terminal:
        err().print("The experiments of the reports are studies: `cnnlab study list`.")


def _summary(name: str, preset: Preset | CnnlabError) -> dict[str, Any]:
    if isinstance(preset, CnnlabError):
        return {"name": name, "error": str(preset)}
    return {
        "name": name,
        "title": preset.about.title,
        "dataset": preset.config.data.name,
        "model": preset.config.model.name,
        "published": preset.about.published.model_dump(exclude_none=True),
    }


@app.command("show")
def show_preset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name or path of a preset.")],
    as_json: JsonOption = False,
) -> None:
    """Show a preset whole, as a TOML file that could be one of your own."""
    from cnnlab.config import presets
    from cnnlab.config.toml import preset_as_toml
    from cnnlab.export.format import DECEPTIVE

    preset = presets.load(Home.from_environment(), name)
    if as_json:
        print_json(
            {
                "name": preset.name,
                "path": str(preset.path),
                **preset.about.model_dump(mode="json", exclude_none=True),
                "config": preset.config.model_dump(mode="json"),
            }
        )
        return
    text = preset_as_toml(preset).translate({code: f"\\U{code:08x}" for code in DECEPTIVE})
    if not out().is_terminal:
        typer.echo(text, nl=False)
        return
    from rich.syntax import Syntax

    err().print(f"# {preset.path}", soft_wrap=True)
    out().print(Syntax(text, "toml", theme="ansi_dark", background_color="default", word_wrap=True))


@app.command("check")
def check_presets(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Preset files, or names of presets.")
    ],
) -> None:
    """Check preset files, and that their models fit their images; nothing is trained."""
    from cnnlab.config import presets

    home = Home.from_environment()
    wrong = 0
    for file in files:
        try:
            found = presets.load_all(home, file)
            for preset in found:
                row = preset.name.rpartition("/")[2]
                _require_fit(home, preset, f"{file}: row {row}" if len(found) > 1 else file)
        except CnnlabError as error:
            wrong += 1
            print_error(error)
        else:
            out().print(f"{file}: ok", soft_wrap=True)
    if wrong:
        raise ConfigError(f"{wrong} of {len(files)} presets cannot be used.")


def _require_fit(home: Home, preset: Preset, where: str) -> None:
    """Tries the model on the shape of its images.

    Raises:
        ConfigError: it does not fit, or its data set is neither known nor on this machine.
    """
    with err().status("Loading PyTorch…"):
        from cnnlab.data import library
        from cnnlab.training.fitting import require_fit
    config = preset.config
    try:
        images = library.described(home, config.data.name)
        require_fit(config, images.shape, len(images.classes))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", error.hint) from None


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of preset files, for editors."""
    from cnnlab.config.presets import json_schema

    print_json(json_schema())
