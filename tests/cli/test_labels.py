"""`cnnlab runs tag | rename | note`: the words of the screens, for scripts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import PROGRAM
from history import samples
from waiting import SECONDS

from cnnlab.history.queries import Reader
from cnnlab.history.trash import move_to_trash
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def three(home: Home) -> Home:
    """Three finished runs, two of them of one study."""
    for run_id, name, preset, tags in (
        ("10000001", "alpha", "chen/optimizers/adam", ["old"]),
        ("20000002", "beta", "chen/optimizers/sgd", ["old", "paper"]),
        ("30000003", "gamma", None, []),
    ):
        samples.add_run(home, run_id, name=name, preset=preset, tags=tags)
        samples.record(home, run_id, *samples.life())
    return home


def tags(home: Home) -> dict[str, tuple[str, ...]]:
    with Reader(home) as reader:
        return {run.name: run.tags for run in reader.runs()}


def notes(home: Home, run_id: str) -> list[str]:
    with Reader(home) as reader:
        return [note.text for note in reader.notes([run_id])[run_id]]


def assert_told(done: subprocess.CompletedProcess[str], line: str) -> None:
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{line}\n")


def assert_refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


# Tags


@pytest.mark.parametrize("run", ["gamma", "30000003", "30", "latest"])
def test_a_run_is_tagged(inside: Cnnlab, three: Home, run: str) -> None:
    done = inside("runs", "tag", run, "--add", "paper", "--add", "good, new")
    assert_told(done, "Added paper, good, new: gamma (30000003).")
    assert tags(three)["gamma"] == ("good", "new", "paper")
    assert tags(three)["alpha"] == ("old",)


def test_tags_are_added_and_taken_away_on_several_runs(inside: Cnnlab, three: Home) -> None:
    done = inside("runs", "tag", "alpha", "beta", "alpha", "--add", "Paper", "--remove", "old")
    assert_told(done, "Added Paper and took away old: 2 runs.")
    assert tags(three) == {"alpha": ("Paper",), "beta": ("Paper", "paper"), "gamma": ()}


@pytest.mark.parametrize(
    ("chosen", "told", "changed"),
    [
        (["--filter", "tag:old"], "2 runs.", {"alpha", "beta"}),
        (["--study", "chen/optimizers"], "2 runs.", {"alpha", "beta"}),
        (["--study", "chen/optimizers", "--filter", "-tag:paper"], "alpha (10000001).", {"alpha"}),
        (["gamma", "--filter", "tag:paper"], "2 runs.", {"beta", "gamma"}),
    ],
)
def test_runs_are_chosen_as_for_an_export(
    inside: Cnnlab, three: Home, chosen: list[str], told: str, changed: set[str]
) -> None:
    assert_told(inside("runs", "tag", *chosen, "--add", "new"), f"Added new: {told}")
    assert {name for name, held in tags(three).items() if "new" in held} == changed


def test_what_was_so_already_is_told(inside: Cnnlab, three: Home) -> None:
    done = inside("runs", "tag", "alpha", "beta", "--add", "paper")
    assert_told(done, "Added paper: 1 of 2 runs; the tags of the rest were so already.")
    done = inside("runs", "tag", "alpha", "--remove", "absent")
    assert_told(done, "Nothing changed: the tags of alpha (10000001) were so already.")
    assert tags(three)["alpha"] == ("old", "paper")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["alpha"], ["No tag is given", "--add TAG"]),
        (["alpha", "--add", " ", "--remove", ","], ["No tag is given"]),
        (["alpha", "--add", "b", "--remove", "a,b"], ["'b' is both added and taken away"]),
        (["alpha", "--add", "-b"], ["cannot begin with a minus", "'-b'"]),
        (["--add", "b"], ["No run is named", "--filter TERMS"]),
        (["alpha", "gama", "--add", "b"], ["Unknown run 'gama'", "'gamma'"]),
        (["--filter", "tag:none", "--add", "b"], ["No run matches"]),
        (["--study", "chen/optimizer", "--add", "b"], ["'chen/optimizers'"]),
        (
            ["--study", "chen/momentum", "--add", "b"],
            ["chen/momentum has no runs yet", "study run"],
        ),
    ],
)
def test_a_wrong_tagging_is_a_sentence_and_changes_nothing(
    inside: Cnnlab, three: Home, arguments: list[str], words: list[str]
) -> None:
    before = tags(three)
    assert_refused(inside("runs", "tag", *arguments), *words)
    assert tags(three) == before


# Names


def test_a_run_is_renamed(inside: Cnnlab, three: Home) -> None:
    assert_told(inside("runs", "rename", "beta", " delta "), "Renamed beta (20000002) to delta.")
    assert set(tags(three)) == {"alpha", "delta", "gamma"}
    assert inside("runs", "show", "delta").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["beta", " "], ["name of a run cannot be empty"]),
        (["beta", "latest"], ["cannot be called 'latest'"]),
        (["bta", "delta"], ["Unknown run 'bta'", "'beta'"]),
    ],
)
def test_a_wrong_name_is_a_sentence(
    inside: Cnnlab, three: Home, arguments: list[str], words: list[str]
) -> None:
    assert_refused(inside("runs", "rename", *arguments), *words)
    assert set(tags(three)) == {"alpha", "beta", "gamma"}


# Notes


def test_a_note_is_written(inside: Cnnlab, three: Home) -> None:
    for text in ("first try", " second\nline "):
        assert_told(inside("runs", "note", "beta", text), "Noted on beta (20000002).")
    assert notes(three, "20000002") == ["first try", "second\nline"]


def test_a_note_comes_from_standard_input(cnnlab: Cnnlab, three: Home) -> None:
    done = cnnlab("runs", "note", "latest", "-", input="Übung\nmacht den Meister.\n")
    assert_told(done, "Noted on gamma (30000003).")
    assert notes(three, "30000003") == ["Übung\nmacht den Meister."]


@pytest.mark.parametrize("redirection", ["</dev/null", "<&-"], ids=["empty", "closed"])
def test_an_empty_standard_input_is_no_note(three: Home, redirection: str) -> None:
    words = ["sh", "-c", f"'{PROGRAM}' runs note beta - {redirection}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert_refused(done, "note cannot be empty")
    assert notes(three, "20000002") == []


@pytest.mark.parametrize(("errors", "code"), [("strict", 2), ("surrogateescape", 1)])
def test_standard_input_that_is_no_text_is_a_sentence(
    cnnlab: Cnnlab, three: Home, tmp_path: Path, errors: str, code: int
) -> None:
    (tmp_path / "note").write_bytes(b"\xff\xfe")
    # Python reads in either way, as the locale says.
    environment = {**os.environ, "PYTHONIOENCODING": f"utf-8:{errors}"}
    with (tmp_path / "note").open("rb") as file:
        done = cnnlab("runs", "note", "beta", "-", stdin=file, env=environment)
    assert_refused(done, "UTF-8", code=code)
    assert notes(three, "20000002") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["beta", ""], "note cannot be empty"), (["bta", "word"], "'beta'")],
)
def test_a_wrong_note_is_a_sentence(
    inside: Cnnlab, three: Home, arguments: list[str], words: str
) -> None:
    assert_refused(inside("runs", "note", *arguments), words)
    assert samples.counts(three)["notes"] == 0


# Runs in the trash, from elsewhere, and what is shown afterwards


@pytest.mark.parametrize(
    "command", [["tag", "--add", "new"], ["rename", "new"], ["note", "new"]], ids=lambda c: c[0]
)
def test_a_run_in_the_trash_is_left_alone(inside: Cnnlab, three: Home, command: list[str]) -> None:
    name, *arguments = command
    move_to_trash(three, ["20000002"])
    assert_refused(inside("runs", name, "beta", *arguments), "in the trash", "runs restore")
    done = inside("runs", name, "20000002", *arguments)
    assert_refused(done, "beta (20000002) is in the trash", "runs restore 20000002", code=1)
    with Reader(three) as reader:
        run = reader.run("20000002")
    assert (run.name, run.tags, notes(three, "20000002")) == ("beta", ("old", "paper"), [])


def test_a_run_from_elsewhere_is_labelled(inside: Cnnlab, home: Home, tmp_path: Path) -> None:
    (tmp_path / "course.csv").write_text("epoch,train_loss\n1,0.9\n2,0.5\n")
    done = inside(
        "runs", "import", str(tmp_path / "course.csv"), "--dataset", "mnist", "--tag", "a,b"
    )
    assert done.returncode == 0, done.stderr
    assert inside("runs", "tag", "latest", "--add", "c").returncode == 0
    assert inside("runs", "note", "latest", "from a friend").returncode == 0
    assert inside("runs", "rename", "latest", "theirs").returncode == 0
    assert tags(home) == {"theirs": ("a", "b", "c")}


def test_labels_are_shown_and_found(inside: Cnnlab, three: Home) -> None:
    del three
    inside("runs", "tag", "gamma", "--add", "report")
    inside("runs", "note", "gamma", "worth a look")
    shown = inside("runs", "show", "gamma").stdout
    assert "report" in shown
    assert "note: worth a look" in shown
    assert "gamma" in inside("runs", "list", "--tag", "report").stdout
    [listed] = json.loads(inside("runs", "list", "--tag", "report", "--json").stdout)
    for run in (listed, json.loads(inside("runs", "show", "gamma", "--json").stdout)):
        assert run["tags"] == ["report"]
        assert [note["text"] for note in run["notes"]] == ["worth a look"]
