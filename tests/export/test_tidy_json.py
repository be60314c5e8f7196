"""Exports as JSON fit their documented schema, and are the contract with scripts, whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from export.tidy_exports import (
    job_of,
    read_json,
    read_jsonl,
    with_one_of_each,
    with_whole_runs,
    write,
)

from cnnlab.export.run_json import runs_as_json
from cnnlab.export.tidy.json_schema import export_schema
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import ImportOptions, import_runs

SCHEMA = Path(__file__).parents[2] / "docs" / "export.schema.json"


@pytest.fixture
def whole(home: Home) -> Home:
    return with_whole_runs(home)


def test_an_export_is_the_contract_with_what_is_long(whole: Home, tmp_path: Path) -> None:
    write(job_of(whole), "json", tmp_path / "out")
    exported = read_json(tmp_path / "out")
    with Reader(whole) as reader:
        short = runs_as_json(reader, reader.runs(ascending=True))
    for run, known in zip(exported, short, strict=True):
        assert list(run) == [*known, "steps", "log"]
        assert _short(run) == known
    evaluation = exported[0]["evaluations"][0]
    assert evaluation["confusion"] == [[27, 3, 0], [0, 27, 3], [3, 0, 27]]
    assert [one["dataset"] for one in exported[1]["later_evaluations"]] == ["usps"]
    assert [one["message"] for one in exported[0]["log"]] == ["Weights drawn."]


def _short(run: dict[str, Any]) -> dict[str, Any]:
    """The run without what only an export has."""
    found = {key: value for key, value in run.items() if key not in ("steps", "log")}
    for list_name, key in (
        ("evaluations", "confusion"), ("later_evaluations", "confusion"), ("validations", "classes")
    ):  # fmt: skip
        found[list_name] = [
            {name: value for name, value in one.items() if name != key} for one in found[list_name]
        ]
    return found


def test_json_lines_are_the_runs_of_the_document(whole: Home, tmp_path: Path) -> None:
    for form in ("json", "jsonl"):
        write(job_of(whole), form, tmp_path / form)
    assert read_jsonl(tmp_path / "jsonl") == read_json(tmp_path / "json")


def test_the_documented_schema_is_the_one_of_the_program() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == export_schema(), (
        "python -m cnnlab.export.tidy.json_schema > docs/export.schema.json"
    )


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas of objects with keys of their own."""
    if isinstance(schema, dict):
        for one in schema.values():
            yield from objects(one)
        yield from ([schema] if schema.get("properties") else [])


def test_exports_fit_the_documented_schema(whole: Home, tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checks = jsonschema.FormatChecker()
    open_to_more = jsonschema.Draft202012Validator(schema, format_checker=checks)
    strict = export_schema()
    for one in objects(strict):
        one["additionalProperties"] = False
    checker = jsonschema.Draft202012Validator(strict, format_checker=checks)
    write(job_of(whole), "json", tmp_path / "whole")
    with_one_of_each(whole)
    write(job_of(whole, "11111111"), "json", tmp_path / "each")
    (tmp_path / "curves.csv").write_text("epoch,step,loss\n1,1,2\n1,2,1\n")
    (curves,) = import_runs(whole, [tmp_path / "curves.csv"], ImportOptions())
    write(job_of(whole, curves.written.id), "json", tmp_path / "curves")
    for name in ("whole", "each", "curves"):
        document = json.loads((tmp_path / name).read_text("utf-8"))
        checker.validate(document)
    document["runs"][0]["more"] = document["more"] = 1
    assert not checker.is_valid(document)
    # A reader of today takes what a later version writes.
    assert open_to_more.is_valid(document)


def test_every_key_of_the_schema_is_described() -> None:
    for one in objects(export_schema()):
        assert one["required"] == list(one["properties"])
        for name, key in one["properties"].items():
            assert key.get("description") or "$ref" in key, name
