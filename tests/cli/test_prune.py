"""`cnnlab runs prune`, run as a user runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from history.test_pruning import add, files

from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_without_a_rule_the_rules_are_told(inside: Cnnlab, home: Home) -> None:
    run_id = add(home, 1)
    done = inside("runs", "prune", "--yes", "--unfinished")
    assert done.returncode == 2
    for option in ("--keep best", "--keep-last", "--older-than", "--filter"):
        assert option in done.stderr
    assert len(files(home, run_id)) == 3


def test_what_would_go_is_shown_and_asked_for(cnnlab: Cnnlab, home: Home) -> None:
    run_id = add(home, 1)
    for arguments, answer in ((["--dry-run"], ""), ([], "n\n")):
        done = cnnlab("runs", "prune", "--keep", "best", *arguments, input=answer)
        assert run_id in done.stdout
        assert "run-1" in done.stdout
        assert "2 files of 1 run, 2.0 kB." in done.stderr
        assert len(files(home, run_id)) == 3
        assert done.returncode == (0 if arguments else 1)
    done = cnnlab("runs", "prune", "--keep", "best", input="y\n")
    assert done.returncode == 0
    assert "Freed 2 files of 1 run, 2.0 kB." in done.stderr
    assert files(home, run_id) == ["best"]
    done = cnnlab("runs", "prune", "--keep", "best", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing to free" in done.stderr


def test_runs_that_could_be_resumed_are_pointed_out(inside: Cnnlab, home: Home) -> None:
    add(home, 1)
    add(home, 2, "interrupted")
    quiet = inside("runs", "prune", "--older-than", "1d", "--dry-run").stderr
    assert "resumed" not in quiet
    told = inside("runs", "prune", "--older-than", "1d", "--unfinished", "--dry-run").stderr
    assert "One of these runs is not finished, and could no longer be resumed." in told


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--keep", "beest"], "'best'"),
        (["--older-than", "yesterday"], "30d"),
        (["--older-than", "-3d"], "30d"),
        (["--filter", "accurac>1"], "accuracy"),
        (["--keep-last", "-1"], "keep-last"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    inside: Cnnlab, home: Home, arguments: list[str], word: str
) -> None:
    run_id = add(home, 1)
    done = inside("runs", "prune", "--yes", *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert len(files(home, run_id)) == 3


def test_a_name_cannot_reach_the_terminal_as_a_command(inside: Cnnlab, home: Home) -> None:
    add(home, 1, name="evil\x1b]0;owned\x07")
    done = inside("runs", "prune", "--keep", "best", "--yes")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
