"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

SomeRunsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="Ids, their beginnings, names, or `latest`."),
]
FilterOption = Annotated[
    str, typer.Option("--filter", metavar="TERMS", help='Such runs: "acc>0.9 -tag:old lenet".')
]
StudyOption = Annotated[str, typer.Option(help="All runs of this study's rows.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WeightsOption = Annotated[str, typer.Option("--checkpoint", help="Whose weights: best or last.")]
FiguresOption = Annotated[
    str,
    typer.Option(
        "--checkpoint", help="Whose figures count: those of the best or of the last checkpoint."
    ),
]
DeviceOption = Annotated[
    str, typer.Option(help="auto (the first CUDA device, else the CPU), cpu, cuda, cuda:1, mps.")
]
