"""The curves that `cnnlab runs show` draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from cli.conftest import Cnnlab, Terminal
from cli.runs import CONFIG, STYLES, assert_refused, evaluation

from cnnlab.events import EpochFinished, EvaluationFinished, RunStarted, StepsFinished
from cnnlab.history.recorder import Recorder, create_run
from cnnlab.home import Home


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


# As asked for


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
            validation = replace(evaluation(0.6), loss=2 / epoch)
            recorder.record(EvaluationFinished("validation", None, epoch, epoch * 50, validation))
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
