"""`cnnlab predict`: what a run says of image files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.bars import progress_bar
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.control import RunArgument
from cnnlab.cli.options import DeviceOption, JsonOption, WeightsOption
from cnnlab.events import CHECKPOINTS
from cnnlab.home import Home, expanded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnlab.inference.prediction import Prediction
    from cnnlab.inference.trained import TrainedModel


def predict(
    run: RunArgument,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", help="Image files, or folders of them."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    checkpoint: WeightsOption = "best",
    invert: Annotated[
        bool,
        typer.Option(
            "--invert",
            help="Swap black and white before: for dark digits on paper, where the run was trained "
            "on light ones.",
        ),
    ] = False,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Classify images with the checkpoint of a run.

    An image is scaled to cover the size of the run's own images and cut at its centre.

    It should look like them: for MNIST, one light digit in the middle of black.

    What cannot be read is told, the others are classified, and the exit code is 1.
    """
    from cnnlab.errors import known_name
    from cnnlab.history.queries import Reader
    from cnnlab.inference.image_files import image_files

    kind = known_name("checkpoint", checkpoint, CHECKPOINTS)
    home = Home.from_environment()
    with Reader(home) as reader:
        run_id = reader.resolve(run)
        reader.checkpoint(reader.run(run_id), kind)
    files = image_files([expanded(path) for path in images])
    with err().status("Loading the model…"):
        from cnnlab.inference import prediction
        from cnnlab.inference.trained import load_trained

        trained = load_trained(home, run_id, kind, device=device)
    with progress_bar() as progress:
        found = list(prediction.predict(trained, files, top=top, invert=invert, progress=progress))
    if as_json:
        print_json(_as_json(trained, found))
    else:
        _print(found)
    if any(one.error for one in found):
        raise typer.Exit(1)


def _as_json(trained: TrainedModel, found: Sequence[Prediction]) -> dict[str, Any]:
    return {
        "run": trained.run.id,
        "checkpoint": trained.kind,
        "predictions": [
            {
                "file": one.file,
                "top": [{"class": each.label, "confidence": each.confidence} for each in one.top],
                "error": one.error or None,
            }
            for one in found
        ],
    }


def _print(found: Sequence[Prediction]) -> None:
    from cnnlab.cli.tables import clipped, plain_table, print_table
    from cnnlab.export.format import one_line

    table = plain_table(
        "image",
        "class",
        "confidence",
        "then",
        left=2,
        words=("then",),
        flexible=("image", "then"),
    )
    for one in found:
        if one.error:
            err().print(f"{one_line(one.file)}: {one_line(one.error)}.", soft_wrap=True)
            continue
        first, *others = one.top
        then = ", ".join(f"{each.label} {each.confidence:.4f}" for each in others)
        table.add_row(
            clipped(one.file), one_line(first.label), f"{first.confidence:.4f}", clipped(then)
        )
    if table.row_count:
        print_table(out(), table)
