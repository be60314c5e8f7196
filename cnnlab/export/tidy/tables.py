"""The tidy tables: a registry of all that the history holds of runs, one kind of row each.

Every table begins with the id of the run, by which they join; that of a study joins by the preset.
What is left out of the history's columns are commands that wait for a process: what came of them
are the interventions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

from cnnlab.config.differences import flat_table
from cnnlab.errors import ConfigError, known_name
from cnnlab.events import CommandKind, Level
from cnnlab.export.job import ExportJob
from cnnlab.export.tidy.columns import Column, Row, TidyTable
from cnnlab.export.tidy.result_tables import (
    CLASS_METRICS,
    CONFUSION,
    EPOCHS,
    EVALUATIONS,
    NOT_TOLD,
    RUN_ID,
    STEPS,
    known_steps,
    share,
)
from cnnlab.export.tidy.study_table import STUDY
from cnnlab.history.queries import Reader
from cnnlab.history.rows import DERIVED, STATUSES

ORIGINS = ("archive", "tensorboard", "csv")
VALUE_TYPES = ("text", "integer", "number", "boolean", "list", "table", "null")


RUNS = TidyTable(
    "runs",
    "a run",
    (
        Column("run_id", "text", RUN_ID.meaning, sql="runs.id"),
        Column("name", "text", "Name of the run; several may have the same"),
        Column("status", "text", "How far it is, or how it ended", allowed=STATUSES),
        Column("group_id", "text", "Id of the group of repeats that it was trained in",
               empty=True),
        Column("origin", "text", "What it was imported from; none for runs trained here",
               empty=True, allowed=ORIGINS),
        Column("preset", "text", "Name of its preset; none for a config without one",
               empty=True),
        Column("dataset", "text", "Name of its data set"),
        Column("model", "text", "Name of its architecture"),
        Column("parameters", "integer", "Weights of the model, trainable and frozen",
               empty=True),
        Column("flops", "integer", "Operations for one image, forward, a multiply-add counted as"
               " two", "FLOP", empty=True),
        Column("train_images", "integer", "Images of the training split",
               empty=True),
        Column("validation_images", "integer", "Images of the validation split",
               empty=True),
        Column("test_images", "integer", "Images of the test split", empty=True),
        Column("epochs_planned", "integer", "Epochs to be trained"),
        Column("epochs_done", "integer", "Epochs trained to their end",
               sql=DERIVED["epochs_done"]),
        Column("steps_per_epoch", "integer", f"Optimizer updates in an epoch; {NOT_TOLD}",
               sql=known_steps("runs.steps_per_epoch"), empty=True),
        Column("duration_s", "number", "Time trained, without time between its parts", "s",
               empty=True),
        Column("monitor", "text", "Name of the metric by which the best checkpoint is chosen"),
        Column("best_value", "number", "Best value of that metric", empty=True),
        Column("best_epoch", "integer", "Epoch of the best checkpoint", empty=True),
        Column("best_step", "integer", "Optimizer updates until the best checkpoint; "
               f"{NOT_TOLD}", sql=known_steps("runs.best_step"), empty=True),
        share("test_accuracy", "Accuracy on the test split with the best checkpoint",
              sql=DERIVED["test_accuracy"], empty=True),
        share("test_precision_macro", "Mean of the classes' precisions on the test split with"
              " the best checkpoint", sql=DERIVED["test_precision_macro"], empty=True),
        Column("test_loss", "number", "Mean loss on the test split with the best checkpoint",
               sql=DERIVED["test_loss"], empty=True),
        Column("message", "text", "Why it ended", empty=True),
        Column("created_at", "time", "When it was ordered; of imported curves their first time,"
               " or without times that of their file"),
        Column("started_at", "time", "When its training began; none for imported curves without"
               " times", empty=True),
        Column("ended_at", "time", "When it ended; none for imported curves without times",
               empty=True),
        Column("device", "text", "Device that it was trained on, as torch names it",
               empty=True),
        Column("device_name", "text", "Name of the hardware", empty=True),
        Column("precision", "text", "Type of numbers of the forward pass", empty=True),
        Column("memory_format", "text", "Memory format of images, as torch names it",
               empty=True),
        Column("residence", "text", "Where the images lay: on the device, or on the host",
               empty=True),
        Column("git_commit", "text", "Commit of cnnlab's source, where it was a checkout",
               sql="json_extract(runs.git, '$.commit')", empty=True),
        Column("git_modified", "boolean", "Whether that source had changes beyond the commit",
               sql="case json_extract(runs.git, '$.modified') when 1 then 'true'"
               " when 0 then 'false' end", empty=True),
        Column("host", "text", "Name of the machine"),
        Column("pid", "integer", "Number of the process on it"),
        Column("boot", "text", "Id of the machine's boot, when the process took the run",
               empty=True),
        Column("claimed_at", "time", "When another process than the first took it over",
               empty=True),
        Column("heartbeat_at", "time", "When its process was last heard of", empty=True),
        Column("trashed_at", "time", "When it was put into the trash", empty=True),
    ),
    rows="runs",
    of_run="runs.id",
    own="runs",
    key=("run_id",),
    order="runs.id",
)  # fmt: skip


def _config_rows(reader: Reader, run_id: str) -> Iterator[Row]:
    for path, value in flat_table(reader.run(run_id).config).items():
        yield run_id, _text(path), _type_of(value), _plain(value)


def _version_rows(reader: Reader, run_id: str) -> Iterator[Row]:
    for package, version in reader.run(run_id).versions.items():
        yield run_id, _text(package), _plain(version)


def _checkpoint_rows(reader: Reader, run_id: str) -> Iterator[Row]:
    names = CHECKPOINTS.header[1:]
    for checkpoint in reader.checkpoints([run_id])[run_id]:
        yield run_id, *(getattr(checkpoint, name) for name in names)


def _type_of(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (str, "text"), (bool, "boolean"), (int, "integer"), (float, "number"), (list, "list"),
        (dict, "table"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _plain(value: object) -> str | None:
    """A text as it is, anything else as JSON; nothing for null."""
    if value is None:
        return None
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """A text out of JSON, which alone can hold halves of characters."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


