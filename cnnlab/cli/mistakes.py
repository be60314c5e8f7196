"""`cnnlab runs mistakes`: which images a run gets wrong, and how sure it is of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.control import RunArgument
from cnnlab.cli.options import JsonOption, WeightsOption
from cnnlab.events import CHECKPOINTS, SPLITS
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.analysis.mistakes import Indices, Predictions

SHOWN = 20


def mistakes(
    run: RunArgument = "latest",
    split: Annotated[
        str, typer.Option(help="Whose images: those of train, validation or test.")
    ] = "test",
    checkpoint: WeightsOption = "best",
    true: Annotated[str, typer.Option(help="Only images of this class.")] = "",
    predicted: Annotated[str, typer.Option(help="Only images taken for this class.")] = "",
    with_correct: Annotated[
        bool, typer.Option("--with-correct", help="Also images that are classified correctly.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many images; 0 for all.")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """List the images that a run classifies wrongly, the most confident answers first.

    The checkpoint classifies the images again.

    A number counts the stored images from 0: the test images for test, else all training images.
    """
    from cnnlab.errors import known_name
    from cnnlab.history.origins import require_config
    from cnnlab.history.queries import Reader

    part = known_name("split", split, SPLITS)
    kind = known_name("checkpoint", checkpoint, CHECKPOINTS)
    home = Home.from_environment()
    with Reader(home) as reader:
        record = reader.run(reader.resolve(run))
        require_config(record)
        reader.checkpoint(record, kind)
    from cnnlab.analysis.mistakes import predictions
    from cnnlab.inference.trained import load_trained

    trained = load_trained(home, record.id, kind, device=None)
    classes = trained.images.classes
    labels = [
        classes.index(known_name("class", name, classes)) if name else None
        for name in (true, predicted)
    ]
    seen = predictions(home, trained, part)
    same = labels[0] is not None and labels[0] == labels[1]
    chosen = seen.surest(true=labels[0], predicted=labels[1], with_correct=with_correct or same)
    shown = chosen[:limit] if limit else chosen
    if as_json:
        about = {"run": record.id, "split": split, "checkpoint": checkpoint}
        print_json({**about, **_as_json(seen, shown)})
    else:
        for remark in seen.remarks:
            err().print(remark, soft_wrap=True)
        if len(shown):
            _print(seen, shown)
    if len(shown) < len(chosen) or not len(chosen):
        found = f"{len(shown)} of {len(chosen):,} images" if len(chosen) else "No images."
        err().print(f"{found}; --limit 0 lists all." if len(chosen) else found)


def _as_json(seen: Predictions, chosen: Indices) -> dict[str, Any]:
    """Numbers, class names and confidences of the chosen images; how many there are, and remarks.

    A confidence is None where the model's outputs are not numbers, since its training diverged.
    """
    from cnnlab.export.json_text import finite

    rows = zip(
        seen.index[chosen].tolist(),
        seen.true[chosen].tolist(),
        seen.predicted[chosen].tolist(),
        seen.confidence[chosen].tolist(),
        strict=True,
    )
    return {
        "images": len(seen.index),
        "remarks": list(seen.remarks),
        "predictions": [
            {
                "index": index,
                "true": seen.classes[true],
                "predicted": seen.classes[predicted],
                "confidence": finite(confidence),
            }
            for index, true, predicted, confidence in rows
        ],
    }


def _print(seen: Predictions, chosen: Indices) -> None:
    from cnnlab.cli.tables import plain_table, print_table
    from cnnlab.export.format import format_figure, one_line
    from cnnlab.export.json_text import finite

    words = ("class", "taken for")
    table = plain_table("image", *words, "confidence", left=0, words=words)
    for at in chosen.tolist():
        table.add_row(
            f"{seen.index[at]:,}",
            one_line(seen.classes[seen.true[at]]),
            one_line(seen.classes[seen.predicted[at]]),
            format_figure(finite(seen.confidence[at])),
        )
    print_table(out(), table)
