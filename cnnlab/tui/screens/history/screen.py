"""The history screen: a table of all runs under a filter, with what is known of one of them.

It reads the list anew when the history has changed, at most as often as reading it is cheap.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from textual import on
from textual.binding import Binding
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList

from cnnlab.errors import CnnlabError
from cnnlab.history.filters import Query, parse
from cnnlab.history.queries import RunFilter
from cnnlab.history.records import RunRecord
from cnnlab.history.watch import Watch
from cnnlab.tui.screens.history.columns import COLUMNS
from cnnlab.tui.screens.history.departures import Departures
from cnnlab.tui.screens.history.details import Details, RunDetails
from cnnlab.tui.screens.history.disposal import Disposal
from cnnlab.tui.screens.history.edits import Edits
from cnnlab.tui.screens.history.filter_bar import CONFIG_PATHS, FilterBar, FilterInput, Suggestions
from cnnlab.tui.screens.history.listing import Group, Listing, lines_of, read_listing
from cnnlab.tui.screens.history.table import RunTable
from cnnlab.tui.settings import HistoryView, MainScreen
from cnnlab.tui.widgets.dialogs import ChecklistDialog, ChoiceDialog

SECONDS = 0.5
"""Between two looks at the history; a screen that nobody sees does not look."""

_REST, _MOST_REST = 20, 10.0
"""How many times as long as reading the list took it is then left alone, and for how many seconds
at most: a reading that took so long once, as the machine did other things, says nothing."""

_DETAILS_SECONDS = 0.05
"""A run is told of in full when the cursor stays on it this long."""

_ONLY_IN_TRASH = {"restore", "empty", "leave_trash"}
_NOT_IN_TRASH = {
    "open", "compare", "again", "resume", "discard", "undo", "tag", "note", "rename", "follow",
    "export",
}  # fmt: skip


def rest_after(seconds: float) -> float:
    """Seconds for which the list is left alone, after reading it took some."""
    return min(_REST * seconds, _MOST_REST)


class HistoryScreen(Departures, Disposal, Edits):
    """All runs, or those in the trash."""

    PLACE: MainScreen = "history"  # type: ignore[misc]
    CSS_PATH = "history.tcss"
    HELP = (
        "All runs: sort, filter, mark and change them. Enter opens the run under the cursor; what"
        " changes runs takes the marked ones, or that under the cursor. A filter has terms such as"
        " dataset:cifar10, acc>0.9, tag:paper, time>1h, started>=2026-11, optimizer.lr<0.01,"
        " -tag:old and any words, which are looked for in names, presets, tags and notes;"
        " all must hold."
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    BINDINGS = [
        Binding("enter", "open", "Open", tooltip="Open the run"),
        Binding("enter", "restore", "Restore", show=False),
        Binding("slash", "filter", "Filter", tooltip="Write a filter"),
        Binding("o", "sort", "Sort", tooltip="Choose what to sort by"),
        Binding("E", "export", "Export", tooltip="Export the marked runs, or this one"),
        Binding("E", "empty", "Empty", tooltip="Delete the runs in the trash for good"),
        Binding("O", "reverse", "Reverse", show=False, tooltip="Turn the order round"),
        Binding("c", "columns", "Columns", show=False, tooltip="Choose the columns"),
        Binding("b", "group", "By study", show=False, tooltip="Group the runs by study, or not"),
        Binding("f", "follow", "Follow", show=False, tooltip="Follow the newest run, or not"),
        Binding("escape", "leave_trash", "Back", tooltip="Leave the trash"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._watch: Watch | None = None
        self._query = Query()
        self._error = ""
        self._listing = Listing([])
        self._folded: set[str] = set()
        self._rest_until = 0.0
        self._soon: Timer | None = None

    @property
    def view(self) -> HistoryView:
        """What is remembered of how the list is shown."""
        return self.session.settings.history

    def body(self) -> Iterable[Widget]:
        """The filter above the table and the details; what it suggests lies over them."""
        suggestions = Suggestions()
        yield FilterBar(self.view.filter, suggestions)
        with Container(classes="content"):
            yield RunTable(self._runs)
            yield Details()
        yield suggestions

    def on_mount(self) -> None:
        """Begins to look."""
        self._watch = Watch(self.session.home)
        self._parse(self.view.filter)
        self.table.choose_columns(self.view.columns)
        self._show_sorting()
        self.table.focus()
        # Also where the screen is mounted behind another one, so that it opens with its rows.
        if self._watch.changed():
            self.reread()
        self.set_interval(SECONDS, self._look)

    def on_unmount(self) -> None:
        """Gives the connection back."""
        if self._watch is not None:
            self._watch.close()

    def on_screen_resume(self) -> None:
        """Shows what has changed while nobody looked."""
        if self._watch is not None:
            self._look()

    # Reading

    def _runs(self, ids: Sequence[str]) -> list[RunRecord]:
        """Some runs; none if the history cannot be read, which is told."""
        try:
            with self.session.reading() as reader:
                return reader.runs_among(ids)
        except CnnlabError as error:
            self.lab.report(error)
            return []

    def _look(self) -> None:
        if self._watch is None or not self.is_current or time.monotonic() < self._rest_until:
            return
        if self._watch.changed():
            self.reread()
        elif self.table.look_for_processes():
            self._show_details()
        if not self.in_trash:
            self.lab.lost_runs.see(self.table.gone())

    def reread(self) -> None:
        """Reads the list and shows it, with the selection where it was."""
        begun = time.monotonic()
        wanted = RunFilter(query=self._query, trashed=self.in_trash)
        try:
            with self.session.reading() as reader:
                self._listing = read_listing(reader, wanted, self.view)
        except CnnlabError as error:
            self.lab.report(error)
        self._show_lines()
        ended = time.monotonic()
        self._rest_until = ended + rest_after(ended - begun)

    def _show_lines(self) -> None:
        listing, table = self._listing, self.table
        gone = table.marks.difference(listing.known)
        if gone:
            table.mark(table.marks - gone)
        table.empty = self._words_for_nothing()
        table.show(lines_of(listing, by_study=self.view.by_study, folded=self._folded))
        if not self.in_trash:
            table.move_to(listing.newest, by_hand=False)
        self._show_count()
        self._show_details()

    def _words_for_nothing(self) -> str:
        if self._listing.known:
            return "No run passes the filter. Press / to change it."
        if self.in_trash:
            return "The trash is empty. Press T to go back."
        return "No runs yet. Press 1, choose quickstart, press Enter, then Ctrl-R."

    def _show_count(self) -> None:
        listed, total = len(self._listing.ids), len(self._listing.known)
        marked, sort = len(self.table.marks), self.view.sort
        parts = ["trash" if self.in_trash else ""]
        parts += [f"{marked:,} marked" if marked else ""]
        if sort not in self.table.columns:
            parts.append(f"by {sort} {'▲' if self.view.ascending else '▼'}")
        parts += ["follows the newest" if self.view.follow and not self.in_trash else ""]
        parts += [f"{listed:,} of {total:,}" if listed != total else f"{total:,}"]
        self.query_one(FilterBar).say(" · ".join(part for part in parts if part))

    def _show_details(self) -> None:
        """Tells of the run under the cursor, now."""
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        line = self.table.line
        row = self.table.row()
        if row is None:
            self.query_one(Details).show(line if isinstance(line, Group) else None)
            return
        try:
            with self.session.reading() as reader:
                details = RunDetails.read(reader, row)
        except CnnlabError as error:
            self.lab.report(error)
            return
        self.query_one(Details).show(details)

    # The cursor and the marks

    def on_run_table_moved(self, event: RunTable.Moved) -> None:
        """Tells of another run soon; whoever moves no longer follows the newest."""
        if event.by_hand and self.view.follow:
            self.view.follow = False
            self._show_count()
        if self._soon is None:
            self._soon = self.set_timer(_DETAILS_SECONDS, self._show_details)

    def on_run_table_marks_changed(self) -> None:
        """Counts them."""
        self._show_count()

    async def on_run_table_opened(self) -> None:
        """As Enter does."""
        if self.in_trash:
            self.action_restore()
        else:
            await self.action_open()

    async def action_open(self) -> None:
        """Opens the run under the cursor, or opens or closes a group."""
        line = self.table.line
        if isinstance(line, Group):
            self._folded ^= {line.study}
            self._show_lines()
        else:
            await self.open_cursor()

    # The filter

    def action_filter(self) -> None:
        """Goes to the filter."""
        # At once, so that what is typed on in one go lands there.
        self.set_focus(self.query_one(FilterInput))

    def on_filter_input_rested(self, event: FilterInput.Rested) -> None:
        """Shows what passes the filter as it is written now."""
        if event.text != self.view.filter or self._error:
            self._parse(event.text)
            if not self._error:
                self.view.filter = event.text
                self.reread()

    def on_filter_input_left(self) -> None:
        """Goes to the table, unless something is wrong with the filter."""
        if self._error:
            self.query_one(Suggestions).offer([], 0)
        else:
            self.session.remember()
            self.table.focus()

    @on(OptionList.OptionSelected)
    def _take_suggestion(self, event: OptionList.OptionSelected) -> None:
        """Takes the suggestion that was clicked."""
        self.query_one(FilterInput).take(event.option_index)

    def _parse(self, text: str) -> None:
        """Takes a filter; one that is none leaves the last good one in place, and is told."""
        try:
            self._query = parse(text, CONFIG_PATHS)
            self._error = ""
        except CnnlabError as error:
            self._error = str(error)
        self.query_one(Suggestions).say(self._error)

    # How it is shown

    def action_sort(self) -> None:
        """Asks what to sort by."""
        names = {column.key: column.words or column.title for column in COLUMNS.values()}
        self.lab.push_screen(ChoiceDialog("Sort by", names, self.view.sort), self._sort)

    def _sort(self, key: str | None) -> None:
        if key is not None:
            self.view.ascending = COLUMNS[key].ascending_first
            self.view.sort = key
            self._show_in_order()

    def action_reverse(self) -> None:
        """Turns the order round."""
        self.view.ascending = not self.view.ascending
        self._show_in_order()

    def on_run_table_header_clicked(self, event: RunTable.HeaderClicked) -> None:
        """Sorts by a column; a second click turns the order round."""
        if event.key == self.view.sort:
            self.action_reverse()
        else:
            self._sort(event.key)

    def _show_in_order(self) -> None:
        self._show_sorting()
        self.reread()
        self.session.remember()

    def _show_sorting(self) -> None:
        self.table.show_sorting(self.view.sort, ascending=self.view.ascending)

    def action_columns(self) -> None:
        """Asks which columns to show."""
        names = {column.key: column.words or column.title for column in COLUMNS.values()}
        title = "Columns; with none, the usual ones that there is room for"
        dialog = ChecklistDialog(title, names, self.table.columns)
        self.lab.push_screen(dialog, self._choose_columns)

    def _choose_columns(self, keys: tuple[str, ...] | None) -> None:
        if keys is not None:
            # The usual ones follow the width, so they are remembered as none.
            same = keys == tuple(self.table.columns)
            self.view.columns = self.view.columns if same else keys
            self.table.choose_columns(self.view.columns)
            self._show_count()
            self.session.remember()

    def action_group(self) -> None:
        """Groups the runs by study, or no longer."""
        self.view.by_study = not self.view.by_study
        self.reread()
        self.session.remember()

    def action_follow(self) -> None:
        """Follows the newest run, or no longer."""
        self.view.follow = not self.view.follow
        self.reread()
        self.session.remember()

    # The trash

    def action_show_trash(self) -> None:
        """Shows the trash, or leaves it."""
        self.in_trash = not self.in_trash
        self.table.mark(())
        self.reread()
        self.refresh_bindings()

    def action_leave_trash(self) -> None:
        """Shows the history again."""
        self.action_show_trash()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the trash work there alone, and some others only outside."""
        if action == "filter" and isinstance(self.focused, FilterInput):
            return False
        if action in (_NOT_IN_TRASH if self.in_trash else _ONLY_IN_TRASH):
            return False
        return super().check_action(action, parameters)
