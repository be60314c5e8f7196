"""`cnnlab run --dry-run`: what a run would take, without training it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

from cnnlab.cli.console import err, out, print_json
from cnnlab.home import Home

if TYPE_CHECKING:
    from pathlib import Path

    from cnnlab.execution.requests import RunRequest


def print_preflight(home: Home, request: RunRequest, as_json: bool) -> None:
    """Takes a few steps, throws them away, and prints what the whole run would take.

    Raises:
        CnnlabError: the run cannot be trained as it is asked for.
    """
    from cnnlab.data import library

    config = request.config
    library.check_name(home, config.data.name)
    with err().status("Taking a few steps…"):
        from cnnlab.execution.requests import with_seed
        from cnnlab.training.preflight import preflight

        found = preflight(with_seed(config), library.require(home, config.data.name))
    free = shutil.disk_usage(_existing(home.root)).free
    whole = found.seconds_per_epoch * config.training.epochs
    figures = {
        "data": config.data.name,
        **asdict(found),
        "epochs": config.training.epochs,
        "seconds": whole,
        "disk_free_bytes": free,
    }
    if as_json:
        print_json(figures)
        return
    from cnnlab.cli.tables import pairs_table
    from cnnlab.export.preflight_words import preflight_words

    out().print(pairs_table(preflight_words(figures)))


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())
