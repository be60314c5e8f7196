"""`cnnlab runs` on a history of real rows; in a process of its own where that matters."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cnnlab.config.run import RunConfig
from cnnlab.events import (
    CheckpointSaved,
    ClassMetrics,
    Ending,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    Logged,
    RunFailed,
    RunFinished,
    RunStarted,
    StepsFinished,
)
from cnnlab.export.run_json import runs_as_json
from cnnlab.history.edits import add_note
from cnnlab.history.queries import SORTABLE, Reader
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home, make_folder

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))
CONFIG = RunConfig.model_validate(
    {"data": {"name": "mnist-5k"}, "model": {"name": "lenet"}, "training": {"seed": 7}}
).model_dump(mode="json")
STYLES = re.compile(r"\x1b\[[0-9;]*m")
CHECKPOINT_BYTES = 2_000_000

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., str]


def evaluation(accuracy: float, classes: Sequence[str] = ("zero", "one")) -> Evaluation:
    metrics = tuple(ClassMetrics(name, accuracy, accuracy, accuracy, 10) for name in classes)
    confusion = tuple((10,) * len(classes) for _ in classes)
    return Evaluation(0.5, accuracy, None, accuracy, accuracy, accuracy, metrics, confusion)


def add_run(
    home: Home,
    run_id: str,
    name: str,
    *,
    preset: str | None = "quickstart",
    dataset: str = "mnist-5k",
    model: str = "lenet",
    tags: Sequence[str] = (),
    note: str = "",
    parameters: int = 100,
    epochs: int = 0,
    best: float = 0.5,
    accuracy: float | None = None,
    classes: Sequence[str] = ("zero", "one"),
    seconds: float = 0.0,
    ending: Ending | None = None,
) -> None:
    """A run as training leaves it behind; without an ending it still runs, in this process."""
    create_run(
        home, run_id, config=CONFIG, dataset=dataset, model=model, monitor="validation_accuracy",
        epochs=3, preset=preset, name=name, tags=tags, note=note,
    )  # fmt: skip
    file = make_folder(home.checkpoints(run_id)) / "best-epoch0001-step0000005.pt"
    file.write_text("weights")
    with Recorder(home, run_id) as recorder:
        recorder.record(
            RunStarted(
                "cpu", "a CPU", "float32", "contiguous", "device", parameters, 20, 3, 5, 80, 10, 20
            )
        )
        for epoch in range(1, epochs + 1):
            recorder.record(EpochFinished(epoch, epoch * 5, 0.5, 0.6, 0.4, 0.7, 0.1, 1.0, 80.0))
        recorder.record(CheckpointSaved("best", 1, 5, file, CHECKPOINT_BYTES, "ab" * 32, best))
        if accuracy is not None:
            result = evaluation(accuracy, classes)
            recorder.record(EvaluationFinished("test", "best", 1, 5, result))
        if ending is not None:
            time.sleep(seconds)
            recorder.record(ending)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One run that finished, one that failed, one that this very process trains."""
    home = Home(tmp_path_factory.mktemp("three") / "home")
    add_run(
        home, "10000001", "beta", tags=("old",), parameters=300, epochs=2, best=0.9,
        accuracy=0.7, seconds=0.02, ending=RunFinished("all epochs trained"),
    )  # fmt: skip
    add_run(
        home, "20000002", "alpha", preset="mnist/lenet", dataset="mnist", model="simple-cnn",
        tags=("old", "odd"), note="A Strange one", epochs=1, accuracy=0.8, seconds=0.2,
        ending=RunFailed("The disk is full."),
    )  # fmt: skip
    add_run(home, "30000003", "gamma", preset=None, dataset="cifar10", parameters=200, best=0.7)
    return home


@pytest.fixture
def three(home: Home, written: Home) -> Home:
    """The test's own home, with those three runs."""
    shutil.copytree(written.root, home.root)
    return home


