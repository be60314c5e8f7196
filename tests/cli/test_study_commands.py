"""`cnnlab study`, run as a user runs it, on real digits."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import SECONDS, still_runs, wait_until

from cnnlab.history.queries import Reader
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]

TEXT = """
title = "Rates of learning"
description = "Two rates, and a network that does not fit."
source = "Mine, table 1"
assumed = ["model.hidden"]
[data]
name = "mnist-5k"
validation = 3500
[model]
name = "lenet"
channels = [4, 8]
hidden = 16
[training]
epochs = 1
batch_size = 50
device = "cpu"
[[rows]]
name = "slow"
title = "lr 0.001"
published = { accuracy = 0.9, seconds = 75 }
optimizer.lr = 0.001
[[rows]]
name = "broken"
title = "a kernel too large"
remark = "It does not fit."
model.kernel_size = 20
[[rows]]
name = "fast"
title = "lr 0.01"
published = { accuracy = 0.95 }
optimizer.lr = 0.01
"""


@pytest.fixture
def study(home: Home) -> str:
    path = home.presets / "mine" / "rates.toml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    return "mine/rates"


def test_the_list_has_every_study_of_the_five_reports(cnnlab: Cnnlab, inside: Cnnlab) -> None:
    entries = json.loads(cnnlab("study", "list", "--json").stdout)
    assert {entry["report"] for entry in entries} == {"arati", "chen", "giuliani", "park", "zhang"}
    rows = {entry["name"]: entry["rows"] for entry in entries}
    assert rows["giuliani/mnist"] == 18
    assert set(entries[0]) == {"name", "report", "rows", "title", "trained", "not_comparable"}
    table = inside("study", "list", "--report", "chen").stdout
    assert "chen/width" in table
    assert "arati" not in table
    done = inside("study", "list", "--report", "chn")
    assert done.returncode == 2
    assert "Did you mean 'chen'" in done.stderr


def test_a_study_without_runs_shows_what_was_published(inside: Cnnlab) -> None:
    shown = inside("study", "show", "arati/table-4").stdout
    assert "Arati, table 4" in shown
    assert "prints 0.02 below 0.62" in shown
    assert "0.66" in shown
    assert "Not run yet: all rows" in shown
    assert "\x1b" not in shown
    precision = inside("study", "show", "park/lenet").stdout
    assert "Precision of each class: LeNet" in precision


def test_a_study_is_trained_goes_on_after_a_failure_and_is_not_repeated(
    inside: Cnnlab, study: str
) -> None:
    done = inside("study", "run", study)
    assert done.returncode == 1
    assert "1 of 3 runs failed: broken." in done.stderr
    assert "cnnlab: mine/rates/broken: Convolution 2" in done.stderr
    assert "Convolution 1 has a 20x20 kernel" in done.stderr or "20x20" in done.stderr
    assert "run 3 of 3" in done.stderr
    assert re.search(r"slow, seed \d+: test accuracy 0\.\d{4}, ", done.stderr)
    assert "Not run yet: broken." in done.stdout
    results = json.loads(inside("study", "show", study, "--json").stdout)
    assert [row["status"] for row in results["rows"]] == ["measured", "not run", "measured"]
    again = inside("study", "run", study, "--rows", "slow,fast")
    assert again.returncode == 0
    assert "Every row is trained" in again.stderr
    runs = json.loads(inside("runs", "list", "--json").stdout)
    assert [run["preset"] for run in runs] == ["mine/rates/fast", "mine/rates/slow"]


def test_seeds_fold_and_other_epochs_do_not_compare(inside: Cnnlab, study: str) -> None:
    assert inside("study", "run", study, "--rows", "slow", "--seeds", "1,2").returncode == 0
    short = inside("study", "run", study, "--rows", "fast", "--epochs", "2", "--json")
    slow, _, fast = json.loads(short.stdout)["rows"]
    assert slow["measured"]["accuracy"]["n"] == 2
    assert (fast["status"], fast["changed"]) == ("not comparable", {"training.epochs": [1, 2]})
    shown = inside("study", "show", study).stdout
    assert re.search(r"row +published +measured +best +points", shown)
    measured = slow["measured"]["accuracy"]
    assert f"{measured['mean']:.4f} ± {measured['std']:.4f} (2)  {measured['best']:.4f}" in shown
    assert ("‡ 0.90 " in shown) == measured["outside"]
    assert "Of several runs, one a seed: mean ± sample standard deviation" in shown
    assert "* lr 0.01: does not compare with the published figure: training.epochs 2" in shown
    varies = re.sub(" +", " ", shown.partition("What varies\n")[2])
    assert varies.startswith(
        "slow as most rows\nbroken model.kernel_size=20\nfast optimizer.lr=0.01\n"
    )
    assert inside("study", "show", study, "--which", "best").returncode == 0
    wrong = inside("study", "show", study, "--which", "bst")
    assert "Did you mean 'best'" in wrong.stderr


def test_runs_with_other_epochs_beside_those_of_the_study_are_named(
    inside: Cnnlab, study: str
) -> None:
    for more in ([], ["--epochs", "2"]):
        assert inside("study", "run", study, "--rows", "fast", *more).returncode == 0
    other = json.loads(inside("runs", "list", "--limit", "1", "--json").stdout)[0]["id"]
    shown = inside("study", "show", study).stdout
    assert f"lr 0.01: runs with other settings, not in the table: {other}." in shown
    fast = json.loads(inside("study", "show", study, "--json").stdout)["rows"][2]
    assert (fast["other_settings"], fast["other_images"]) == ([other], [])
    assert "Not run yet: slow, broken." in shown
    assert inside("study", "run", study, "--rows", "slow", "--epochs", "2").returncode == 0
    shown = inside("study", "show", study).stdout
    assert "Not run yet: broken.\n\nNot run as the study says: slow. `cnnlab study run" in shown
    (entry,) = json.loads(inside("study", "list", "--report", "mine", "--json").stdout)
    assert (entry["rows"], entry["trained"], entry["not_comparable"]) == (3, 1, 1)
    heading, line = inside("study", "list", "--report", "mine").stdout.splitlines()
    assert re.split(" {2,}", heading.strip()) == [
        "name",
        "rows",
        "trained",
        "trained otherwise",
        "title",
    ]
    assert line.split()[:4] == ["mine/rates", "3", "1", "1"]


def test_a_row_that_diverged_says_so(inside: Cnnlab, study: str, home: Home) -> None:
    path = home.presets / "mine" / "rates.toml"
    path.write_text(TEXT.replace("0.01\n", "1e30\n"), encoding="utf-8")
    assert inside("study", "run", study, "--rows", "fast").returncode == 0
    shown = inside("study", "show", study).stdout
    assert (
        "lr 0.01: the loss of 1 of 1 runs is infinite or not a number; training diverged." in shown
    )
    assert json.loads(inside("study", "show", study, "--json").stdout)["rows"][2]["diverged"] == 1


def test_a_broken_study_is_listed_beside_the_others(inside: Cnnlab, study: str, home: Home) -> None:
    path = home.presets / "mine" / "rates.toml"
    path.write_text(TEXT.replace("optimizer.lr", "optimiser.lr"), encoding="utf-8")
    done = inside("study", "list")
    assert done.returncode == 0
    assert re.search(r"mine/rates +broken: see `cnnlab presets check`", done.stdout)
    assert "chen/width" in done.stdout
    entries = json.loads(inside("study", "list", "--report", "mine", "--json").stdout)
    assert [entry["name"] for entry in entries] == [study]
    assert "Did you mean 'optimizer'?" in entries[0]["error"]


def test_a_wide_study_becomes_several_tables(terminal: Callable[..., str]) -> None:
    narrow = terminal("study", "show", "park/resnets-cifar10")
    assert max(len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", narrow).splitlines()) <= 80
    assert narrow.count("ResNet-110") == 5
    assert terminal("study", "show", "park/resnets-cifar10", columns=140).count("ResNet-110") == 4


def test_a_figure_that_is_too_wide_for_the_terminal_has_its_deviation_below_it(
    inside: Cnnlab, terminal: Callable[..., str], study: str
) -> None:
    assert inside("study", "run", study, "--rows", "slow", "--seeds", "1,2").returncode == 0
    row = json.loads(inside("study", "show", study, "--json").stdout)["rows"][0]
    accuracy = row["measured"]["accuracy"]
    mean, spread = f"{accuracy['mean']:.4f}", f"± {accuracy['std']:.4f} (2)"

    def shown(columns: int) -> str:
        return re.sub(r"\x1b\[[\d;]*m", "", terminal("study", "show", study, columns=columns))

    assert f"{mean} {spread}" in shown(100)
    lines = shown(50).splitlines()
    assert max(map(len, lines)) <= 50
    first = next(number for number, line in enumerate(lines) if line.startswith("lr 0.001"))
    assert mean in lines[first]
    assert lines[first + 1].strip() == spread
    assert lines[first + 2].strip() == f"best {accuracy['best']:.4f}"


def test_one_row_runs_as_a_preset(inside: Cnnlab, study: str) -> None:
    done = inside("run", f"{study}/fast", "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["preset"], run["name"]) == ("mine/rates/fast", "fast-1")
    results = json.loads(inside("study", "show", study, "--json").stdout)
    assert results["rows"][2]["runs"] == [run["id"]]


def has_epoch(home: Home) -> bool:
    with Reader(home) as reader:
        return any(run.epochs_done for run in reader.runs())


def test_ctrl_c_stops_the_study_and_the_next_start_goes_on(
    cnnlab: Cnnlab, study: str, home: Home
) -> None:
    program = str(Path(sys.executable).with_name("cnnlab"))
    process = subprocess.Popen(
        [program, "study", "run", study, "--rows", "slow,fast", "--epochs", "100000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: has_epoch(home), "an epoch", see=lambda: still_runs(process))
        process.send_signal(signal.SIGINT)
        _, narration = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "2 of 2 runs are left: `cnnlab study run mine/rates` goes on." in narration
    with Reader(home) as reader:
        assert [run.status for run in reader.runs()] == ["stopped"]
    assert cnnlab("study", "run", study, "--rows", "slow").returncode == 0
    with Reader(home) as reader:
        assert [run.status for run in reader.runs()] == ["finished", "stopped"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "chen/widht"], "Did you mean 'chen/width'"),
        (["show", "quickstart"], "is a single preset, no study"),
        (["show", "chen/width", "--checkpoint", "bst"], "Did you mean 'best'"),
        (["run", "chen/width", "--rows", "channels-1"], "Did you mean 'channels-10'"),
        (["run", "chen/width", "--seeds", "one"], "'one' is no seed"),
        (["run", "chen/width", "--set", "model.chanels=3"], "model.chanels"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_a_sentence_and_starts_nothing(
    inside: Cnnlab, home: Home, arguments: list[str], words: str
) -> None:
    done = inside("study", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not home.history.exists()


def test_an_absent_data_set_fails_the_row_with_what_to_do(inside: Cnnlab) -> None:
    done = inside("study", "run", "chen/base")
    assert done.returncode == 1
    assert "cnnlab data download mnist" in done.stderr
    assert "1 of 1 runs failed: base." in done.stderr
