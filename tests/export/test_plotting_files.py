"""Plots of real runs, as `cnnlab export` writes them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from analysis.test_study_results import TEXT
from analysis.test_study_results import add_run as add_row
from finished_run import copy, train
from history.samples import STARTED, add_run, change, epoch, evaluated, life, record, steps
from PIL import Image

from cnnlab.config import studies
from cnnlab.errors import ConfigError
from cnnlab.events import RunFailed, RunFinished
from cnnlab.export.formats import FORMATS
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_names import PLOTS
from cnnlab.export.plotting.files import write_png, write_svg
from cnnlab.history.queries import Reader
from cnnlab.home import Home

OF_A_RUN = ("curves", "loss", "accuracy", "classes", "confusion")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    return train(tmp_path_factory.mktemp("trained"))


def job(home: Home, *run_ids: str, **options: object) -> ExportJob:
    return ExportJob(home, run_ids, None, ExportOptions(**options))  # type: ignore[arg-type]


def written(home: Home, *run_ids: str, **options: object) -> str:
    path = home.root.parent / "plot.svg"
    write_svg(job(home, *run_ids, **options), path)
    return path.read_text(encoding="utf-8")


def test_each_plot_of_a_trained_run_is_written_and_differs_from_the_others(
    trained: tuple[Home, str], home: Home
) -> None:
    copy(trained[0], home)
    plots = {name: written(home, trained[1], plot=name) for name in OF_A_RUN}
    assert len(set(plots.values())) == len(OF_A_RUN)
    assert written(home, trained[1]) == plots["curves"]
    assert ">Loss<" in plots["curves"]
    assert ">Accuracy<" in plots["curves"]
    assert ">Accuracy<" not in plots["loss"]
    assert ">Predicted class<" in plots["confusion"]


def test_all_three_formats_are_registered_and_write_what_they_say(
    trained: tuple[Home, str], home: Home, tmp_path: Path
) -> None:
    copy(trained[0], home)
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for name, start in starts.items():
        path = tmp_path / "plot.with.any.ending"
        assert FORMATS[name].load()(job(home, trained[1]), path) == []
        assert path.read_bytes().startswith(start)


def test_curves_follow_the_options(trained: tuple[Home, str], home: Home) -> None:
    copy(trained[0], home)
    by_step = written(home, trained[1], by="step")
    assert ">Step<" in by_step
    assert by_step != written(home, trained[1], by="step", smooth=0.9)
    assert ">Training time (s)<" in written(home, trained[1], by="time")
    narrow, wide = home.root.parent / "a.png", home.root.parent / "b.png"
    write_png(job(home, trained[1]), narrow)
    write_png(job(home, trained[1], wide=True), wide)
    assert [Image.open(path).width for path in (narrow, wide)] == [1050, 2148]


def test_runs_are_compared_in_one_figure(home: Home) -> None:
    for number, rate in enumerate((0.1, 0.01)):
        config = {"model": {"name": "lenet"}, "optimizer": {"name": "sgd", "lr": rate}}
        add_run(home, f"run{number}", name=f"run {number}", config=config)
        record(home, f"run{number}", *life())
    both = "run0", "run1"
    for name in ("curves", "loss", "training-loss", "comparison", "classes"):
        assert "lr=0.01" in written(home, *both, plot=name), name
    assert ">Validation loss<" in written(home, *both)
    told = write_svg(job(home, *both, "gone"), home.root.parent / "plot.svg")
    assert told == ["1 run was deleted meanwhile and left out."]
    with pytest.raises(ConfigError, match="takes one run"):
        written(home, *both, plot="confusion")


def test_curves_of_runs_of_one_epoch_are_those_of_its_steps(home: Home) -> None:
    for number in (1, 2):
        add_run(home, f"run{number}", config={"optimizer": {"name": "sgd", "lr": number}})
        record(home, f"run{number}", STARTED, steps(1, (3.0, 2.0, 1.0)), epoch(1))
    both = "run1", "run2"
    drawn = written(home, *both)
    assert ">Training loss<" in drawn
    assert ">Training accuracy<" in drawn
    assert ">Validation loss<" not in drawn
    assert ">Validation loss<" in written(home, *both, plot="loss")


def test_a_plot_tells_which_of_many_groups_it_has(home: Home, tmp_path: Path) -> None:
    for number in range(9):
        config = {"model": {"name": "lenet"}, "optimizer": {"name": "sgd", "lr": number + 1}}
        add_run(home, f"run{number}", config=config)
        record(home, f"run{number}", *life())
    runs = job(home, *(f"run{number}" for number in range(9)))
    assert write_svg(runs, tmp_path / "plot.svg") == [
        "8 of 9 groups are drawn: the best by test accuracy."
    ]
    compared = replace(runs, options=ExportOptions(plot="comparison"))
    assert write_svg(compared, tmp_path / "bars.svg") == []


def test_where_panels_have_different_groups_each_is_told_with_its_name(
    home: Home, tmp_path: Path
) -> None:
    for number in range(9):
        config = {"model": {"name": "lenet"}, "optimizer": {"name": "sgd", "lr": number + 1}}
        add_run(home, f"run{number}", config=config)
        record(home, f"run{number}", *life())
    change(home, "update epochs set validation_loss = null where run_id < 'run2'")
    change(home, "update evaluations set loss = null where run_id < 'run2'")
    runs = job(home, *(f"run{number}" for number in range(9)))
    assert write_svg(runs, tmp_path / "plot.svg") == [
        "Validation loss: 7 of 9 groups are drawn: the others have no validation loss.",
        "Validation accuracy: 8 of 9 groups are drawn: the best by test accuracy.",
    ]


def test_curves_of_a_study_are_those_of_its_rows_by_their_titles(
    home: Home, tmp_path: Path
) -> None:
    path = home.presets / "mine" / "rates.toml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    study = studies.load(home, "mine/rates")

    def drawn(plot: str = "curves") -> tuple[str, list[str]]:
        with Reader(home) as reader:
            ids = tuple(run.id for run in reader.runs())
        path = tmp_path / "plot.svg"
        told = write_svg(ExportJob(home, ids, study, ExportOptions(plot=plot)), path)
        return path.read_text(encoding="utf-8"), told

    for name, *settings in (
        ("slow", "training.seed=1"),
        ("slow", "training.seed=2"),
        ("slow", "training.seed=2", "training.epochs=9"),
        ("fast", "training.seed=1", "training.epochs=9"),
    ):
        run_id = add_row(home, study, name, 0.8, *settings)
        record(home, run_id, epoch(1), epoch(2), RunFinished("done"))
    text, told = drawn()
    labels = re.findall(r">([^<>]*(?:slow|fast)[^<>]*)<", text)
    assert list(dict.fromkeys(labels)) == ["slow, mean of 2", "fast *"]
    signed = ["* was not trained as the study says; `cnnlab study show` tells what differs."]
    assert told == signed
    text, told = drawn("comparison")
    assert ">fast *<" in text
    assert told == signed


def test_an_unknown_plot_names_the_nearest(home: Home) -> None:
    add_run(home, "run")
    with pytest.raises(ConfigError, match="Did you mean 'confusion'"):
        written(home, "run", plot="confusoin")


def test_a_run_that_has_nothing_says_so(home: Home) -> None:
    add_run(home, "run")
    record(home, "run", STARTED, RunFailed("no memory", ""))
    with pytest.raises(ConfigError, match="nothing to plot"):
        written(home, "run")
    for name in PLOTS:
        with pytest.raises(ConfigError, match="nothing to plot"):
            written(home, "run", plot=name)


def test_a_run_without_evaluations_says_what_it_has(home: Home) -> None:
    add_run(home, "run")
    record(home, "run", *life()[:8])
    with pytest.raises(ConfigError, match="no evaluation of the test split") as caught:
        written(home, "run", plot="confusion")
    assert "curves, loss, accuracy" in caught.value.hint
    with pytest.raises(ConfigError, match="it does not vary"):
        written(home, "run", plot="lr")
    with pytest.raises(ConfigError, match="takes several runs"):
        written(home, "run", plot="comparison")


def test_a_run_without_epochs_is_plotted_by_its_evaluations(home: Home) -> None:
    add_run(home, "run")
    record(home, "run", STARTED, evaluated("test", "best", 8))
    assert ">owl<" in written(home, "run")


def test_settings_of_matplotlib_and_a_home_that_cannot_be_written_change_nothing(
    trained: tuple[Home, str], home: Home, tmp_path: Path
) -> None:
    copy(trained[0], home)
    (tmp_path / "matplotlibrc").write_text(
        "text.usetex: True\nfigure.facecolor: red\nno.such.key: 1\n"
    )
    ours = home.root.parent / "plot.pdf"
    FORMATS["pdf"].load()(job(home, trained[1]), ours)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cnnlab", "export", trained[1]),
            *("--format", "pdf", "--output", "other.pdf"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "HOME": "/proc/1",
            "XDG_CONFIG_HOME": "/proc/1",
            "XDG_CACHE_HOME": "/proc/1",
            "MPLBACKEND": "module://not_there.inline",
            "PYTHONHASHSEED": "7",
            "TZ": "Asia/Tokyo",
        },
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.splitlines()[:-1]) == (0, [])
    assert (tmp_path / "other.pdf").read_bytes() == ours.read_bytes()