def ids(home: Home) -> list[str]:
    with Reader(home) as reader:
        return sorted(run.id for run in reader.runs())


def listed(done: subprocess.CompletedProcess[str]) -> str:
    """First digits of the listed runs, in their order."""
    assert done.returncode == 0, done.stderr
    return "".join(line[0] for line in done.stdout.splitlines()[1:])


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code
    # Where it asks, click writes a blank to stdout.
    assert done.stdout.strip() == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


# list


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


# show


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("20000002", "alpha"),
        ("2", "alpha"),
        ("1000", "beta"),
        ("beta", "beta"),
        ("latest", "gamma"),
    ],
)
def test_a_run_is_found(inside: Cnnlab, three: Home, word: str, expected: str) -> None:
    del three
    done = inside("runs", "show", word)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["run", f"{done.stdout.split()[1]}", expected]
    assert json.loads(inside("runs", "show", word, "--json").stdout)["name"] == expected


def test_a_name_goes_before_the_beginning_of_an_id(inside: Cnnlab, three: Home) -> None:
    add_run(three, "50000005", "1000")
    assert json.loads(inside("runs", "show", "1000", "--json").stdout)["id"] == "50000005"


def test_capitals_of_an_id_do_not_matter(inside: Cnnlab, home: Home) -> None:
    add_run(home, "abcdef01", "one")
    assert inside("runs", "show", "ABCD").returncode == 0


def test_show_tells_all_that_is_known(cnnlab: Cnnlab, inside: Cnnlab, three: Home) -> None:
    with Recorder(three, "20000002") as recorder:
        recorder.record(Logged("warning", "The loss is not finite in epoch 1."))
        recorder.record(Logged("info", "only for the log"))
    shown = cnnlab("runs", "show", "alpha").stdout
    for words in (
        "failed: The disk is full.", "mnist/lenet", "80 training, 10 validation, 20 test images",
        "lenet channels=", "100 parameters",
        "seed 7", "cpu (a CPU)", "validation_accuracy 0.5000 in epoch 1, step 5", "odd, old",
        "macro average", "zero", "0.8000", "best, epoch 1", "2.0 MB", "abababababab",
        "Checkpoints in /", "best-epoch0001-step0000005.pt", "note: A Strange one",
        "warning: The loss is not finite in epoch 1.",
    ):  # fmt: skip
        assert words in shown
    assert "only for the log" not in shown
    assert "Classes of the test images, best checkpoint" in shown
    assert "train images" not in shown
    train = inside("runs", "show", "alpha", "--split", "train").stdout
    assert "test images, best checkpoint" not in train
    wrong = inside("runs", "show", "alpha", "--split", "tests")
    assert (wrong.returncode, "Did you mean 'test'" in wrong.stderr) == (2, True)


def test_show_as_json_is_the_export(inside: Cnnlab, three: Home) -> None:
    run = json.loads(inside("runs", "show", "beta", "--json").stdout)
    with Reader(three) as reader:
        assert run == runs_as_json(reader, [reader.run("10000001")])[0]


def test_a_run_that_never_began_can_be_shown(inside: Cnnlab, home: Home) -> None:
    create_run(
        home, "00000001", config=CONFIG, dataset="mnist-5k", model="lenet",
        monitor="validation_loss", epochs=1, name="waiting",
    )  # fmt: skip
    done = inside("runs", "show", "waiting", "--curves")
    assert done.returncode == 0, done.stderr
    assert "queued" in done.stdout
    assert listed(inside("runs", "list")) == "0"


def add_curves(home: Home, epochs: int) -> None:
    """A run with a loss at each step and each epoch."""
    create_run(
        home, "10000001", config=CONFIG, dataset="mnist-5k", model="lenet",
        monitor="validation_loss", epochs=epochs, name="curved",
    )  # fmt: skip
    with Recorder(home, "10000001") as recorder:
        for epoch in range(1, epochs + 1):
            first = epoch * 5 - 4
            recorder.record(
                StepsFinished(epoch, first, (1.0 / first,) * 5, (0.5,) * 5, (0.1,) * 5, 80.0)
            )
            recorder.record(
                EvaluationFinished("validation", None, epoch, epoch * 5, evaluation(0.6))
            )
            recorder.record(
                EpochFinished(epoch, epoch * 5, 1 / epoch, 0.6, 2 / epoch, 0.7, 0.1, 1.0, 80.0)
            )


