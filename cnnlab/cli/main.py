"""The command `cnnlab`: the groups of commands, and the one place where errors are shown.

The modules of the groups import typer and nothing heavy; what a command needs it imports when
it runs, so that `cnnlab --help` and `cnnlab runs list` answer at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import cnnlab
from cnnlab.cli import (
    attach,
    data,
    doctor,
    evaluate,
    export,
    history,
    models,
    predict,
    presets,
    run,
    runs,
    study,
)
from cnnlab.cli.console import err, open_streams, print_error, print_traceback, take_every_character
from cnnlab.cli.pipes import ending_with_the_reader
from cnnlab.cli.screens import open_screens
from cnnlab.cli.usage_errors import SafeGroup
from cnnlab.errors import CnnlabError

app = typer.Typer(
    name="cnnlab",
    cls=SafeGroup,
    help="Train image classifiers in the terminal, keep every run, compare honestly.\n\n"
    "Without a command, cnnlab opens its screens.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("attach")(attach.attach)
app.command("export")(export.export)
app.command("predict")(predict.predict)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(runs.app, name="runs")
app.add_typer(study.app, name="study", no_args_is_help=True)
app.add_typer(presets.app, name="presets")
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")
app.add_typer(history.app, name="history")
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cnnlab {cnnlab.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Train image classifiers in the terminal, keep every run, compare honestly."""
    del debug, version  # read from the command line in `main`, which sees every error
    if context.invoked_subcommand is None:
        from cnnlab.home import Home

        open_screens(Home.from_environment(), instead=context.get_help)


def main() -> None:
    """Runs the command line; every error ends as one sentence and an exit code."""
    open_streams()
    take_every_character()
    with ending_with_the_reader():
        _run()


def _run() -> None:
    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except CnnlabError as error:
        if debug:
            print_traceback(error)
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err().print("Stopped.")
        sys.exit(130)
    except Exception as error:
        if debug:
            print_traceback(error)
        message = f"Unexpected {type(error).__name__}: {error}"
        print_error(CnnlabError(message, "`cnnlab --debug …` shows the traceback."))
        sys.exit(1)
