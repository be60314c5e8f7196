"""`cnnlab runs list`: which runs it shows, in what order, and how wide."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import Cnnlab, Terminal
from cli.runs import STYLES, add_run, assert_refused, ids, listed

from cnnlab.events import RunFailed
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.queries import SORTABLE, Reader
from cnnlab.home import Home, make_folder

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))


def test_an_empty_history_says_how_to_begin_and_makes_nothing(inside: Cnnlab, home: Home) -> None:
    done = inside("runs", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert f"No runs yet in {home.root}. `cnnlab run quickstart` makes one." in done.stderr
    assert json.loads(inside("runs", "list", "--json").stdout) == []
    assert not home.root.exists()


def test_a_home_that_is_no_folder_is_not_an_empty_history(inside: Cnnlab, home: Home) -> None:
    home.root.touch()
    assert_refused(inside("runs", "list"), 1, f"The home {home.root} is not a folder.")


def test_the_table_shows_what_a_run_came_to(cnnlab: Cnnlab, three: Home) -> None:
    del three
    header, *rows = cnnlab("runs", "list").stdout.splitlines()
    assert header.split() == [
        "id", "name", "status", "data", "set", "model", "accuracy", "epochs", "time", "started",
    ]  # fmt: skip
    cells = [re.split(r"\s{2,}", row.strip()) for row in rows]
    assert cells[0][:8] == ["30000003", "gamma", "running", "cifar10", "lenet", "–", "0/3", "–"]
    assert cells[1][:7] == ["20000002", "alpha", "failed", "mnist", "simple-cnn", "0.8000", "1/3"]
    assert cells[2][:7] == ["10000001", "beta", "finished", "mnist-5k", "lenet", "0.7000", "2/3"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[-1]) for row in cells)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--status", "failed"], "2"),
        (["--status", "running"], "3"),
        (["--dataset", "mnist"], "2"),
        (["--model", "lenet"], "31"),
        (["--preset", "quickstart"], "1"),
        (["--preset", "mnist/lenet"], "2"),
        (["--tag", "old"], "21"),
        (["--tag", "odd"], "2"),
        (["--search", "ALPH"], "2"),
        (["--search", "strange ONE"], "2"),
        (["--search", "QUICK"], "1"),
        (["--search", "ol"], "21"),
        (["--tag", "old", "--model", "lenet"], "1"),
        (["--limit", "2"], "32"),
        (["--limit", "2", "--ascending"], "12"),
        (["--limit", "99"], "321"),
        (["--filter", "acc>0.75 tag:odd"], "2"),
        (["--filter", "training.seed=7 -model:lenet"], "2"),
        (["--filter", "dataset:MNIST*", "--sort", "accuracy"], "21"),
        (["--filter", '"strange one"'], "2"),
        (["--filter", "tag:old", "--model", "lenet"], "1"),
        (["--filter", "-study:mnist"], "31"),
        (["--filter", ""], "321"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_filters_choose_runs(
    inside: Cnnlab, three: Home, arguments: list[str], expected: str
) -> None:
    del three
    assert listed(inside("runs", "list", *arguments)) == expected


@pytest.mark.parametrize(
    "arguments",
    [["--tag", "ol"], ["--dataset", "mnis"], ["--search", "%"], ["--status", "queued"]],
    ids=" ".join,
)
def test_no_match_is_said_on_the_side(inside: Cnnlab, three: Home, arguments: list[str]) -> None:
    del three
    done = inside("runs", "list", *arguments)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (0, "", "No runs match.")
    assert json.loads(inside("runs", "list", "--json", *arguments).stdout) == []


# Runs without a value come last, whichever way round; equal ones come newest first.
ORDERS = {
    "started": ("321", "123"),
    "id": ("321", "123"),
    "name": ("312", "213"),
    "status": ("312", "213"),
    "preset": ("123", "213"),
    "dataset": ("123", "321"),
    "model": ("231", "312"),
    "parameters": ("132", "231"),
    "accuracy": ("213", "123"),
    "best": ("132", "231"),
    "epochs": ("123", "321"),
    "time": ("213", "123"),
    "precision": ("213", "123"),
    "loss": ("213", "213"),
    "lr": ("321", "321"),
    "optimizer": ("321", "321"),
    "batch_size": ("321", "321"),
    "seed": ("321", "321"),
    "device": ("321", "321"),
    "group": ("321", "321"),
    "origin": ("321", "321"),
    "tags": ("123", "213"),
}


@pytest.mark.parametrize("key", ORDERS)
def test_runs_are_sorted(inside: Cnnlab, three: Home, key: str) -> None:
    del three
    descending, ascending = ORDERS[key]
    assert listed(inside("runs", "list", "--sort", key)) == descending
    assert listed(inside("runs", "list", "--sort", key, "--ascending")) == ascending


def test_every_sort_key_is_named_in_the_help(cnnlab: Cnnlab) -> None:
    assert set(ORDERS) == set(SORTABLE)
    shown = cnnlab("runs", "list", "--help", env={**os.environ, "COLUMNS": "200"}).stdout
    for key in SORTABLE:
        assert re.search(rf"\b{key}\b", shown)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--status", "finishd"], ["status 'finishd'", "Did you mean 'finished'?"]),
        (["--sort", "acuracy"], ["sort key 'acuracy'", "Did you mean 'accuracy'?"]),
        (["--sort", "created_at; drop table runs"], ["Unknown sort key"]),
        (["--sort", "nothing"], ["Unknown sort key 'nothing'", *sorted(ORDERS)]),
        (["--limit", "0"], ["--limit"]),
        (["--limit", "many"], ["--limit"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_listed_is_a_sentence(
    inside: Cnnlab, three: Home, arguments: list[str], words: list[str]
) -> None:
    assert_refused(inside("runs", "list", *arguments), 2, *words)
    assert len(ids(three)) == 3


def test_the_list_as_json_is_the_export_newest_first(inside: Cnnlab, three: Home) -> None:
    runs = json.loads(inside("runs", "list", "--json").stdout)
    with Reader(three) as reader:
        assert runs == runs_as_json(reader, reader.runs())
    assert [run["id"] for run in runs] == ["30000003", "20000002", "10000001"]
    chosen = json.loads(inside("runs", "list", "--json", "--sort", "best", "--limit", "1").stdout)
    assert [run["id"] for run in chosen] == ["10000001"]


def add_long_runs(home: Home) -> None:
    """Runs with everything too long for a terminal."""
    for number, letter in enumerate(("n", "漢")):
        add_run(
            home, f"4000000{number}", letter * 120, dataset="d" * 90, model="simple-cnn",
            tags=("t" * 200,), parameters=123_456_789, epochs=3, accuracy=0.5,
            ending=RunFailed("m" * 200),
        )  # fmt: skip


@pytest.mark.parametrize("columns", [60, 80, 109, 110, 140])
def test_no_line_of_a_list_is_longer_than_the_terminal(
    home: Home, columns: int, terminal: Terminal
) -> None:
    from rich.cells import cell_len

    add_long_runs(home)
    lines = STYLES.sub("", terminal("runs", "list", columns=columns)).splitlines()
    assert len(lines) == 3
    assert max(cell_len(line) for line in lines) <= columns
    for line in lines[1:]:
        assert re.match(r"4000000\d  [n漢]+ ?…\s", line)
        assert " failed " in line
        assert "0.5000" in line
        assert "3/3" in line


def test_a_wide_terminal_shows_model_and_time(three: Home, terminal: Terminal) -> None:
    del three
    narrow, wide = (STYLES.sub("", terminal("runs", "list", columns=n)) for n in (80, 120))
    assert "simple-cnn" not in narrow
    assert "simple-cnn" in wide
    assert "time" in wide.splitlines()[0]


@pytest.mark.parametrize("length", [120, 700])
def test_nothing_is_cut_in_a_pipe(cnnlab: Cnnlab, home: Home, length: int) -> None:
    add_run(home, "10000001", "n" * length, dataset="d" * length)
    lines = cnnlab("runs", "list").stdout.splitlines()
    assert len(lines) == 2
    assert "n" * length in lines[1]
    assert "d" * length in lines[1]


def test_a_reader_that_leaves_early_causes_no_traceback(three: Home) -> None:
    del three
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [CNNLAB, "runs", "list", "--json"], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert done.returncode != 0
    assert done.stderr == ""


def test_a_damaged_history_is_a_sentence(inside: Cnnlab, home: Home) -> None:
    make_folder(home.root)
    home.history.write_bytes(b"no database " * 500)
    for command in (["list"], ["show", "latest"], ["delete", "x", "--yes"]):
        assert_refused(inside("runs", *command), 1, str(home.history), "damaged")


# list --filter


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acuracy>0.9", ["'acuracy>0.9'", "Did you mean 'accuracy'"]),
        ("optimizer.lrr<0.1", ["'optimizer.lrr'", "'optimizer.lr'"]),
        ("acc > 0.9", ["'>' compares nothing", "acc>0.9"]),
        ('name:"beta', ["a quote that is not closed"]),
    ],
)
def test_a_wrong_filter_is_a_sentence(
    inside: Cnnlab, three: Home, text: str, words: list[str]
) -> None:
    del three
    assert_refused(inside("runs", "list", "--filter", text), 2, *words)


def test_a_filter_that_nothing_passes_is_said(inside: Cnnlab, three: Home) -> None:
    del three
    done = inside("runs", "list", "--filter", "acc>0.99")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (0, "", "No runs match.")
