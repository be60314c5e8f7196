"""`cnnlab runs compare`, run as a user runs it, on runs with known figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence

import pytest
from analysis.finished_runs import compared_before_deletion, finished, seeds
from cli.studies import RATES, write_rates
from history.samples import change, epoch, record
from rich.cells import cell_len

from cnnlab.cli.selecting import selected
from cnnlab.errors import ConfigError
from cnnlab.events import RunFinished
from cnnlab.history.queries import Reader
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[str]]:
    """Two groups of three seeds, whose figures overlap, and one of two that is far better.

    The far runs belong to the first row of a study, and one other to its second.
    """
    home = Home(tmp_path_factory.mktemp("compared") / "home")
    ids = [
        *seeds(home, "base", [0.90, 0.93, 0.91]),
        *seeds(home, "near", [0.92, 0.90, 0.93], "optimizer.lr=0.02"),
        *seeds(home, "far", [0.97, 0.98], "optimizer.lr=0.03"),
    ]
    for run_id in ids:
        record(home, run_id, epoch(2), RunFinished("done"))
    for run_id, row in ((ids[0], "fast"), *((run_id, "slow") for run_id in ids[6:])):
        change(home, "update runs set preset = ? where id = ?", [f"{RATES}/{row}", run_id])
    write_rates(home, {"slow": 0.01, "fast": 0.1}, published=0.9)
    return home, ids


@pytest.fixture
def runs(home: Home, written: tuple[Home, list[str]]) -> list[str]:
    """The ids of those runs, in the test's own home."""
    shutil.copytree(written[0].root, home.root)
    return written[1]


