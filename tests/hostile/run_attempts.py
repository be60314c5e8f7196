"""Histories and archives of runs from outside."""

from __future__ import annotations

import functools
import io
import json
import random
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from history.samples import add_run, life, record
from hostile import damage
from hostile.bringing import Attempt
from interchange.archives import add_whole_run, rewrite, write
from rich.console import Console

from cnnlab.cli.report import CurveOptions, print_run
from cnnlab.cli.safe_console import SafeConsole
from cnnlab.cli.tables import runs_table
from cnnlab.config import presets
from cnnlab.export.formats import export_format
from cnnlab.export.job import ExportJob
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs


@functools.cache
def _history() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        for number in range(3):
            add_run(
                home,
                f"run{number}",
                config=presets.load(home, "quickstart").config.model_dump(mode="json"),
                preset="quickstart",
                tags=("good",),
                note="a note",
                versions={"torch": "2.11"},
                git={"commit": "0" * 40, "branch": "main", "modified": False},
            )
            record(home, f"run{number}", *life())
        with closing(sqlite3.connect(home.history)) as connection:
            connection.execute("pragma journal_mode = delete")
        return home.history.read_bytes()


def _bring_history(chance: random.Random, folder: Path) -> Path:
    """A home with a history of damaged pages, or of sound pages with values that cannot be."""
    root = folder / "home"
    root.mkdir()
    path = root / "history.db"
    if chance.random() < 0.5:
        path.write_bytes(damage.damaged(_history(), chance))
        return root
    path.write_bytes(_history())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("pragma ignore_check_constraints = on")
        tables = [row[0] for row in connection.execute(
            "select name from sqlite_master where type = 'table' and substr(name, 1, 1) != '_'"
        )]  # fmt: skip
        for _ in range(chance.randint(1, 3)):
            table = chance.choice(tables)
            columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
            values: Sequence[Any] = (
                *damage.NUMBERS[:9], *damage.WORDS, float("inf"), -1.5, b"\xff\x00",
                '["a"]', '{"a":1}',
            )  # fmt: skip
            # Some values not even a damaged table takes.
            with suppress(sqlite3.Error, OverflowError):
                connection.execute(
                    f"update {table} set {chance.choice(columns)} = ?", [chance.choice(values)]
                )
    return root


@functools.cache
def _archived() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        add_whole_run(home, "aaaa0001", tags=("good",), note="a note")
        write(home, Path(folder) / "x.zip", "aaaa0001")
        return (Path(folder) / "x.zip").read_bytes()


def _bring_archive(chance: random.Random, folder: Path) -> Path:
    """A damaged archive, or one whose rows were changed by somebody who knows of checksums."""
    path = folder / "brought.cnnlab.zip"
    if chance.random() < 0.4:
        path.write_bytes(damage.damaged(_archived(), chance))
        return path
    path.write_bytes(_archived())

    def hurt(name: str, content: bytes) -> bytes:
        if name.endswith(".pt") or chance.random() < 0.5:
            return content
        if name == "manifest.json" or chance.random() < 0.3:
            return damage.damaged_text(content, chance) if name != "manifest.json" else content
        return _other_value(content, chance)

    rewrite(path, hurt)
    return path


def _other_value(content: bytes, chance: random.Random) -> bytes:
    """Lines of rows with values that cannot be."""
    lines = content.splitlines()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        with suppress(ValueError):
            row = json.loads(lines[at])
            values = row["columns"] if isinstance(row, dict) else row
            values[chance.randrange(len(values))] = chance.choice(
                (*damage.NUMBERS[:9], *damage.WORDS, float("inf"), -1.5, None, True, [], {})
            )
            lines[at] = json.dumps(row).encode()
    return b"\n".join(lines) + b"\n"


def _use_archive(_: Home, path: Path) -> None:
    place = Home(path.parent / "another home")
    import_runs(place, [path], ImportOptions())
    _use_history(place, place.root)


def console() -> Console:
    """A console that keeps nothing."""
    return SafeConsole(file=io.StringIO(), force_terminal=True, width=100)


def _use_history(_: Home, root: Path) -> None:
    with Reader(Home(root)) as reader:
        runs = reader.runs()
        console().print(runs_table(runs, 120))
        reader.resolve("latest")
        reader.tags()
        for run in runs:
            print_run(console(), reader, run, curves=CurveOptions())
            json.dumps(runs_as_json(reader, [run]))
    for form in ("csv", "jsonl", "parquet"):
        job = ExportJob(Home(root), tuple(run.id for run in runs))
        export_format(form).load()(job, root / f"runs.{form}")


RUNS: dict[str, Attempt] = {
    "history": Attempt(_bring_history, _use_history),
    "archive of runs": Attempt(_bring_archive, _use_archive),
}
