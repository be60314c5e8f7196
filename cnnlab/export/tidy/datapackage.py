"""What the columns of CSV files mean, as a Data Package (https://specs.frictionlessdata.io)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnnlab import __version__
from cnnlab.export.tidy.columns import Column, ColumnType, TidyTable
from cnnlab.export.tidy.tables import RUNS
from cnnlab.history.recorder import now

_TYPES: dict[ColumnType, str] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "time": "datetime",
}


def write_datapackage(path: Path, tables: Sequence[TidyTable], counts: Mapping[str, int]) -> None:
    """Writes it.

    Args:
        tables: those whose files lie beside it.
        counts: the number of rows of each.
    """
    package = {
        "profile": "tabular-data-package",
        "name": "cnnlab-export",
        "title": "Runs of cnnlab",
        "created": now(),
        "cnnlab": __version__,
        "resources": [_resource(table, counts[table.name], tables) for table in tables],
    }
    path.write_text(f"{json.dumps(package, indent=2, ensure_ascii=False)}\n", "utf-8")


def _resource(table: TidyTable, count: int, tables: Sequence[TidyTable]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    if RUNS in tables and table is not RUNS and table.read_study is None:
        to = {"resource": RUNS.name, "fields": "run_id"}
        schema["foreignKeys"] = [{"fields": "run_id", "reference": to}]
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": f"{table.name}.csv",
        "title": f"A row is {table.what}",
        "rows": count,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"lineTerminator": "\n"},
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "description": f"{column.meaning}.",
    }
    if column.type == "time":
        field["format"] = "any"  # the default one knows neither milliseconds nor `+00:00`
    if column.unit:
        field["unit"] = column.unit
    # A text may be empty, which an empty cell cannot tell from one that is not there.
    required = not column.empty and column.type != "text"
    constraints: dict[str, Any] = {"required": True} if required else {}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    return field | ({"constraints": constraints} if constraints else {})
