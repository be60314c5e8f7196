"""`cnnlab data`: the images to train on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab.cli.bars import progress_bar
from cnnlab.cli.console import err, out, print_json
from cnnlab.cli.options import JsonOption
from cnnlab.errors import DataError
from cnnlab.home import Home, expanded

if TYPE_CHECKING:
    from rich.table import Table

    from cnnlab.data.catalog import KnownDataset
    from cnnlab.data.store import DatasetInfo

app = typer.Typer(help="See, download, import and remove data sets.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a data set.")]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Replace an earlier data set of that name.")
]


@app.command("list")
def list_datasets(as_json: JsonOption = False) -> None:
    """List the data sets that are here, and those that cnnlab knows."""
    from cnnlab.cli.tables import print_table
    from cnnlab.data import library

    home = Home.from_environment()
    here = set(library.present(home))
    rows = [_list_row(home, name, present=name in here) for name in library.names(home)]
    if as_json:
        print_json(rows)
        return
    print_table(out(), _list_table(rows))


def _list_row(home: Home, name: str, *, present: bool) -> dict[str, Any]:
    """One data set of the list; of a damaged file, what is wrong with it."""
    from cnnlab.data import store
    from cnnlab.data.catalog import KNOWN

    known = KNOWN.get(name)
    row: dict[str, Any] = {
        "name": name,
        "present": present,
        "shipped": bool(known and known.shipped),
        "title": known.title if known else name,
        "bytes": None,
    }
    images: DatasetInfo | KnownDataset | None = known
    if present:
        path = store.dataset_path(home, name)
        row["bytes"] = path.stat().st_size
        try:
            images = store.read_info(path)
        except DataError as error:
            return {**row, "error": str(error)}
    if images is not None:
        row |= {"shape": list(images.shape), "classes": len(images.classes)}
        row |= {"train_images": images.train_images, "test_images": images.test_images}
    return row


def _list_table(rows: list[dict[str, Any]]) -> Table:
    from rich.text import Text

    from cnnlab.amounts import format_shape
    from cnnlab.cli.tables import clipped, plain_table
    from cnnlab.export.format import format_bytes

    table = plain_table(
        "name", "here", "train", "test", "classes", "shape", "size", left=2, flexible=("name",)
    )
    for row in rows:
        size = format_bytes(row["bytes"]) if row["present"] else "–"
        if "error" in row:
            damaged = Text("damaged", style="red")
            table.add_row(
                clipped(row["name"]),
                damaged,
                "–",
                "–",
                "–",
                "–",
                size,
            )
            continue
        if row["present"]:
            here = Text("yes", style="green")
        else:
            here = Text("shipped" if row["shipped"] else "download or import", style="dim")
        table.add_row(
            clipped(row["name"]),
            here,
            f"{row['train_images']:,}",
            f"{row['test_images']:,}",
            str(row["classes"]),
            format_shape(row["shape"]),
            size,
        )
    return table


@app.command("show")
def show_dataset(
    name: NameArgument,
    samples: Annotated[
        int | None,
        typer.Option(min=0, help="Sample images of each class; by default one on a terminal."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Choose other samples.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show a data set: classes with counts, shape, mean and deviation, sample images."""
    from cnnlab.data import library, store

    home = Home.from_environment()
    with progress_bar() as progress:
        info = library.info(home, name, progress)
    path = store.dataset_path(home, name)
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(info), "path": str(path), "bytes": path.stat().st_size})
        return
    _print_info(info, path)
    if samples == 0 or (samples is None and not out().is_terminal):
        return
    from cnnlab.cli.pictures import can_draw, print_samples

    if can_draw(out()):
        out().print()
        print_samples(out(), store.load(path), samples or 1, seed)
    elif samples:
        err().print("Samples are drawn on a terminal with colours.")


def _print_info(info: DatasetInfo, path: Path) -> None:
    from rich.text import Text

    from cnnlab.amounts import format_shape
    from cnnlab.cli.tables import pairs_table, plain_table, print_table
    from cnnlab.export.format import format_bytes, format_time

    def per_channel(values: tuple[float, ...]) -> str:
        return ", ".join(f"{value:.4f}" for value in values)

    rows = [
        ("data set", f"{info.name}: {info.title}" if info.title != info.name else info.name),
        ("images", f"{info.train_images:,} training, {info.test_images:,} test"),
        ("shape", f"{format_shape(info.shape)} (channels x height x width)"),
        ("mean", per_channel(info.mean)),
        ("std", per_channel(info.std)),
        ("origin", f"{info.origin}, {format_time(info.imported_at)}"),
        ("file", f"{path} ({format_bytes(path.stat().st_size)})"),
    ]
    out().print(pairs_table(rows), soft_wrap=not out().is_terminal)
    out().print()
    table = plain_table("class", "train", "test")
    for label, train, test in zip(info.classes, info.train_counts, info.test_counts, strict=True):
        table.add_row(Text(label), f"{train:,}", f"{test:,}")
    print_table(out(), table)


@app.command("download")
def download(name: NameArgument, replace: ReplaceOption = False) -> None:
    """Download a known data set through torchvision and its mirrors."""
    with err().status("Loading torchvision…"):
        from cnnlab.data.download import download_dataset
    with progress_bar() as progress:
        info = download_dataset(Home.from_environment(), name, replace=replace, progress=progress)
    _tell_stored(info)


@app.command("import")
def import_(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A known name, or a new one of your own.")
    ],
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A folder, zip or tar with idx files, CIFAR batches, or images in "
            "train/<class> and test/<class>, or in <class> alone.",
        ),
    ],
    size: Annotated[
        str,
        typer.Option(
            metavar="N or HxW", help="Scale every image to cover this size, and keep its centre."
        ),
    ] = "",
    replace: ReplaceOption = False,
    test_share: Annotated[
        float,
        typer.Option(
            min=0.01, max=0.99, help="Share of each class to split off without a test part."
        ),
    ] = 0.2,
) -> None:
    """Import images that you bring, under a known name or one of your own."""
    from cnnlab.data.image_decoding import parse_size
    from cnnlab.data.importing import import_dataset

    wanted = parse_size(size) if size else None
    with progress_bar() as progress:
        info = import_dataset(
            Home.from_environment(),
            name,
            expanded(path),
            size=wanted,
            test_share=test_share,
            replace=replace,
            progress=progress,
        )
    _tell_stored(info)


def _tell_stored(info: DatasetInfo) -> None:
    err().print(
        f"{info.name}: {info.train_images:,} training and {info.test_images:,} test images, "
        f"{len(info.classes)} classes. See them with `cnnlab data show {info.name}`.",
        soft_wrap=True,
    )


@app.command("remove")
def remove(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a data set from this machine; runs that used it stay."""
    from cnnlab.data import library
    from cnnlab.export.format import format_bytes

    home = Home.from_environment()
    if name in library.present(home) and not yes:
        typer.confirm(f"Remove the data set {name} from {home.datasets}?", abort=True, err=True)
    freed = library.remove(home, name)
    err().print(f"Removed {name}; {format_bytes(freed)} are free again.")
