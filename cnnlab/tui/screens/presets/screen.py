"""The screen of presets: a tree with a search at the left, the entry under its cursor beside it.

Files and history are read behind the screen; what is shown stays until something newer is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static, Tree

from cnnlab.config.studies import Study
from cnnlab.history.watch import Watch
from cnnlab.home import Home
from cnnlab.tui import navigation
from cnnlab.tui.background import behind
from cnnlab.tui.exports import Subject
from cnnlab.tui.screens.presets.catalog import (
    Branch,
    Catalog,
    Entry,
    ReportEntry,
    RowEntry,
    RunEntry,
    SectionEntry,
    StudyEntry,
    fingerprint_of,
    first_catalog,
    load_catalog,
    recent_branch,
)
from cnnlab.tui.screens.presets.details import Details
from cnnlab.tui.screens.presets.measuring import Facts, read_facts
from cnnlab.tui.screens.presets.palette import Palette
from cnnlab.tui.screens.presets.queueing import Queueing
from cnnlab.tui.screens.presets.search import SearchInput, SearchLine
from cnnlab.tui.screens.presets.standing import Standing, read_standing
from cnnlab.tui.screens.presets.tree import PresetTree
from cnnlab.tui.screens.presets.words import View, described
from cnnlab.tui.settings import MainScreen
from cnnlab.tui.widgets.top_bar import TopBar

_HISTORY_SECONDS = 1.0
"""Between two looks at the history; a screen that nobody sees does not look."""
_FILES_SECONDS = 3.0
"""Between two looks at the files of presets."""
_DETAILS_SECONDS = 0.04
"""An entry is told of when the cursor stays on it this long."""
_PATIENCE_SECONDS = 0.2
"""How long what was told before stays in place while the history is read."""


class PresetsScreen(Queueing):
    """All that can be trained."""

    PLACE: MainScreen = "presets"  # type: ignore[misc]
    CSS_PATH = "presets.tcss"
    HELP = (
        "What can be trained: studies of five reports with their rows, presets of your own, and"
        " the configs that were trained last. Enter opens the launch form of an entry; / searches"
        " in names and titles. A row is ✓ trained, * trained with other settings alone, ▶"
        " training, … waiting or × failed; a count such as 3/12 says how many rows are ✓. Own"
        " presets are files in the home's presets folder."
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-medium"), (110, "-wide")]
    BINDINGS = [
        Binding("slash", "search", "Search", tooltip="Search in names and titles"),
        Binding("escape", "clear_search", "Clear", tooltip="Clear the search"),
        Binding("E", "export", "Export", show=False, tooltip="Export the study, or the run"),
        Binding("f5,R", "reload", "Reload", show=False, tooltip="Read the files of presets again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._watch: Watch | None = None
        self._catalog = Catalog()
        self._standing = Standing()
        self._facts: dict[str, Facts] = {}
        self._reading = self._loading = self._measuring = False
        self._told = ""
        self._soon: Timer | None = None

    # Parts

    def body(self) -> Iterable[Widget]:
        """The tree below its search, the details beside it."""
        with Horizontal():
            with Vertical(id="left"):
                yield SearchLine(id="search-line")
                yield Static("Nothing is called so. Escape clears the search.", id="nothing")
                yield PresetTree(self._palette())
            yield Details()

    @property
    def _tree(self) -> PresetTree:
        return self.query_one(PresetTree)

    @property
    def _search(self) -> SearchLine:
        return self.query_one(SearchLine)

    @property
    def entry(self) -> Entry | None:
        """What the cursor is on."""
        here = self._tree.here
        return here.entry if here is not None else None

    def _palette(self) -> Palette:
        colours = self.lab.theme_variables
        names = ("primary", "accent", "success", "warning", "error")
        return Palette(*(colours[name] for name in names))

    # Life

    def on_mount(self) -> None:
        """Shows the first preset at once, and the others when they are read."""
        self._watch = Watch(self.session.home)
        self.lab.theme_changed_signal.subscribe(self, lambda _: self._recolour())
        self._take(first_catalog(self.session.home))
        self._tree.focus()
        self._load()
        self._look()
        self.set_interval(_HISTORY_SECONDS, self._look)
        self.set_interval(_FILES_SECONDS, self._load)

    def on_unmount(self) -> None:
        """Gives the connection back."""
        if self._watch is not None:
            self._watch.close()

    def on_screen_resume(self) -> None:
        """Shows what has changed while nobody looked, data sets too."""
        if self._watch is not None:
            self._facts = {}
            self._look()
            self._load()
            self._describe()

    def _recolour(self) -> None:
        self._tree.palette = self._palette()
        self._fill()
        self._describe()

    # Files

    def _load(self, *, anyway: bool = False) -> None:
        """Reads the files behind the screen, if they have changed."""
        if self._loading or not self.is_current:
            return
        self._loading = True
        known = Catalog() if anyway else self._catalog
        behind(self, partial(_newer, self.session.home, known), self._take, self._not_loaded)

    def _take(self, catalog: Catalog | None) -> None:
        self._loading = False
        if catalog is not None:
            self._catalog = catalog
            self._facts = {}
            self._fill()
            self._describe()

    def _not_loaded(self, error: Exception) -> None:
        self._loading = False
        self.lab.report(error)

    def action_reload(self) -> None:
        """Reads the files again."""
        self._load(anyway=True)

    # History

    def _look(self) -> None:
        """Reads behind the screen what the history has of the presets, if it has changed."""
        if self._watch is None or self._reading or not self.is_current:
            return
        if self._watch.changed():
            self._reading = True
            behind(self, partial(read_standing, self.session.home), self._stand, self._not_read)

    def _stand(self, standing: Standing) -> None:
        self._reading = False
        before, self._standing = self._standing, standing
        self._tree.stand(standing)
        if _recent_words(before) != _recent_words(standing):
            self._fill()
        if replace(before, recent=()) != replace(standing, recent=()):
            self._facts = {}
            self._describe()

    def _not_read(self, error: Exception) -> None:
        self._reading = False
        self.lab.report(error)

    # The tree and its search

    def _fill(self) -> None:
        """Shows the entries that the search lets through, with the cursor where it was."""
        catalog, words = self._catalog, self._search.words
        recent = recent_branch(self._standing.recent)
        shown = _found(catalog.branches, words)
        self._tree.fill([*shown, *_found(recent, words)], searching=bool(words))
        self.query_one("#left").set_class(not self._tree.root.children, "-nothing")
        if catalog.loaded:
            found = _count(shown) if words else None
            self._search.say(found, _count(catalog.branches))

    def action_search(self) -> None:
        """Goes to the search."""
        self.remove_class("-reading")
        # At once, so that what is typed on in one go lands there.
        self.set_focus(self.query_one(SearchInput))

    def action_clear_search(self) -> None:
        """Searches for nothing."""
        self._search.clear()

    def on_input_changed(self) -> None:
        """Searches as one types."""
        self._fill()
        self._describe_soon()

    def on_search_input_left(self) -> None:
        """Goes to what was found."""
        self._tree.focus()

    def on_tree_node_highlighted(self) -> None:
        """Tells of another entry, once the cursor stays."""
        self._describe_soon()

    async def on_tree_node_selected(self, event: Tree.NodeSelected[Branch]) -> None:
        """Opens the launch form."""
        from cnnlab.tui.screens.launch.source import Source

        entry = event.node.data.entry if event.node.data is not None else None
        if isinstance(entry, RowEntry):
            await navigation.prepare(self.lab, Source.of_preset(entry.row.preset))
        elif isinstance(entry, RunEntry):
            await navigation.prepare(self.lab, Source.of_run(entry.run))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers what the entry under the cursor can do."""
        del parameters
        if not self.is_mounted:
            return True
        if action == "queue":
            return isinstance(self.entry, RowEntry | StudyEntry | ReportEntry)
        if action == "search":
            return not isinstance(self.focused, SearchInput)
        return action != "clear_search" or bool(self._search.words)

    def action_export(self) -> None:
        """Asks how the study under the cursor is exported, or the run."""
        if isinstance(self.entry, StudyEntry):
            name = self.entry.study.name
            navigation.export(self.lab, Subject(name, study=name))
        elif isinstance(self.entry, RunEntry):
            run = self.entry.run
            navigation.export(self.lab, Subject.of_runs([run.id], run.name))
        else:
            self.lab.notify("A study or a run can be exported: put the cursor on one.")

    # The details

    def _describe_soon(self, seconds: float = _DETAILS_SECONDS, *, anyway: bool = False) -> None:
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(seconds, partial(self._describe, anyway=anyway))

    def _describe(self, *, anyway: bool = False) -> None:
        """Tells of the entry under the cursor, once the history was read for it.

        Args:
            anyway: whether what is known without it is told.
        """
        here = self._tree.here
        self.refresh_bindings()
        if here is None:
            return
        entry = here.entry
        study = entry.study if isinstance(entry, RowEntry | StudyEntry) else None
        facts = self._facts.get(study.name) if study is not None else None
        if study is not None and facts is None and not anyway:
            self._measure(study)
            self._describe_soon(_PATIENCE_SECONDS, anyway=True)
            return
        view = View(
            self._palette(),
            self._standing,
            facts.results if facts is not None else None,
            facts.absent if facts is not None else frozenset(),
            self._catalog.presets,
        )
        self.query_one(Details).show(described(entry, view), from_top=here.key != self._told)
        self._told = here.key
        self.query_one(TopBar).say(_name(entry))

    def _measure(self, study: Study) -> None:
        """Reads behind the screen what this machine has of a study; one study at a time."""
        if not self._measuring:
            self._measuring = True
            work = partial(read_facts, self.session.home, study)
            behind(
                self, work, partial(self._take_facts, self._facts, study.name), self._not_measured
            )

    def _take_facts(self, known: dict[str, Facts], study: str, facts: Facts) -> None:
        self._measuring = False
        # What was read before the history changed goes into a dictionary that nobody asks.
        known[study] = facts
        self._describe()

    def _not_measured(self, error: Exception) -> None:
        self._measuring = False
        self.lab.report(error)

    def on_preset_tree_inwards(self) -> None:
        """Goes to the details, in place of the tree where there is no room for both."""
        self.add_class("-reading")
        self.query_one(Details).focus()

    def on_details_outwards(self) -> None:
        """Goes back to the tree."""
        self.remove_class("-reading")
        self._tree.focus()


def _name(entry: Entry) -> str:
    """What stands at the right of the top bar."""
    match entry:
        case RowEntry():
            return entry.row.preset.name
        case StudyEntry():
            return entry.study.name
        case RunEntry():
            return entry.run.name
        case SectionEntry():
            return ""
    return entry.name


def _newer(home: Home, known: Catalog) -> Catalog | None:
    """The catalog of the files as they are; None if they are those of the known one."""
    if known.loaded and fingerprint_of(home) == known.fingerprint:
        return None
    return load_catalog(home)


def _found(branches: Iterable[Branch], words: list[str]) -> list[Branch]:
    if not words:
        return list(branches)
    return [found for each in branches if (found := each.matching(words)) is not None]


def _count(branches: Iterable[Branch]) -> int:
    return sum(1 for branch in branches for _ in branch.leaves())


def _recent_words(standing: Standing) -> list[tuple[str, str, str]]:
    """What is told of recent configs, whose runs may be under way and change all the time."""
    return [(run.id, run.name, run.status) for run in standing.recent]
