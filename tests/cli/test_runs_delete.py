"""`cnnlab runs delete`, `restore` and `empty-trash`: what goes, what stays, what comes back."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from cli.conftest import Cnnlab
from cli.runs import assert_refused, ids, listed

from cnnlab.history.queries import Reader
from cnnlab.home import Home

# For good


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "enter", "end of input"])
def test_a_run_is_kept_unless_deleting_is_confirmed(
    cnnlab: Cnnlab, three: Home, answer: str
) -> None:
    done = cnnlab("runs", "delete", "--for-good", "beta", input=answer)
    assert_refused(done, 1, "10000001", "beta", "1 checkpoint, 2.0 MB", "Delete for good?")
    assert "Deleted" not in done.stderr
    assert len(ids(three)) == 3
    assert any(three.checkpoints("10000001").iterdir())


def test_a_confirmed_run_goes_with_its_files(cnnlab: Cnnlab, inside: Cnnlab, three: Home) -> None:
    done = cnnlab("runs", "delete", "--for-good", "beta", input="y\n")
    assert done.returncode == 0, done.stderr
    assert "Deleted beta (10000001)." in done.stderr
    assert ids(three) == ["20000002", "30000003"]
    assert not three.run_folder("10000001").exists()
    assert three.run_folder("20000002").exists()
    with Reader(three) as reader:
        assert reader.epochs(["10000001"])["10000001"] == []
        assert reader.final_evaluations(["10000001"])["10000001"] == []
    assert_refused(inside("runs", "delete", "beta", "--yes"), 2, "Unknown run 'beta'")


@pytest.mark.parametrize("option", ["--yes", "-y"])
def test_several_runs_go_without_being_asked(cnnlab: Cnnlab, three: Home, option: str) -> None:
    done = cnnlab(
        "runs", "delete", "--for-good", option, "beta", "2", "10000001", stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    assert "Delete for good?" not in done.stderr
    assert done.stderr.count("Deleted ") == 2
    assert ids(three) == ["30000003"]


@pytest.mark.parametrize("other", ["gamma", "nope"], ids=["live", "unknown"])
def test_one_run_that_cannot_go_keeps_all(inside: Cnnlab, three: Home, other: str) -> None:
    for option in ([], ["--for-good", "--yes"]):
        done = inside("runs", "delete", *option, "beta", other)
        assert done.returncode in (1, 2)
        assert "Deleted" not in done.stderr
        assert "Moved" not in done.stderr
        assert len(ids(three)) == 3


def test_a_run_that_is_being_trained_is_not_deleted(
    cnnlab: Cnnlab, inside: Cnnlab, three: Home
) -> None:
    for command, arguments in (
        (cnnlab, []),
        (inside, ["--for-good", "--yes"]),
        (inside, ["--for-good"]),
    ):
        done = command("runs", "delete", *arguments, "gamma")
        assert_refused(done, 1, "gamma (30000003) is still being trained", str(os.getpid()))
    assert "30000003" in ids(three)
    assert any(three.checkpoints("30000003").iterdir())


def test_a_run_whose_process_is_gone_can_be_deleted(inside: Cnnlab, home: Home) -> None:
    code = (
        "from cnnlab.home import Home; from cnnlab.history.recorder import Recorder, create_run; "
        "from cnnlab.events import RunStarted; home = Home.from_environment(); "
        "create_run(home, '10000001', config={}, dataset='d', model='m', monitor='x', epochs=1);"
        "Recorder(home, '10000001').record("
        "RunStarted('cpu', 'a', 'b', 'c', 'd', 1, 1, 1, 1, 1, 1, 1))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    done = inside("runs", "delete", "--for-good", "--yes", "latest")
    assert done.returncode == 0, done.stderr
    assert "running on" in done.stderr
    assert ids(home) == []


def test_a_run_whose_files_are_gone_can_be_deleted(inside: Cnnlab, three: Home) -> None:
    for path in three.checkpoints("10000001").iterdir():
        path.unlink()
    three.checkpoints("10000001").rmdir()
    three.run_folder("10000001").rmdir()
    assert inside("runs", "delete", "--for-good", "--yes", "beta").returncode == 0


# To the trash


def test_a_run_goes_to_the_trash_and_comes_back_as_the_words_say(
    cnnlab: Cnnlab, inside: Cnnlab, three: Home
) -> None:
    done = inside("runs", "delete", "beta")
    assert done.returncode == 0, done.stderr
    assert "Moved beta (10000001) to the trash" in done.stderr
    assert ids(three) == ["20000002", "30000003"]
    assert any(three.checkpoints("10000001").iterdir())
    found = re.search(r"`cnnlab (runs restore \w+)`", done.stderr)
    assert found
    done = cnnlab(*found[1].split())
    assert done.returncode == 0, done.stderr
    assert "Restored beta (10000001)." in done.stderr
    assert len(ids(three)) == 3


def test_runs_are_restored_by_their_names(inside: Cnnlab, three: Home) -> None:
    assert inside("runs", "delete", "beta", "alpha", "beta").returncode == 0
    assert_refused(inside("runs", "show", "beta"), 2, "'beta' is in the trash", "runs restore")
    done = inside("runs", "restore", "beta", "2")
    assert done.returncode == 0, done.stderr
    assert len(ids(three)) == 3
    assert_refused(inside("runs", "restore", "beta"), 2, "The trash is empty")


def test_the_trash_is_listed_apart(inside: Cnnlab, three: Home) -> None:
    del three
    done = inside("runs", "list", "--trash")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (0, "", "The trash is empty.")
    assert inside("runs", "delete", "beta", "alpha").returncode == 0
    assert listed(inside("runs", "list")) == "3"
    assert listed(inside("runs", "list", "--trash")) == "21"
    assert listed(inside("runs", "list", "--trash", "--tag", "odd")) == "2"
    assert inside("runs", "list", "--trash", "--status", "stopped").stderr.strip() == (
        "No runs match."
    )


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "enter", "end of input"])
def test_the_trash_is_kept_unless_confirmed(
    cnnlab: Cnnlab, inside: Cnnlab, three: Home, answer: str
) -> None:
    assert inside("runs", "delete", "beta").returncode == 0
    done = cnnlab("runs", "empty-trash", input=answer)
    assert_refused(done, 1, "1 run in the trash, 7 B", "Delete for good?")
    assert inside("runs", "restore", "beta").returncode == 0
    assert len(ids(three)) == 3


@pytest.mark.parametrize("option", ["--yes", "-y", ""])
def test_an_emptied_trash_says_what_it_freed(
    cnnlab: Cnnlab, inside: Cnnlab, three: Home, option: str
) -> None:
    assert inside("runs", "delete", "beta", "alpha").returncode == 0
    done = cnnlab("runs", "empty-trash", *([option] if option else []), input="y\n")
    assert done.returncode == 0, done.stderr
    assert ("Delete for good?" in done.stderr) is not bool(option)
    assert "Deleted 2 runs, 14 B freed." in done.stderr
    assert ids(three) == ["30000003"]
    assert not three.run_folder("10000001").exists()
    done = inside("runs", "empty-trash")
    assert (done.returncode, done.stderr.strip()) == (0, "The trash is empty.")
