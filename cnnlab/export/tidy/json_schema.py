"""The JSON Schema (draft 2020-12) of exports, made of the keys and the words of the tables.

``python -m cnnlab.export.tidy.json_schema`` prints it; ``docs/export.schema.json`` is what it
printed last.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from cnnlab.export import run_json as keys
from cnnlab.export.json_text import json_text
from cnnlab.export.tidy import result_tables as results
from cnnlab.export.tidy import tables
from cnnlab.export.tidy.columns import Column, TidyTable
from cnnlab.export.tidy.json_files import SCHEMA
from cnnlab.export.tidy.study_table import STUDY

Schema = dict[str, Any]

_TYPES = {"text": "string", "time": "string"}

_OF_RUN = {"id": "run_id", "group": "group_id"}
"""Keys of a run that are called otherwise in its table."""


def export_schema() -> Schema:
    """The schema of a JSON export; that of a line of JSON lines is its `$defs/run`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Export of cnnlab",
        "description": "Runs as `cnnlab export --format json` writes them. With --format jsonl"
        " each line is a run, as $defs/run says. A figure that is not known, or was not a number,"
        " is null. Shares, such as accuracies, lie between 0 and 1; epochs and steps count from 1."
        " Later versions may add keys; `schema` grows when one goes or means something else.",
        **_object(
            {
                "cnnlab": {"type": "string", "description": "Version that wrote it."},
                "schema": {"const": SCHEMA, "description": "Version of this schema."},
                "exported_at": _time("When it was written"),
                "study": _list(
                    "study_figure",
                    "Published against measured, where a whole study was exported; else empty.",
                ),
                "runs": _list("run", "The runs, in the order in which they were asked for."),
            }
        ),
        "$defs": {
            "study_figure": _of(STUDY, STUDY.header),
            "run": _run(),
            "epoch": _of(results.EPOCHS, keys.EPOCH_KEYS),
            "evaluation": _object(_evaluation(), "A split with a checkpoint at the run's end."),
            "later_evaluation": _object(
                {"dataset": _property(_column(results.EVALUATIONS, "dataset")), **_evaluation()},
                "A split of any data set with a checkpoint, after the run's end.",
            ),
            "validation": _object(
                {**_properties(results.EVALUATIONS, keys.VALIDATION_KEYS), "classes": _classes()},
                "The validation split with the weights of a moment.",
            ),
            "class": _of(results.CLASS_METRICS, keys.CLASS_KEYS, {"name": "class_name"}),
            "checkpoint": _of(tables.CHECKPOINTS, keys.CHECKPOINT_KEYS),
            "note": _of(tables.NOTES, keys.NOTE_KEYS),
            "intervention": _of(tables.INTERVENTIONS, keys.INTERVENTION_KEYS),
            "log_line": _of(tables.LOG, keys.LOG_KEYS),
            "steps": _steps(),
        },
    }


def _run() -> Schema:
    made = {
        "config": {
            "type": "object",
            "description": "All that determines the run, defaults and drawn seed included, as"
            " `cnnlab presets schema` describes it; empty for imported curves.",
        },
        "versions": {
            "type": "object",
            "description": "Versions of the packages that it was trained with, by their names.",
            "additionalProperties": {"type": "string"},
        },
        "git": _git(),
    }

    def some(names: Iterable[str]) -> Schema:
        return {
            name: made.get(name) or _property(_column(tables.RUNS, _OF_RUN.get(name, name)))
            for name in names
        }

    return _object(
        {
            **some(keys.FIRST_KEYS),
            "epochs": _list("epoch", "Its epochs, in their order."),
            "evaluations": _list("evaluation", "Its evaluations at its end."),
            "checkpoints": _list("checkpoint", "Its checkpoints on disk."),
            **some(keys.MORE_KEYS),
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Its tags, in the order of the alphabet.",
            },
            "notes": _list("note", "What people wrote on it, the oldest first."),
            "validations": _list("validation", "Its validations on the way, in their order."),
            "interventions": _list("intervention", "How people changed its course, in order."),
            "later_evaluations": _list(
                "later_evaluation", "What `cnnlab evaluate` found after its end, oldest first."
            ),
            **some(("group", *keys.LAST_KEYS)),
            "steps": {"$ref": "#/$defs/steps"},
            "log": _list("log_line", "Its log, in order."),
        },
        "A run.",
    )


def _evaluation() -> Schema:
    return {
        **_properties(results.EVALUATIONS, keys.EVALUATION_KEYS),
        "classes": _classes(),
        **_properties(results.EVALUATIONS, keys.EVALUATED_KEYS),
        "confusion": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "description": "Confusion matrix: in row i and column j the number of images of class"
            " i that were taken for class j; classes in the order of `classes`.",
        },
    }


def _classes() -> Schema:
    return _list("class", "Figures of each class, in the order of their numbers.")


def _git() -> Schema:
    git = {
        "commit": _property(_column(tables.RUNS, "git_commit")),
        "modified": _property(_column(tables.RUNS, "git_modified")),
    }
    what = "State of cnnlab's source; null where it was not a checkout."
    return _object(git, what) | {"type": ["object", "null"]}


def _steps() -> Schema:
    columns = [column for column in results.STEPS.columns if column.name != "run_id"]
    return _object(
        {
            column.name: {
                "type": "array",
                "items": {"type": _property(column)["type"]},
                "description": f"{column.meaning}.",
            }
            for column in columns
        },
        "Optimizer updates: lists with an entry for each, in order.",
    )


# Parts


def _of(table: TidyTable, names: Iterable[str], called: Mapping[str, str] = {}) -> Schema:
    """A row of a table; `called` are the columns of keys that are called otherwise."""
    return _object(_properties(table, names, called), f"{table.what.capitalize()}.")


def _properties(table: TidyTable, names: Iterable[str], called: Mapping[str, str] = {}) -> Schema:
    return {name: _property(_column(table, called.get(name, name))) for name in names}


def _column(table: TidyTable, name: str) -> Column:
    return next(column for column in table.columns if column.name == name)


def _property(column: Column) -> Schema:
    # Infinities are null in JSON, whatever the column may hold.
    kinds = [_TYPES.get(column.type, column.type)]
    if column.empty or column.type == "number":
        kinds.append("null")
    unit = f", in {column.unit}" if column.unit else ""
    found: Schema = {
        "type": kinds if len(kinds) > 1 else kinds[0],
        "description": f"{column.meaning}{unit}.",
    }
    if column.allowed:
        found["enum"] = [*column.allowed, *([None] if column.empty else [])]
    if column.type == "time":
        found["format"] = "date-time"
    return found


def _time(meaning: str) -> Schema:
    return _property(Column("", "time", meaning))


def _list(kind: str, description: str) -> Schema:
    return {
        "type": "array",
        "items": {"$ref": f"#/$defs/{kind}"},
        "description": description,
    }


def _object(properties: Mapping[str, Schema], description: str = "") -> Schema:
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "properties": dict(properties),
        "required": list(properties),
    }


if __name__ == "__main__":
    sys.stdout.write(f"{json_text(export_schema(), indent=2)}\n")
