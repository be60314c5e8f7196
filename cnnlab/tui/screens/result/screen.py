"""The result of a run: its curves, classes, mistakes, config, checkpoints and log in tabs."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Tab, Tabs

from cnnlab.tui import navigation
from cnnlab.tui.exports import Subject
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.result.checkpoints import CheckpointsTab
from cnnlab.tui.screens.result.classes import ClassesTab
from cnnlab.tui.screens.result.confusion import ConfusionTab
from cnnlab.tui.screens.result.curves import CurvesTab
from cnnlab.tui.screens.result.facts import Facts, read_facts
from cnnlab.tui.screens.result.head import Head
from cnnlab.tui.screens.result.log import LogTab
from cnnlab.tui.screens.result.predicted import MistakesTab
from cnnlab.tui.screens.result.predictions import PredictedImages
from cnnlab.tui.screens.result.setup import SetupTab
from cnnlab.tui.screens.result.tab import ResultTab, SplitTab
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.top_bar import TopBar

TABS = ("Curves", "Classes", "Confusion", "Mistakes", "Config", "Checkpoints", "Log")


class _TabBar(Sturdy, Tabs, can_focus=False):
    """The names of the tabs; the keys belong to what is in them."""


class ResultScreen(CnnlabScreen):
    """What one run came to.

    Args:
        run_id: a run of the history; its rows are read when the screen opens.
    """

    PLACE = "history"
    CSS_PATH = "result.tcss"
    HELP = (
        "The result of one run. Tab goes to the next tab. Classes, confusion matrix and mistakes"
        " are those of one split and one checkpoint, which s and b change. For the mistakes the"
        " checkpoint classifies the images again, in a process of its own."
    )
    BINDINGS = [
        Binding("escape", "app.back", "Back"),
        Binding(
            "tab,right_square_bracket", "tab(1)", "Next", key_display="tab", tooltip="Next tab"
        ),
        Binding("shift+tab,left_square_bracket", "tab(-1)", "Tab before", show=False),
        Binding("E", "export", "Export", tooltip="Export the run: report, plots, model, …"),
        Binding("e", "again", "Again", tooltip="Run it again, with changes"),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._facts: Facts | None = None
        self._images: PredictedImages | None = None

    def body(self) -> Iterable[Widget]:
        """The head above the tabs; what they show is read when they are entered."""
        with self.session.reading() as reader:
            facts = read_facts(reader, self._run_id)
        images = PredictedImages(self.session.home, self._run_id)
        self._facts, self._images = facts, images
        choice = facts.first_choice()
        tabs: tuple[ResultTab, ...] = (
            CurvesTab(facts),
            ClassesTab(facts, choice),
            ConfusionTab(facts, choice, images),
            MistakesTab(facts, choice, images),
            SetupTab(facts),
            CheckpointsTab(facts),
            LogTab(facts),
        )
        yield Head(facts)
        yield _TabBar(*(Tab(name, id=name.lower()) for name in TABS))
        with ContentSwitcher(initial=None):
            for name, tab in zip(TABS, tabs, strict=True):
                tab.id = f"{name.lower()}-tab"
                yield tab

    def on_mount(self) -> None:
        """Shows the run's name, and leaves the keys to what is in the tabs."""
        if self._facts is not None:
            self.query_one(TopBar).say(self._facts.run.name)
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def _recolour(self, _: Theme) -> None:
        """Fills the tabs anew whose texts have colours of the theme."""
        self.query_one(Head).show()
        for kind in (ClassesTab, SetupTab, LogTab):
            self.query_one(kind).filled = False
        self.call_later(self._enter)

    def on_unmount(self) -> None:
        """Nobody waits for images any more."""
        if self._images is not None:
            self._images.close()

    async def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Shows a tab, and fills it when it is first shown."""
        self.query_one(ContentSwitcher).current = f"{event.tab.id}-tab"
        await self._enter()

    async def _enter(self) -> None:
        tab = self.query_one(ContentSwitcher).visible_content
        if isinstance(tab, ResultTab):
            await tab.enter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers to run it again where a config is known of it."""
        if action == "again":
            return self._facts is None or bool(self._facts.run.config)
        return super().check_action(action, parameters)

    def action_tab(self, by: int) -> None:
        """Goes to the next tab or the one before."""
        tabs = self.query_one(_TabBar)
        ids = [name.lower() for name in TABS]
        tabs.active = ids[(ids.index(tabs.active) + by) % len(ids)]

    async def on_split_tab_chosen(self, event: SplitTab.Chosen) -> None:
        """Shows another split or checkpoint in all tabs, at once in the one that is seen."""
        for tab in self.query(SplitTab):
            await tab.take(event.choice)
        await self._enter()

    def action_export(self) -> None:
        """Asks how the run is exported; offers what the tab shows."""
        if self._facts is None:
            return
        run, choice = self._facts.run, self.query_one(ClassesTab).choice
        tab = self.query_one(_TabBar).active
        subject = Subject.of_runs(
            [run.id],
            run.name,
            checkpoint=choice.checkpoint,
            split=choice.split,
            plot=tab if tab in ("classes", "confusion") else "curves",
        )
        navigation.export(self.lab, subject)

    async def action_again(self) -> None:
        """Opens the launch form with the run's config."""
        from cnnlab.tui.screens.launch.source import Source

        if self._facts is not None:
            await navigation.prepare(self.lab, Source.of_run(self._facts.run))