@pytest.mark.parametrize(("epochs", "axis"), [(1, "step"), (3, "epoch")])
def test_curves_in_a_pipe_have_no_escapes(
    inside: Cnnlab, home: Home, epochs: int, axis: str
) -> None:
    add_curves(home, epochs)
    done = inside("runs", "show", "curved", "--curves")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "loss   ⣿ training   • validation" in lines
    assert "accuracy   ⣿ training   • validation" in lines
    assert lines.count(axis) == 2


def test_curves_are_drawn_on_a_terminal_alone(
    inside: Cnnlab, home: Home, terminal: Terminal
) -> None:
    add_curves(home, 3)
    assert "⣿" not in inside("runs", "show", "curved").stdout
    assert "⣿" not in terminal("runs", "show", "curved", "--no-curves")
    shown = terminal("runs", "show", "curved")
    assert "⣿\x1b[0m training" in shown
    assert "\x1b[96m" in shown
    assert max(len(line) for line in STYLES.sub("", shown).splitlines()) <= 80


def test_no_color_is_heeded(home: Home, terminal: Terminal) -> None:
    add_curves(home, 3)
    shown = terminal("runs", "show", "curved", NO_COLOR="1")
    assert "⣿ training" in shown
    codes = {code for style in STYLES.findall(shown) for code in style[2:-1].split(";")}
    # Bold and dim are no colours.
    assert codes <= {"", "0", "1", "2"}


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("bta", ["Unknown run 'bta'", "Did you mean 'beta'"]),
        ("10000002", ["Did you mean", "'10000001'"]),
        ("nothing-like-it", ["Unknown run", "cnnlab runs list"]),
        ("", ["''"]),
        ("%", ["Unknown run '%'"]),
        ("' or 1=1 --", ["Unknown run"]),
    ],
)
def test_an_unknown_run_is_a_sentence_with_the_nearest_name(
    inside: Cnnlab, three: Home, word: str, words: list[str]
) -> None:
    for command in (["show"], ["show", "--json"], ["delete"], ["delete", "--for-good", "--yes"]):
        assert_refused(inside("runs", *command, word), 2, *words)
    assert len(ids(three)) == 3


def test_a_word_for_several_runs_names_them(inside: Cnnlab, three: Home) -> None:
    add_run(three, "20000009", "beta", ending=RunFinished("all epochs trained"))
    for word in ("2", "beta"):
        assert_refused(inside("runs", "show", word), 2, "several runs", "20000009")
    assert_refused(inside("runs", "delete", "beta"), 2, "several runs")
    assert len(ids(three)) == 4


def test_no_runs_at_all_is_said(inside: Cnnlab) -> None:
    assert_refused(inside("runs", "show", "latest"), 2, "no runs yet", "cnnlab run quickstart")
    assert_refused(inside("runs", "show", "beta"), 2, "no runs yet")


# delete


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


# delete, restore, empty-trash


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


# Text from outside

EVIL = "a\x1b]0;title\x07b\x1b[35;5mc\rd\x9b35me\x7ff"


def add_evil_run(home: Home, text: str) -> None:
    add_run(
        home, "10000001", text, preset=text, dataset=text, tags=(text,), note=text, epochs=2,
        accuracy=0.5, classes=(text, f"{text}2"), ending=RunFailed(text),
    )  # fmt: skip
    with Recorder(home, "10000001") as recorder:
        recorder.record(Logged("warning", text))


