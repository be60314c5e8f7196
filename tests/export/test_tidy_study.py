"""The table of a study that is exported whole: written, and read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from analysis.test_study_results import TEXT, add_run, measure
from export.tidy_exports import (
    as_text,
    job_of,
    read_csv,
    read_jsonl,
    read_parquet,
    tables_in,
    write,
)
from pyarrow import parquet

from cnnlab.config import studies
from cnnlab.config.studies import Study
from cnnlab.data.catalog import CIFAR10_CLASSES
from cnnlab.errors import ConfigError
from cnnlab.export.job import ExportJob
from cnnlab.export.study_json import results_as_json
from cnnlab.export.tidy.json_schema import export_schema
from cnnlab.export.tidy.study_table import STUDY
from cnnlab.home import Home

PUBLISHED = "published = { accuracy = 0.9, seconds = 75, class_precision = [0.5, 0.7] }"
MORE = '[[rows]]\nname = "none"\ntitle = "never, \\"run\\""\npublished.accuracy = 0.1\n'


@pytest.fixture
def study(home: Home) -> Study:
    """Two seeds of one row, a run with other epochs of another, none of the third."""
    path = home.presets / "mine" / "rates.toml"
    path.parent.mkdir(parents=True)
    text = TEXT.replace("published = { accuracy = 0.9, class_precision = [0.5, 0.7] }", PUBLISHED)
    text = text.replace('"fast"', '"fast"\npublished.accuracy = 0.6') + MORE
    path.write_text(text, encoding="utf-8")
    loaded = studies.load(home, "mine/rates")
    for seed, accuracy in enumerate((0.75, 0.85)):
        add_run(home, loaded, "slow", accuracy, f"training.seed={seed}", last=0.25)
    add_run(home, loaded, "fast", 0.5, "training.epochs=1")
    return loaded


def job(home: Home, study: Study, *tables: str) -> ExportJob:
    made = job_of(home, tables=tables)
    return ExportJob(home, made.run_ids, study, made.options)


def objects(home: Home, study: Study, tmp_path: Path) -> list[dict[str, Any]]:
    """The table as the JSON of the export has it."""
    write(job(home, study), "json", tmp_path / "study.json")
    found: list[dict[str, Any]] = json.loads((tmp_path / "study.json").read_text("utf-8"))["study"]
    return found


def test_a_figure_is_a_row_with_what_was_published_and_what_was_measured(
    home: Home, study: Study, tmp_path: Path
) -> None:
    rows = objects(home, study, tmp_path)
    accuracies = [row for row in rows if row["figure"] == "accuracy"]
    assert [(row["row"], row["status"]) for row in accuracies] == [
        ("slow", "measured"), ("fast", "not comparable"), ("none", "not run"),
    ]  # fmt: skip
    slow, fast, none = accuracies
    assert slow == {
        "study": "mine/rates", "row": "slow", "title": "slow", "preset": "mine/rates/slow",
        "status": "measured", "checkpoint": "best", "figure": "accuracy", "split": "test",
        "class_index": None, "class_name": None, "published": 0.9, "mean": pytest.approx(0.8),
        "std": pytest.approx(0.0707, abs=1e-4), "n": 2, "minimum": 0.75, "maximum": 0.85,
        "best": 0.85, "points": pytest.approx(-10.0), "outside": True,
    }  # fmt: skip
    assert (fast["published"], fast["mean"], fast["std"], fast["n"]) == (0.6, 0.5, None, 1)
    assert (fast["points"], fast["outside"]) == (None, None)
    assert (none["title"], none["published"]) == ('never, "run"', 0.1)
    assert {none[name] for name in ("mean", "std", "n", "best", "points", "outside")} == {None}
    (time,) = [row for row in rows if row["figure"] == "seconds" and row["row"] == "slow"]
    assert (time["published"], time["split"], time["points"]) == (75, None, None)


def test_each_class_of_a_figure_is_a_row(home: Home, study: Study, tmp_path: Path) -> None:
    rows = [row for row in objects(home, study, tmp_path) if row["class_index"] is not None]
    slow = [row for row in rows if row["row"] == "slow"]
    told = ("figure", "split", "class_index", "class_name", "published", "outside")
    assert [[row[name] for name in told] for row in slow] == [
        ["class_precision", "test", 0, "0", 0.5, True],
        ["class_precision", "test", 1, "1", 0.7, False],
    ]
    # What was measured of a row counts though its source prints nothing of classes.
    assert [row["published"] for row in rows if row["row"] == "fast"] == [None, None]


def test_classes_of_another_data_set_are_not_named_after_those_of_the_row(
    home: Home, study: Study, tmp_path: Path
) -> None:
    add_run(home, study, "fast", 0.9, "data.name=cifar10", classes=CIFAR10_CLASSES)
    rows = [row for row in objects(home, study, tmp_path) if row["row"] == "fast"]
    assert {row["status"] for row in rows} == {"not comparable"}
    assert [row["class_name"] for row in rows] == [None] * len(rows)


def test_it_says_what_the_json_of_the_study_says(home: Home, study: Study, tmp_path: Path) -> None:
    rows = objects(home, study, tmp_path)
    for known in results_as_json(measure(home, study))["rows"]:
        for name, measured in known["measured"].items():
            each = measured if isinstance(measured, list) else [measured]
            found = [row for row in rows if (row["row"], row["figure"]) == (known["name"], name)]
            assert [{key: row[key] for key in each[0]} for row in found] == each
        assert {row["status"] for row in rows if row["row"] == known["name"]} == {known["status"]}


def test_every_format_holds_the_same_table(home: Home, study: Study, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        write(job(home, study), form, tmp_path / form)
    written, typed = (tables_in(tmp_path / form)["study"] for form in ("csv", "parquet"))
    assert typed == objects(home, study, tmp_path)
    assert written == [{name: as_text(cell) for name, cell in row.items()} for row in typed]
    assert len({tuple(row[name] for name in STUDY.key) for row in written}) == len(written)
    schema = parquet.read_schema(tmp_path / "parquet" / "study.parquet")
    assert (str(schema.field("n").type), str(schema.field("outside").type)) == ("int64", "bool")


def test_the_datapackage_and_the_schema_describe_it(
    home: Home, study: Study, tmp_path: Path
) -> None:
    write(job(home, study), "csv", tmp_path / "csv")
    package = json.loads((tmp_path / "csv" / "datapackage.json").read_text("utf-8"))
    (resource,) = [one for one in package["resources"] if one["name"] == "study"]
    assert [field["name"] for field in resource["schema"]["fields"]] == list(STUDY.header)
    assert resource["rows"] == len(read_csv(tmp_path / "csv" / "study.csv"))
    assert "foreignKeys" not in resource["schema"]
    schema = export_schema()
    schema["$defs"]["study_figure"]["additionalProperties"] = False
    assert objects(home, study, tmp_path)
    document = json.loads((tmp_path / "study.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    document["study"][0]["more"] = 1
    assert not jsonschema.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize(("form", "read"), [("csv", read_csv), ("parquet", read_parquet)])
def test_it_can_be_written_alone(
    home: Home, study: Study, tmp_path: Path, form: str, read: Any
) -> None:
    write(job(home, study, "study"), form, tmp_path / "study")
    assert [row["row"] for row in read(tmp_path / "study")].count("none") == 1


@pytest.mark.usefixtures("study")
def test_runs_that_are_no_whole_study_have_none(home: Home, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        write(job_of(home), form, tmp_path / form)
        assert "study" not in tables_in(tmp_path / form)
        with pytest.raises(ConfigError, match=r"(?s)that of a whole study.*--study NAME"):
            write(job_of(home, tables=("study",)), form, tmp_path / f"{form}-study")
    write(job_of(home), "json", tmp_path / "json")
    assert json.loads((tmp_path / "json").read_text("utf-8"))["study"] == []


def test_json_lines_are_runs_and_say_where_the_table_is(
    home: Home, study: Study, tmp_path: Path
) -> None:
    (told,) = write(job(home, study), "jsonl", tmp_path / "lines")
    assert "--format json has the study's own table" in told
    assert len(read_jsonl(tmp_path / "lines")) == 3
    assert write(job_of(home), "jsonl", tmp_path / "runs") == []
