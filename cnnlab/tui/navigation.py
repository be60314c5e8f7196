"""Ways from one screen to another: each loads its screen when it is first gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnlab.history.ownership import LIVE
from cnnlab.history.records import RunRecord

if TYPE_CHECKING:
    from textual.screen import Screen

    from cnnlab.tui.app import CnnlabApp
    from cnnlab.tui.exports import Subject
    from cnnlab.tui.screens.launch.source import Source


def presets() -> Screen[None]:
    """The main screen of presets."""
    from cnnlab.tui.screens.presets.screen import PresetsScreen

    return PresetsScreen()


def run() -> Screen[None]:
    """The main screen of what trains now."""
    from cnnlab.tui.screens.run.screen import RunScreen

    return RunScreen()


def history() -> Screen[None]:
    """The main screen of all runs."""
    from cnnlab.tui.screens.history.screen import HistoryScreen

    return HistoryScreen()


def data() -> Screen[None]:
    """The main screen of data sets."""
    from cnnlab.tui.screens.data.screen import DataScreen

    return DataScreen()


def load_screens() -> None:
    """Imports the screens that are most often gone to; may be called from any thread."""
    import cnnlab.tui.screens.history.screen
    import cnnlab.tui.screens.launch.screen
    import cnnlab.tui.screens.result.screen
    import cnnlab.tui.screens.run.screen  # noqa: F401


async def open_run(app: CnnlabApp, run: RunRecord) -> None:
    """Opens a run: live where it is under way or waits, else its result."""
    if run.status in (*LIVE, "queued"):
        await watch(app, run.id)
    else:
        from cnnlab.tui.screens.result.screen import ResultScreen

        await app.push_screen(ResultScreen(run.id))


async def watch(app: CnnlabApp, run_id: str) -> None:
    """Goes to the main screen of what trains, at one run."""
    from cnnlab.tui.screens.run.screen import RunScreen

    await app.show("run")
    screen = app.screen
    if isinstance(screen, RunScreen):
        screen.follow(run_id)


async def compare(app: CnnlabApp, run_ids: Sequence[str]) -> None:
    """Opens a comparison of two to eight runs."""
    from cnnlab.tui.screens.compare.screen import CompareScreen

    await app.push_screen(CompareScreen(tuple(run_ids)))


def export(app: CnnlabApp, subject: Subject) -> None:
    """Asks how something is exported, and has that done.

    Raises:
        HistoryError: the run is not in the history any more, or that cannot be read.
    """
    from cnnlab.tui.exports import ExportRequest
    from cnnlab.tui.screens.export.choices import Choices
    from cnnlab.tui.screens.export.dialog import ExportDialog
    from cnnlab.tui.screens.export.stock import read_stock

    def begin(request: ExportRequest | None) -> None:
        if request is not None:
            app.exports.begin(request)

    with app.session.reading() as reader:
        choices = Choices(subject, read_stock(reader, subject))
    app.push_screen(ExportDialog(choices, app.exports.last), begin)


async def prepare(app: CnnlabApp, source: Source) -> None:
    """Opens the launch form, filled from a preset or an earlier run."""
    from cnnlab.tui.screens.launch.screen import LaunchScreen

    await app.push_screen(LaunchScreen(source))