def control_characters(text: str) -> set[str]:
    """Those that a terminal would obey, but for the ends of lines."""
    return {sign for sign in text if unicodedata.category(sign) == "Cc"} - {"\n"}


COMMANDS: list[list[str]] = [
    ["list"],
    ["list", "--json"],
    ["show", "1000"],
    ["show", "--json", "1000"],
    ["delete", "--for-good", "1000"],
    ["delete", "1000"],
    ["show", "nothing-like-it"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_control_character_gets_out(
    inside: Cnnlab, home: Home, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_evil_run(home, EVIL)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    done = inside("runs", *command)
    assert control_characters(done.stdout) == set()
    assert control_characters(done.stderr) == set()
    assert "10000001" in done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
def test_no_control_character_reaches_a_terminal(
    home: Home, command: list[str], terminal: Terminal
) -> None:
    add_evil_run(home, EVIL)
    shown = terminal("runs", *command, columns=100)
    for sequence in ("\x1b]0;", "\x1b[35;5m", "\x07", "\x9b", "\x7f"):
        assert sequence not in shown
    assert control_characters(STYLES.sub("", shown)) == set()


def test_several_evil_names_are_listed_safely(inside: Cnnlab, home: Home) -> None:
    for number in (1, 2):
        add_run(home, f"1000000{number}", EVIL)
    done = inside("runs", "show", EVIL)
    assert_refused(done, 2, "several runs")
    assert control_characters(done.stderr) == set()


def test_a_name_with_control_characters_loses_no_others(inside: Cnnlab, home: Home) -> None:
    add_run(home, "10000001", "x\x1b" * 8 + "end", accuracy=0.5, classes=("y\x1b" * 8 + "end", "z"))
    assert "end " in inside("runs", "list").stdout
    shown = inside("runs", "show", "1").stdout
    assert re.search(r"^y.*end +0\.5000", shown, re.MULTILINE)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x85"], ids=ascii)
def test_a_name_cannot_pretend_to_be_another_row(
    inside: Cnnlab, home: Home, end: str, terminal: Terminal
) -> None:
    add_run(home, "10000001", f"one{end}99999999  forged  finished", dataset=f"a{end}b")
    for shown in (inside("runs", "list").stdout, terminal("runs", "list")):
        assert shown.count("\n") == 2


def test_a_class_cannot_pretend_to_be_another_row(inside: Cnnlab, home: Home) -> None:
    add_run(home, "10000001", "one", accuracy=0.5, classes=("a\nb", "c"))
    shown = inside("runs", "show", "one").stdout.splitlines()
    header = next(at for at, line in enumerate(shown) if line.startswith("class "))
    assert shown[header + 3].startswith("macro average")


def test_markup_is_only_text(inside: Cnnlab, home: Home) -> None:
    names = ("[red]x[/red]", ":smile:", "[/]", "$(true)", "\\[bold]", "%s{0}")
    for number, name in enumerate(names):
        add_run(home, f"1000000{number}", name)
    add_run(home, "20000000", "all", accuracy=0.5, classes=names)
    for name in names:
        add_note(home, "20000000", name)
    table = inside("runs", "list").stdout
    shown = inside("runs", "show", "all").stdout
    for name in names:
        assert f"  {name} " in table
        assert f"\n{name} " in shown
        assert f"note: {name}\n" in shown


def test_a_long_note_is_one_line_in_a_pipe(inside: Cnnlab, home: Home) -> None:
    note = "word " * 200 + "end"
    add_run(home, "10000001", "one", note=note)
    assert f"note: {note}\n" in inside("runs", "show", "one").stdout


def test_figures_without_a_number_are_shown(inside: Cnnlab, home: Home) -> None:
    nan = float("nan")
    result: Any = Evaluation(nan, 0.1, None, 0.1, 0.1, 0.1, (), ())
    create_run(
        home, "10000001", config=CONFIG, dataset="mnist-5k", model="lenet",
        monitor="validation_loss", epochs=1, name="diverged",
    )  # fmt: skip
    with Recorder(home, "10000001") as recorder:
        recorder.record(StepsFinished(1, 1, (nan, float("inf")), (0.1, 0.1), (0.1, 0.1), 9.0))
        recorder.record(EpochFinished(1, 2, nan, 0.1, float("inf"), 0.1, 0.1, 1.0, 9.0))
        recorder.record(EvaluationFinished("test", "best", 1, 2, result))
    done = inside("runs", "show", "diverged", "--curves")
    assert done.returncode == 0, done.stderr
    assert "0.1000" in done.stdout


# Curves of a run, as asked for


def add_course(home: Home, rates: Sequence[float] = (0.1, 0.01)) -> None:
    """Two epochs of 50 steps: a loss that falls to a millionth with noise on it, 8 s and 2 s."""
    create_run(
        home, "10000001", config=CONFIG, dataset="mnist-5k", model="lenet",
        monitor="validation_loss", epochs=2, name="course",
    )  # fmt: skip
    with Recorder(home, "10000001") as recorder:
        recorder.record(
            RunStarted(
                "cpu", "a CPU", "float32", "contiguous", "device", 100, 20, 2, 50, 80, 10, 20
            )
        )
        for epoch, (seconds, rate) in enumerate(zip((8.0, 2.0), rates, strict=True), 1):
            first = epoch * 50 - 49
            losses = tuple(
                10.0 ** (-6 * step / 100) * (1.9 if step % 2 else 0.1)
                for step in range(first, first + 50)
            )
            recorder.record(StepsFinished(epoch, first, losses, (0.5,) * 50, (rate,) * 50, 80.0))
            recorder.record(
                EvaluationFinished("validation", None, epoch, epoch * 50, evaluation(0.6))
            )
            recorder.record(
                EpochFinished(
                    epoch, epoch * 50, 1 / epoch, 0.6, 2 / epoch, 0.7, rate, seconds, 80.0
                )
            )


def plots(inside: Cnnlab, *options: str) -> dict[str, list[str]]:
    """The rows of each plot that `runs show` draws, by its title."""
    done = inside("runs", "show", "course", *options)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    starts = [at for at, line in enumerate(lines) if "   ⣿ training" in line]
    return {lines[at].split("   ")[0]: lines[at + 1 : at + 14] for at in starts}


def within(plot: Sequence[str]) -> list[str]:
    """What lies within the frame."""
    rows = [line for line in plot if line.endswith("│")]
    return [line[:-1].replace("┤", "│", 1).split("│", 1)[1] for line in rows]


@pytest.mark.parametrize(
    ("by", "label", "numbers"),
    [
        ("step", "step", ["1", "20", "40", "60", "80", "100"]),
        ("epoch", "epoch", ["0.5", "1.0", "1.5", "2.0"]),
        ("time", "seconds", ["2", "4", "6", "8", "10"]),
    ],
)
def test_curves_are_drawn_against_what_was_asked_for(
    inside: Cnnlab, home: Home, by: str, label: str, numbers: list[str]
) -> None:
    add_course(home)
    drawn = plots(inside, "--by", by)
    assert list(drawn) == ["loss", "accuracy", "learning rate"]
    for plot in drawn.values():
        assert plot[-1].strip() == label
        assert plot[-2].split() == numbers
    # Steps are drawn, not the two means of the epochs: they go up and down.
    assert sum(sign not in " •" for row in within(drawn["loss"]) for sign in row) > 20


def test_by_time_an_epoch_takes_the_width_of_its_seconds(inside: Cnnlab, home: Home) -> None:
    add_course(home)
    for by, share in (("step", 0.5), ("time", 0.8)):
        rows = within(plots(inside, "--by", by)["learning rate"])
        high = sum(sign != " " for sign in rows[0])
        assert high / len(rows[0]) == pytest.approx(share, abs=0.03)


def test_the_learning_rate_is_drawn_only_where_it_changes(inside: Cnnlab, home: Home) -> None:
    add_course(home, rates=(0.1, 0.1))
    for options in (["--curves"], ["--by", "step"]):
        assert list(plots(inside, *options)) == ["loss", "accuracy"]


def test_without_options_curves_are_means_of_epochs(inside: Cnnlab, home: Home) -> None:
    add_course(home)
    drawn = plots(inside, "--curves")
    assert list(drawn) == ["loss", "accuracy", "learning rate"]
    assert drawn["loss"][-2].split() == ["1", "2"]
    rows = within(drawn["loss"])
    # From 1 and 2 straight down to a half and 1.
    assert "•" in rows[0]
    assert rows[-1].rstrip()[-1] not in " •"


def test_smoothing_takes_the_noise_out_of_training_alone(inside: Cnnlab, home: Home) -> None:
    add_course(home)
    raw, smooth = (within(plots(inside, "--log", "--by", "step", *more)["loss"]) for more in (
        [], ["--smooth", "0.9"],
    ))  # fmt: skip

    def ink(rows: list[str]) -> int:
        return sum(bin(ord(sign) - 0x2800).count("1") for row in rows for sign in row
                   if 0x2800 < ord(sign) < 0x2900)  # fmt: skip

    assert ink(smooth) < 0.6 * ink(raw)
    assert [at for row in smooth for at, sign in enumerate(row) if sign == "•"]
    # One number says that smoothing is meant: then steps are drawn though nothing names them.
    assert plots(inside, "--smooth", "0.9")["loss"][-1].strip() == "epoch"
    assert plots(inside, "--smooth", "0.9")["loss"][-2].split() == ["0.5", "1.0", "1.5", "2.0"]


def test_a_logarithmic_axis_is_for_loss_and_learning_rate(inside: Cnnlab, home: Home) -> None:
    add_course(home)
    drawn = plots(inside, "--by", "step", "--log")
    numbers = {
        title: [line.split("┤")[0].strip() for line in plot if "┤" in line]
        for title, plot in drawn.items()
    }
    assert [one for one in numbers["loss"] if one] == ["0.1", "0.001", "1e-5", "1e-7"]
    assert {"0.1", "0.05", "0.02", "0.01"} >= set(numbers["learning rate"]) >= {"0.1", "0.01"}
    assert numbers["accuracy"] == ["0.60", "0.55", "0.50"]
    # A loss that falls evenly in decades reaches half its height half way.
    rows = within(drawn["loss"])
    assert any(sign != " " for sign in rows[len(rows) // 2][35:45])


@pytest.mark.parametrize("options", [["--by", "step"], ["--smooth", "0.5"], ["--log"]])
def test_an_option_for_curves_asks_for_curves(
    inside: Cnnlab, home: Home, options: list[str]
) -> None:
    add_course(home)
    assert plots(inside, *options)
    assert plots(inside, "--no-curves", *options) == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--by", "stp"], ["Unknown x axis 'stp'", "Did you mean 'step'?"]),
        (["--by", "hours"], ["Unknown x axis 'hours'", "Valid names: epoch, step, time."]),
        (["--smooth", "1.5"], ["1.5", "[0, 1]", "Try 0.9"]),
        (["--smooth", "-0.1"], ["-0.1", "[0, 1]"]),
        (["--smooth", "nan"], ["nan", "[0, 1]"]),
        (["--smooth", "much"], ["--smooth"]),
    ],
    ids=" ".join,
)
def test_curves_that_cannot_be_drawn_are_a_sentence(
    inside: Cnnlab, home: Home, options: list[str], words: list[str]
) -> None:
    add_course(home)
    assert_refused(inside("runs", "show", "course", *options), 2, *words)


# list --filter


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
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
def test_a_filter_chooses_runs(
    inside: Cnnlab, three: Home, arguments: list[str], expected: str
) -> None:
    del three
    assert listed(inside("runs", "list", *arguments)) == expected


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