CONFIG = TidyTable(
    "config",
    "a field of a run's config",
    (
        RUN_ID,
        Column("field", "text", "Path of the field, with dots, such as optimizer.lr"),
        Column("type", "text", "Type of the value", allowed=VALUE_TYPES),
        Column("value", "text", "The value: a text as it is, anything else as JSON; a list,"
               " such as that of the augmentations, is one value", empty=True),
    ),
    key=("run_id", "field"),
    read=_config_rows,
)  # fmt: skip

VERSIONS = TidyTable(
    "versions",
    "a package that a run was trained with",
    (
        RUN_ID,
        Column("package", "text", "Name of the package"),
        Column("version", "text", "Its version", empty=True),
    ),
    key=("run_id", "package"),
    read=_version_rows,
)

CHECKPOINTS = TidyTable(
    "checkpoints",
    "a checkpoint on disk",
    (
        RUN_ID,
        Column("kind", "text", "best by the monitored metric, last, or previous: the last one"
               " before that", allowed=("best", "last", "previous")),
        Column("epoch", "integer", "Epoch in which it was written"),
        Column("step", "integer", "Optimizer updates since the start of the run"),
        Column("value", "number", "Monitored metric when it was written", empty=True),
        Column("path", "text", "Where the file lies"),
        Column("bytes", "integer", "Size of the file", "B"),
        Column("sha256", "text", "SHA-256 of the file, in hexadecimal digits"),
        Column("saved_at", "time", "When it was written"),
    ),
    key=("run_id", "kind"),
    read=_checkpoint_rows,
)  # fmt: skip

TAGS = TidyTable(
    "tags",
    "a tag of a run",
    (RUN_ID, Column("tag", "text", "The tag")),
    rows="tags",
    of_run="run_id",
    own="tags",
    key=("run_id", "tag"),
    order="tag",
)

_ORDERED = "Number in this history; what came later has a greater one"

NOTES = TidyTable(
    "notes",
    "a note that a person wrote on a run",
    (
        RUN_ID,
        Column("id", "integer", _ORDERED),
        Column("text", "text", "The note"),
        Column("written_at", "time", "When it was written"),
    ),
    rows="notes",
    of_run="run_id",
    own="notes",
    key=("id",),
    order="id",
)

INTERVENTIONS = TidyTable(
    "interventions",
    "a change of a run's course by a person",
    (
        RUN_ID,
        Column("id", "integer", _ORDERED),
        Column("kind", "text", "What was done", allowed=get_args(CommandKind)),
        Column("value", "number", "Factor of scale_lr, number of epochs of add_epochs; else 0"),
        Column("epoch", "integer", "Epoch in which it was done"),
        Column("step", "integer", "Last optimizer update before it"),
        Column("made_at", "time", "When it was done"),
    ),
    rows="interventions",
    of_run="run_id",
    own="interventions",
    key=("id",),
    order="id",
)

LOG = TidyTable(
    "log",
    "a line of a run's log",
    (
        RUN_ID,
        Column("id", "integer", _ORDERED),
        Column("level", "text", "How grave it is", allowed=get_args(Level)),
        Column("message", "text", "The line; tracebacks have several"),
        Column("logged_at", "time", "When it was written"),
    ),
    rows="log",
    of_run="run_id",
    own="log",
    key=("id",),
    order="id",
)

TABLES: dict[str, TidyTable] = {
    table.name: table
    for table in (
        RUNS, CONFIG, VERSIONS, EPOCHS, STEPS, EVALUATIONS, CLASS_METRICS, CONFUSION, CHECKPOINTS,
        TAGS, NOTES, INTERVENTIONS, LOG,
    )
}  # fmt: skip
"""All tables of runs by their names, in the order in which people want them."""


def tables_by_name(*, of_study: bool) -> dict[str, TidyTable]:
    """All tables that can be written; that of a study only where a whole one is exported."""
    return {**TABLES, STUDY.name: STUDY} if of_study else TABLES


def chosen_tables(job: ExportJob) -> list[TidyTable]:
    """The tables that a job asks for, in that order; all that it can have for none.

    Raises:
        ConfigError: there is none of such a name, or it is that of a study.
    """
    names, known = job.options.tables, tables_by_name(of_study=job.study is not None)
    if STUDY.name in names and STUDY.name not in known:
        raise ConfigError(
            f"The table {STUDY.name} is that of a whole study.",
            f"`cnnlab export --study NAME --format csv --table {STUDY.name}` writes it.",
        )
    return [known[known_name("table", name, known)] for name in dict.fromkeys(names)] or [
        *known.values()
    ]
