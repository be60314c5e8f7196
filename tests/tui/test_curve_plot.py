"""Plots on a screen: zoomed, read, moved together, in the colours of the theme or without any."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from history import samples
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widget import Widget
from tui.conftest import Opened, shown, until, until_shown

from cnnlab.analysis.curves import Curve, read_series
from cnnlab.events import Command, Intervened, RunFinished
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.settings import load_settings
from cnnlab.tui.widgets.curve_legend import shortened
from cnnlab.tui.widgets.curve_panel import CurvePanel
from cnnlab.tui.widgets.curve_plot import CurvePlot
from cnnlab.tui.widgets.curve_view import Places

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
STEPS = [float(step) for step in range(1, 101)]
LOSS = Curve("training", STEPS, [2 / step for step in STEPS])
CHECKED = Curve("validation", [50.0, 100.0], [0.5, 0.25])


class _Screen(CnnlabScreen):
    """Widgets to be looked at."""

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self._widgets = widgets

    def body(self) -> Iterator[Widget]:
        yield from self._widgets


async def open_plot(pilot: Pilot[None], *curves: Curve) -> CurvePlot:
    """A plot alone on a screen, with the keys going to it."""
    plot = CurvePlot()
    await pilot.app.push_screen(_Screen(plot))
    plot.show(curves or (LOSS, CHECKED), title="loss", x_label="step")
    plot.focus()
    await pilot.pause()
    return plot


def numbers_below(screen: str) -> list[int]:
    """What is written below the first plot."""
    lines = screen.split("\n")
    below = next(number for number, line in enumerate(lines) if "└" in line) + 1
    return [int(number) for number in re.findall(r"\d+", lines[below])]


# Reading and moving


async def test_the_legend_tells_the_last_values_then_those_at_the_cursor(opened: Opened) -> None:
    async with opened("history") as pilot:
        await open_plot(pilot)
        await until_shown(pilot, "loss   ⣿ training 0.0200   ⣿ validation 0.2500")
        await pilot.press("home")
        await until_shown(pilot, "loss at step 1   ⣿ training 2.0000   ⣿ validation 0.5000")
        await pilot.press("right", "right")
        await until_shown(pilot, "loss at step 5 ")
        await pilot.press("h")
        await until_shown(pilot, "loss at step 3 ")
        await pilot.press("end")
        await until_shown(pilot, "loss at step 100 ")
        await pilot.press("0")
        await until_shown(pilot, "loss   ⣿ training 0.0200")


async def test_zooming_shows_a_part_about_the_cursor_and_0_all_again(opened: Opened) -> None:
    async with opened("history") as pilot:
        plot = await open_plot(pilot)
        whole = numbers_below(shown(pilot))
        await pilot.press("end", "plus", "plus")
        assert plot.view == pytest.approx((75.25, 100.0))
        await pilot.pause()
        zoomed = numbers_below(shown(pilot))
        assert min(zoomed) > 70
        await pilot.press("H")
        await pilot.pause()
        assert plot.view is not None
        assert plot.view[1] < 100
        await pilot.press("0")
        await pilot.pause()
        assert plot.view is None
        assert numbers_below(shown(pilot)) == whole
        assert plot.cursor == 100, "the cursor goes with a second 0 only"


async def test_the_cursor_takes_a_zoomed_view_along(opened: Opened) -> None:
    async with opened("history") as pilot:
        plot = await open_plot(pilot)
        await pilot.press("home", *["plus"] * 4, "end")
        assert plot.view is not None
        assert plot.view[1] == 100
        assert plot.cursor == 100


async def test_a_view_that_reaches_the_end_follows_the_curve(opened: Opened) -> None:
    async with opened("history") as pilot:
        plot = await open_plot(pilot)
        await pilot.press("end", "plus")
        before = plot.view
        longer = Curve("training", [*STEPS, 110.0], [*LOSS.y, 0.01])
        plot.show([longer], title="loss", x_label="step")
        assert before is not None
        assert plot.view == (before[0] + 10, before[1] + 10)
        await pilot.press("H")
        left = plot.view
        plot.show([Curve("training", [*longer.x, 120.0], [*longer.y, 0.01])], title="loss")
        assert plot.view == left, "one that was panned away stays"


async def test_the_mouse_sets_the_cursor_and_its_wheel_zooms(opened: Opened) -> None:
    async with opened("history") as pilot:
        plot = await open_plot(pilot)
        await pilot.click(plot, offset=(43, 5))
        await until_shown(pilot, "loss at step")
        assert plot.cursor is not None
        assert 45 < plot.cursor < 57
        column = next(line for line in shown(pilot).split("\n") if "┃" in line).index("┃")
        assert abs(column - 43) <= 1
        await pilot._post_mouse_events([_scroll_up()], plot, offset=(43, 5))
        assert plot.view is not None
        assert plot.view[1] - plot.view[0] == pytest.approx(99 / 2)


def _scroll_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


# What it looks like


async def test_too_small_a_plot_says_so(opened: Opened) -> None:
    async with opened("history", size=(60, 8)) as pilot:
        await open_plot(pilot)
        await until_shown(pilot, "Too small for curves: needs 20x6.")


async def test_a_plot_without_values_says_so(opened: Opened) -> None:
    async with opened("history") as pilot:
        await open_plot(pilot, Curve("training", [1.0, 2.0], [math.nan, math.inf]))
        await until_shown(pilot, "loss: nothing to draw yet")
        await pilot.press("right", "plus", "end", "0")
        await until_shown(pilot, "nothing to draw yet")


async def test_names_with_escapes_and_brackets_are_text(opened: Opened) -> None:
    async with opened("history") as pilot:
        await open_plot(pilot, Curve("[red]a\x1b]0;b\x07", [1.0, 2.0], [1.0, 2.0]))
        await until_shown(pilot, "⣿ [red]a ]0;b  2.0000")


def colours_of_curves(pilot: Pilot[None]) -> set[str]:
    """The colours in which braille is drawn."""
    return {
        segment.style.color.triplet.hex
        for strip in pilot.app.screen._compositor.render_strips()
        for segment in strip
        if set(segment.text) & BRAILLE
        and segment.style
        and segment.style.color
        and segment.style.color.triplet
    }


async def test_curves_have_the_colours_of_the_theme(opened: Opened) -> None:
    async with opened("history") as pilot:
        await open_plot(pilot)
        await pilot.pause()
        assert colours_of_curves(pilot) == {"#5fd7ff", "#ffaf5f"}
        pilot.app.theme = "cnnlab-light"
        await pilot.pause()
        assert colours_of_curves(pilot) == {"#005f9e", "#b35000"}


async def test_without_colours_curves_have_signs(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened("history") as pilot:
        await open_plot(pilot)
        screen = shown(pilot)
        assert "⣿ training 0.0200   • validation 0.2500" in screen
        assert sum(line.count("•") for line in screen.split("\n")) > 10


# Names


LONG = ("kernel-5-plateau-0.001-1", "kernel-7-plateau-0.001-1", "kernel-7-plateau-0.01-1", "b")


@pytest.mark.parametrize("most", range(8, 25))
def test_shortened_names_fit_and_stay_apart(most: int) -> None:
    found = shortened(LONG, most)
    assert len(set(found)) == 4
    assert all(cell_len(name) <= most for name in found)
    assert found[3] == "b"


def test_names_lose_how_all_begin_before_they_lose_their_middles() -> None:
    assert shortened(["a long name-32", "a long name-128"], 6) == ["…32", "…128"]
    assert shortened(["first-of-them", "other-of-them"], 10) == ["firs…-them", "othe…-them"]
    assert shortened(["run-as-it-is", "run-as-it-is-2"], 13) == ["run-as-it-is", "…-2"]
    assert shortened(["漢字漢字漢字", "b"], 8) == ["漢…漢字", "b"]
    assert shortened(["same", "same"], 3) == ["s…e", "s…e"]


# Places


def places(*xs: Sequence[float]) -> Places:
    return Places([Curve("", np.array(x), np.ones(len(x))) for x in xs])


def test_the_cursor_stands_only_where_a_curve_has_a_value() -> None:
    gap = Curve("", [1.0, 2.0, 3.0, 4.0], [1.0, math.nan, None, 1.0])
    found = Places([gap, Curve("", [2.5], [1.0])])
    assert found.all.tolist() == [1.0, 2.5, 4.0]
    assert found.extent == (1.0, 4.0)
    assert found.nearest(3.1) == 2.5
    assert found.moved(1.0, 0.1) == 2.5
    assert found.moved(2.5, -0.1) == 1.0
    assert found.moved(4.0, 5) == 4.0
    assert found.moved(1.0, -5) == 1.0


def test_a_view_stays_within_the_curves() -> None:
    found = places(range(101))
    assert found.zoomed(None, 0.5, 100) == (50, 100)
    assert found.zoomed((50, 100), 2, 75) is None
    assert found.within((-10, 10)) == (0, 20)
    assert found.within((95, 105)) == (90, 100)
    assert found.showing((0, 10), 15) == (5, 15)
    assert found.showing((5, 15), 0) == (0, 10)
    assert found.showing(None, 50) is None


def test_zooming_ends_where_there_are_too_few_points_for_a_curve() -> None:
    found, view = places(range(101)), None
    for _ in range(40):
        view = found.zoomed(view, 0.5, 50)
    assert view is not None
    assert 1 <= view[1] - view[0] <= 4
    assert places().zoomed(None, 0.5, None) is None
    assert places([3.0]).extent is None


# Several plots


def record_runs(home: Home) -> None:
    """Two whole runs; in the first one the learning rate was halved."""
    for number, name in ((1, "first"), (2, "[b]second")):
        run_id = f"1000000{number}"
        samples.add_run(home, run_id, name=name)
        samples.record(home, run_id, samples.STARTED)
        if number == 1:
            samples.record(home, run_id, Intervened(Command("scale_lr", 0.5), 1, 2))
        samples.record(
            home,
            run_id,
            samples.steps(1, (0.9, 0.8, 0.7 / number, 0.6 / number)),
            samples.evaluated("validation", None, 4),
            samples.epoch(1),
            RunFinished("done"),
        )


async def open_panel(pilot: Pilot[None], home: Home) -> CurvePanel:
    panel = CurvePanel()
    await pilot.app.push_screen(_Screen(panel))
    await pilot.pause()
    with Reader(home) as reader:
        panel.show_runs([read_series(reader, "10000001")])
    panel.query(CurvePlot).first().focus()
    await until_shown(pilot, "training ~ 0.6")
    return panel


async def test_plots_of_a_panel_are_read_and_zoomed_together(home: Home, opened: Opened) -> None:
    record_runs(home)
    async with opened("history") as pilot:
        panel = await open_panel(pilot, home)
        await pilot.press("home")
        await until_shown(pilot, "accuracy at step 1 ")
        await pilot.press("plus")
        await pilot.pause()
        views = {plot.view for plot in panel.query(CurvePlot)}
        assert len(views) == 1
        assert None not in views
        await until_shown(pilot, "step 1 to 2.5")


async def test_the_keys_of_a_panel_change_how_it_draws_and_are_remembered(
    home: Home, opened: Opened
) -> None:
    record_runs(home)
    async with opened("history", size=(110, 30)) as pilot:
        await open_panel(pilot, home)
        await until_shown(pilot, "by step · ~ smoothed by 0.6 · ↓ lower lr")
        assert sum("┌" in line and "↓" in line for line in shown(pilot).split("\n")) == 2
        await pilot.press("b")
        await until_shown(pilot, "by epoch")
        await pilot.press("S", "S", "S")
        await until_shown(pilot, "not smoothed")
        await until_shown(pilot, "training 0.6000")
        await pilot.press("y")
        await until_shown(pilot, "not smoothed · log")
        await pilot.press("v")
        await until(pilot, lambda: "accuracy" not in shown(pilot))
        await pilot.press("v", "v")
        await until_shown(pilot, "learning rate   ⣿ 0.0100")
    look = load_settings(home).curves
    assert (look.by, look.smoothing, look.log, look.plots) == ("epoch", 0.0, True, "lr")


async def test_other_runs_are_laid_over(home: Home, opened: Opened) -> None:
    record_runs(home)
    async with opened("history", size=(120, 30)) as pilot:
        await open_panel(pilot, home)
        await pilot.press("S", "S", "o")
        await until_shown(pilot, "[b]second  finished")
        await pilot.press("space", "enter")
        await until_shown(pilot, "⣿ [b]second training 0.3000", "⣿ first training 0.6000")
        await pilot.press("p", "p")
        await until_shown(pilot, "⣿ first 0.2500", "smoothed · validation")
        await until(pilot, lambda: "training" not in shown(pilot))
        await pilot.press("o", "space", "enter")
        await until_shown(pilot, "⣿ training 0.6000")


async def test_help_has_one_heading_for_all_that_works_here(home: Home, opened: Opened) -> None:
    record_runs(home)
    async with opened("history", size=(80, 60)) as pilot:
        await open_panel(pilot, home)
        await pilot.press("question_mark")
        text = await until_shown(pilot, "Move the cursor left", "Draw by step", "everywhere")
        lines = [line.strip("│ ") for line in text.splitlines()]
        assert (lines.count("here"), lines.count("everywhere")) == (1, 1)
