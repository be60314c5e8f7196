"""`--tensorboard DIR`: what is trained is also written for those who have TensorBoard open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TensorboardOption = Annotated[
    Path | None,
    typer.Option(
        "--tensorboard",
        metavar="DIR",
        envvar="CNNLAB_TENSORBOARD",
        help="Also write TensorBoard event files, in a folder of DIR for each run.",
    ),
]


def write_tensorboard(folder: Path | None) -> None:
    """Has all runs that are trained from now on written into a folder, if one is named.

    Raises:
        ConfigError, StorageError: the extra is not installed, or the folder cannot be written.
    """
    if folder is None:
        return
    from cnnlab.execution.tensorboard import write_into

    write_into(folder)
