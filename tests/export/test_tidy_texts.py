"""Texts from outside come back from every format as they were: class names above all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from export.hostile_names import NAMES
from export.tidy_exports import (
    FORMATS,
    job_of,
    read_csv,
    read_json,
    read_jsonl,
    read_parquet,
    write,
)
from history import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.history.edits import add_note
from cnnlab.home import Home

HOSTILE = (
    *NAMES,
    'the "best" one',
    '"',
    '""',
    "a return\rwithin",
    "both\r\nof them",
    "\n",
    "\t tab",
    " spaces ",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "NA",
    "null",
    "NaN",
    "true",
    "007",
    "1e5",
    "\\N",
    "\\n",
    "🦉 owl 👩‍🔬",
    "e\u0301 is not \u00e9",
    "line\u2028paragraph\u2029next\x85end",
    "\x1b[31mred\x1b[0m\x07",
    "\ufeffmark",
    "\x00zero\x00",
    "x" * 40_000,
)
"""Names that break a careless writer of one format or another."""


def by_csv(path: Path) -> list[str]:
    return [row["class_name"] for row in read_csv(path)]


def by_pandas(path: Path) -> list[str]:
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    return frame["class_name"].tolist()


def by_json(read: Callable[[Path], list[dict]]) -> Callable[[Path], list[str]]:  # type: ignore[type-arg]
    return lambda path: [one["name"] for one in read(path)[0]["evaluations"][0]["classes"]]


def by_parquet(path: Path) -> list[str]:
    return [row["class_name"] for row in read_parquet(path)]


READERS = {
    "csv": by_csv,
    "json": by_json(read_json),
    "jsonl": by_json(read_jsonl),
    "parquet": by_parquet,
}


def with_classes(home: Home, names: tuple[str, ...]) -> None:
    """A run that was evaluated on such classes."""
    samples.add_run(home, "00000001")
    result = samples.evaluation(names)
    samples.record(home, "00000001", samples.STARTED, samples.evaluated("test", "best", 4, result))


@pytest.mark.parametrize("form", FORMATS)
def test_class_names_come_back_as_they_were(home: Home, tmp_path: Path, form: str) -> None:
    with_classes(home, HOSTILE)
    write(job_of(home, tables=("class_metrics",)), form, tmp_path / "out")
    assert READERS[form](tmp_path / "out") == list(HOSTILE)


def test_pandas_reads_class_names_as_they_were(home: Home, tmp_path: Path) -> None:
    names = tuple(name for name in HOSTILE if "\0" not in name)  # its parser ends cells there
    with_classes(home, names)
    write(job_of(home, tables=("class_metrics",)), "csv", tmp_path / "out")
    assert by_pandas(tmp_path / "out") == list(names)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=20)
@given(st.lists(texts, min_size=2, max_size=12))
def test_any_text_comes_back_as_it_was(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        with_classes(home, tuple(names))
        for form in FORMATS:
            path = Path(folder) / form
            write(job_of(home, tables=("class_metrics",)), form, path)
            assert READERS[form](path) == names


def test_all_other_texts_come_back_too(home: Home, tmp_path: Path) -> None:
    text = "".join(HOSTILE[:-1])
    # Commas separate tags.
    tag = text.replace(",", ";")
    samples.add_run(home, "00000001", name=text, tags=[tag], config={"data": {"name": text}})
    add_note(home, "00000001", text)
    for form in FORMATS:
        write(job_of(home), form, tmp_path / form)
    for read, folder in ((read_csv, "csv"), (read_parquet, "parquet")):

        def table(name: str) -> dict:  # type: ignore[type-arg]
            return read(tmp_path / folder / f"{name}.{folder}")[0]  # noqa: B023

        assert table("runs")["name"] == text
        assert table("tags")["tag"] == tag
        assert table("notes")["text"] == text
        assert table("config")["value"] == text
    for run in (*read_json(tmp_path / "json"), *read_jsonl(tmp_path / "jsonl")):
        assert (run["name"], run["tags"]) == (text, [tag])
        assert run["notes"][0]["text"] == text
        assert run["config"] == {"data": {"name": text}}


def test_half_characters_in_a_config_are_shown_as_escapes(home: Home, tmp_path: Path) -> None:
    samples.add_run(home, "00000001", config={"data": {"name": "caf\udce9"}})
    for form in FORMATS:
        write(job_of(home, tables=("config",)), form, tmp_path / form)
    assert read_csv(tmp_path / "csv")[0]["value"] == "caf\\udce9"
    assert read_parquet(tmp_path / "parquet")[0]["value"] == "caf\\udce9"
    for run in (*read_json(tmp_path / "json"), *read_jsonl(tmp_path / "jsonl")):
        assert run["config"]["data"]["name"] == "caf\udce9"


def test_every_line_of_json_lines_is_a_run_for_any_reader_of_lines(
    home: Home, tmp_path: Path
) -> None:
    with_classes(home, HOSTILE)
    write(job_of(home), "jsonl", tmp_path / "out")
    (line,) = (tmp_path / "out").read_text("utf-8").splitlines()
    assert json.loads(line)["id"] == "00000001"
