"""Learning rates by epoch: in stairs, each over the epoch or the step that it was used in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from history.samples import STARTED, add_run, change, record

from cnnlab.analysis.curves import Curve, read_series
from cnnlab.analysis.quantities import By, Quantity
from cnnlab.events import EpochFinished, StepsFinished
from cnnlab.export.curves import draw_curves
from cnnlab.export.job import ExportOptions
from cnnlab.export.run_plots import curve_plots
from cnnlab.history.queries import Reader
from cnnlab.home import Home

PER_EPOCH = 4


def trained(home: Home, rates: Sequence[float], *, steps: bool = False) -> str:
    """A run of four steps an epoch, each epoch at its rate."""
    add_run(home, "run")
    record(home, "run", STARTED)
    for at, rate in enumerate(rates):
        if steps:
            rows = (0.5,) * PER_EPOCH
            record(
                home,
                "run",
                StepsFinished(at + 1, at * PER_EPOCH + 1, rows, rows, (rate,) * PER_EPOCH, 100.0),
            )
        end = (at + 1) * PER_EPOCH
        record(home, "run", EpochFinished(at + 1, end, 0.5, 0.5, 0.5, 0.5, rate, 2.0, 100.0))
    change(home, "update runs set steps_per_epoch = ?", [PER_EPOCH])
    return "run"


def rates(home: Home, by: By, *, steps: bool = False) -> list[tuple[float, float]]:
    with Reader(home) as reader:
        (curve,) = read_series(reader, "run", steps=steps).curves("lr", by)
    x, y = curve.points()
    return list(zip(x.tolist(), y.tolist(), strict=True))


@pytest.mark.parametrize(("by", "width"), [("epoch", 1), ("step", 4), ("time", 2)])
def test_the_rate_of_an_epoch_holds_from_its_begin_to_its_end(
    home: Home, by: By, width: float
) -> None:
    trained(home, (0.3, 0.2, 0.2, 0.1))
    places = (0, 1, 1, 2, 3, 3, 4)
    held = (0.3, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1)
    assert rates(home, by) == [(at * width, rate) for at, rate in zip(places, held, strict=True)]


def test_a_single_epoch_is_a_line_over_it(home: Home) -> None:
    trained(home, (0.3,))
    assert rates(home, "epoch") == [(0, 0.3), (1, 0.3)]


def test_an_epoch_without_a_rate_is_a_gap(home: Home) -> None:
    trained(home, (0.3, 0.2, 0.3))
    change(home, "update epochs set lr = null where epoch = 2")
    told = rates(home, "epoch")
    assert [at for at, _ in told] == [0, 1, 2, 2, 3]
    assert [rate for _, rate in told] == pytest.approx([0.3, 0.3, math.nan, 0.3, 0.3], nan_ok=True)


def test_curves_that_begin_later_begin_there(home: Home) -> None:
    trained(home, (0.3, 0.2, 0.1))
    change(home, "delete from epochs where epoch = 1")
    assert rates(home, "epoch")[:2] == [(1, 0.2), (2, 0.2)]


def test_rates_of_steps_are_in_stairs_by_epoch_and_as_recorded_by_step(home: Home) -> None:
    trained(home, (0.3, 0.1), steps=True)
    told = rates(home, "epoch", steps=True)
    assert (told[0], told[-1]) == ((0.25, 0.3), (2, 0.1))
    assert next(at for at, rate in told if rate == 0.1) == 1
    assert {rate for _, rate in told} == {0.3, 0.1}
    assert rates(home, "step", steps=True) == [
        (float(step), 0.3 if step <= PER_EPOCH else 0.1) for step in range(1, 9)
    ]


def test_only_rates_are_in_stairs(home: Home) -> None:
    trained(home, (0.3, 0.2))
    with Reader(home) as reader:
        series = read_series(reader, "run", steps=False)
    quantities: tuple[Quantity, ...] = ("loss", "accuracy")
    for quantity in quantities:
        for curve in series.curves(quantity, "epoch"):
            assert list(curve.x) == [1, 2]


def plot_of_rates(home: Home) -> Curve:
    with Reader(home) as reader:
        plots = curve_plots(reader, reader.run("run"), ExportOptions(by="epoch"))
    (curve,) = next(plot.curves for plot in plots if plot.name == "lr")
    return curve


def test_a_plot_by_epoch_has_the_rates_of_steps_where_they_are_known(home: Home) -> None:
    trained(home, (0.3, 0.1), steps=True)
    change(home, "update steps set lr = 0.2 where step = 3")
    x, y = plot_of_rates(home).points()
    held = [(float(at), float(rate)) for at, rate in zip(x, y, strict=True) if rate == 0.2]
    assert held == [(0.5, 0.2), (0.75, 0.2)]


def test_no_rate_between_two_is_drawn_with_characters(home: Home) -> None:
    trained(home, (1.0, 0.0))
    curve = plot_of_rates(home)
    text = draw_curves([curve], title="", x_label="", width=40, height=12, colour=False).text
    rows = [line.split("│", 1)[-1] for line in text.split("\n")[1:-1]]
    columns = [{at for at, sign in enumerate(row) if "⠀" < sign <= "⣿"} for row in rows]
    inner = [len(found) for found in columns[2:-3] if found]
    assert inner
    assert max(inner) <= 2
    assert np.isfinite(curve.points()[1]).all()