def names(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    """The names of the runs of each group of a comparison as JSON."""
    assert done.returncode == 0, done.stderr
    return [[run["name"] for run in group["runs"]] for group in json.loads(done.stdout)["groups"]]


def widest(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def test_seeds_fold_the_best_is_marked_and_noise_is_told(inside: Cnnlab, runs: list[str]) -> None:
    done = inside("runs", "compare", *runs)
    assert done.returncode == 0, done.stderr
    lines = [re.sub(" +", " ", line).strip() for line in done.stdout.splitlines()]
    assert any(line.endswith("lr=0.001 (baseline) lr=0.02 lr=0.03") for line in lines)
    assert "test accuracy 0.9133 ± 0.0153 0.9167 ± 0.0153 0.9750 ± 0.0071 *" in lines
    assert "optimizer.lr 0.001 0.02 0.03" in lines
    assert any(line.startswith("lr=0.02: +0.33 points, within the noise") for line in lines)
    assert any(line.startswith("lr=0.03: +6.17 points, beyond the noise") for line in lines)
    assert "cat 0.9233 ± 0.0153 +0.3 +6.2" in lines
    assert "model.name" not in done.stdout
    assert "⣿" not in done.stdout
    assert "\x1b" not in done.stdout


def test_the_json_is_the_contract(cnnlab: Cnnlab, runs: list[str]) -> None:
    done = cnnlab("runs", "compare", *runs, "--baseline", "near-1", "--json")
    shown = json.loads(done.stdout)
    assert list(shown) == [
        "checkpoint", "baseline", "same_images", "fields", "machine_fields", "figures", "groups",
    ]  # fmt: skip
    assert (shown["checkpoint"], shown["baseline"], shown["same_images"]) == ("best", 1, True)
    assert shown["fields"] == ["optimizer.lr"]
    assert shown["machine_fields"] == ["training.seed"]
    accuracy = shown["figures"][0]
    assert accuracy == {
        "key": "test_accuracy", "name": "test accuracy", "unit": "share",
        "larger_is_better": True, "best": [2],
    }  # fmt: skip
    base, near, far = shown["groups"]
    assert list(far) == [
        "name", "runs", "repeats", "changed", "settings", "machine", "figures", "classes",
        "verdict",
    ]  # fmt: skip
    assert far["runs"][1] == {"id": "far-1", "name": "far-1", "status": "finished", "seed": 1}
    assert far["settings"] == {"optimizer.lr": 0.03}
    assert far["machine"] == {"training.seed": [0, 1]}
    assert far["figures"]["test_accuracy"] == {
        "mean": pytest.approx(0.975), "std": pytest.approx(0.0070711, abs=1e-6), "n": 2,
        "minimum": 0.97, "maximum": 0.98, "best": 0.98,
    }  # fmt: skip
    assert far["figures"]["test_loss"]["best"] == pytest.approx(0.02)
    assert {"parameters", "training_time", "images_per_second"} <= set(far["figures"])
    assert [one["name"] for one in far["classes"]] == ["cat", "dog"]
    assert far["classes"][0]["f1"]["mean"] == pytest.approx(0.985)
    assert near["verdict"] is None
    assert far["verdict"]["kind"] == "beyond"
    assert far["verdict"]["difference"] == pytest.approx(0.0583, abs=1e-4)
    assert base["verdict"]["kind"] == "within"
    assert base["verdict"]["words"].startswith("-0.33 points, within the noise of the seeds")


@pytest.mark.usefixtures("runs")
def test_a_figure_that_is_infinite_is_null_in_json(inside: Cnnlab, home: Home) -> None:
    change(home, "update evaluations set loss = 9e999 where run_id = 'base-0'")
    shown = json.loads(inside("runs", "compare", "base-0", "far-0", "--json").stdout)
    assert shown["groups"][0]["figures"]["test_loss"]["mean"] is None


def test_runs_are_chosen_by_name_filter_and_study(inside: Cnnlab, runs: list[str]) -> None:
    def chosen(*arguments: str) -> list[list[str]]:
        return names(inside("runs", "compare", *arguments, "--json"))

    assert chosen("far-1", "latest", "base-2", "--no-fold") == [["far-1"], ["base-2"]]
    near = [f"near-{seed}" for seed in range(3)]
    assert chosen("--filter", "name:near-*") == [near]
    assert chosen("--filter", "name:near-*", "base-0") == [["base-0"], near]
    assert chosen("--study", RATES) == [["far-0", "far-1"], ["base-0"]]
    assert chosen("--study", RATES, "--filter", "acc>0.95") == [["far-0", "far-1"]]
    assert chosen("near-0", "--study", RATES)[0] == ["near-0"]
    assert len(chosen(*runs, "--no-fold")) == 8


def test_runs_that_are_not_named_come_oldest_first_however_they_are_chosen(
    inside: Cnnlab, runs: list[str]
) -> None:
    def exported(*arguments: str) -> str:
        done = inside("export", *arguments, "--output", "-")
        assert done.returncode == 0, done.stderr
        return done.stdout

    every = exported("--all", "--format", "markdown")
    assert "held against lr=0.001" in every
    assert exported("--filter", "name:*", "--format", "markdown") == every
    rows = exported("--all", "--format", "csv", "--table", "runs").splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == runs


@pytest.mark.usefixtures("runs")
def test_a_run_in_the_trash_is_chosen_by_its_id_alone(inside: Cnnlab, home: Home) -> None:
    change(home, "update runs set trashed_at = '2026-01-01T00:00:00+00:00' where id = 'far-1'")
    done = inside("runs", "compare", "--study", RATES, "--filter", "name:*", "--json")
    assert names(done) == [["far-0"], ["base-0"]]
    assert names(inside("runs", "compare", "far-0", "far-1", "--json")) == [["far-0", "far-1"]]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("runs_named", "filter_text", "study", "words"),
    [
        ([], "", "", ["No run is named", "--filter TERMS", "--study NAME"]),
        (["base-0", "nearr-1"], "", "", ["Unknown run 'nearr-1'", "'near-1'"]),
        ([], "acc>0.999", "", ["No run matches the filter 'acc>0.999'"]),
        ([], "acuracy>0.9", "", ["Did you mean 'accuracy'"]),
        ([], "", "mine/rate", ["Unknown study 'mine/rate'", "'mine/rates'"]),
        ([], "name:near*", RATES, ["No run of the study mine/rates matches"]),
    ],
)
def test_a_choice_of_no_runs_is_a_sentence(
    home: Home, runs_named: list[str], filter_text: str, study: str, words: Sequence[str]
) -> None:
    with Reader(home) as reader, pytest.raises(ConfigError) as raised:
        selected(reader, home, runs_named, filter_text, study)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.usefixtures("runs")
def test_a_study_is_chosen_as_such_where_nothing_else_is(home: Home) -> None:
    with Reader(home) as reader:
        alone = selected(reader, home, [], study_name=RATES)
        assert alone.study is not None
        assert (alone.study.name, alone.run_ids) == (RATES, ("far-0", "far-1", "base-0"))
        assert selected(reader, home, ["near-0"], study_name=RATES).study is None
        assert selected(reader, home, [], "acc>0.95", RATES).study is None
        assert selected(reader, home, [], study_name="chen/width").run_ids == ()


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["base-0", "base-0"], ["nothing to compare: it is a single run"]),
        (["--study", "chen/width"], ["nothing to compare: the study has no runs yet"]),
        (["base-0", "far-0", "--checkpoint", "bst"], ["Did you mean 'best'"]),
        (["base-0", "far-0", "--baseline", "near-0"], ["'near-0' is none of the runs"]),
        (["base-0", "far-0", "--by", "stp"], ["Did you mean 'step'"]),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_a_sentence(
    inside: Cnnlab, arguments: list[str], words: Sequence[str]
) -> None:
    done = inside("runs", "compare", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.usefixtures("runs")
def test_a_report_is_held_against_the_baseline_that_is_named(inside: Cnnlab) -> None:
    def exported(*arguments: str) -> subprocess.CompletedProcess[str]:
        return inside("export", *arguments, "--output", "-")

    report = ("base-0", "far-0", "--format", "markdown")
    first, second = exported(*report).stdout, exported(*report, "--baseline", "far-0").stdout
    assert "held against lr=0.001" in first
    assert "held against lr=0.03" in second
    for arguments, words in (
        ((*report, "--baseline", "near-0"), "'near-0' is none of the runs"),
        (("base-0", "--format", "markdown", "--baseline", "base-0"), "--baseline is for several"),
        (("base-0", "far-0", "--format", "json", "--baseline", "far-0"), "--baseline is for"),
    ):
        done = exported(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr


def test_a_terminal_gets_colours_curves_and_tables_that_fit(
    terminal: Terminal, runs: list[str]
) -> None:
    shown = terminal("runs", "compare", *runs)
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert plain != shown
    assert "validation accuracy" in plain
    assert "┌────" in plain
    assert widest(plain) <= 80
    assert "┌────" not in terminal("runs", "compare", *runs, "--no-curves")


def test_once_is_plain_text_for_a_log(inside: Cnnlab, terminal: Terminal, runs: list[str]) -> None:
    shown = terminal("runs", "compare", *runs, "--once", columns=200)
    assert shown == inside("runs", "compare", *runs, "--once").stdout
    assert "\x1b" not in shown
    assert widest(shown) <= 80
    assert "┌────" in shown


@pytest.mark.usefixtures("runs")
def test_a_run_that_is_deleted_while_the_report_is_made_is_shown_as_it_was(
    inside: Cnnlab, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparing = compared_before_deletion(home, "far-1")
    arguments = ("runs", "compare", "far-0", "far-1", "--no-fold", "--curves")
    with monkeypatch.context() as patched:
        patched.setattr("cnnlab.export.comparison_document.compare", comparing)
        done = inside(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "seed=1" in done.stdout
    assert "Unknown run 'far-1'" in inside(*arguments).stderr


def test_many_groups_fit_a_terminal_and_each_is_there(
    inside: Cnnlab, terminal: Terminal, home: Home
) -> None:
    for number in range(30):
        finished(home, f"run-{number:02}", 0.5 + number / 100, f"optimizer.lr=0.{number + 1:02}")
    shown = terminal("runs", "compare", "--filter", "name:run-*", "--once")
    assert widest(shown) <= 80
    for number in range(30):
        assert f"run-{number:02}" in shown
    assert "0.7900 *" in shown
    assert len(names(inside("runs", "compare", "--filter", "name:run-*", "--json"))) == 30


@pytest.mark.usefixtures("runs")
def test_names_from_outside_are_shown_and_obeyed_by_no_terminal(
    inside: Cnnlab, terminal: Terminal, home: Home
) -> None:
    odd = '[red]a\x1b[2J\n, "b" & c_d 🦆'
    change(home, "update runs set name = ? where id = 'far-0'", [odd])
    change(home, "update class_metrics set class_name = ? where class_name = 'cat'", [odd])
    shown = terminal("runs", "compare", "base-0", "far-0", "--no-fold", columns=120)
    assert "\x1b[2J" not in shown
    assert '[red]a␛[2J␊, "b" & c_d 🦆' in shown
    done = inside("runs", "compare", "base-0", "far-0", "--json")
    group = json.loads(done.stdout)["groups"][1]
    assert (group["runs"][0]["name"], group["classes"][0]["name"]) == (odd, odd)
