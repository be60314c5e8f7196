"""Data sets: to see, get, import and remove."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import DataTable, Static

from cnnlab.data import library
from cnnlab.errors import DataError
from cnnlab.export.format import format_bytes, one_line
from cnnlab.tui.background import behind
from cnnlab.tui.own_process import Stopped
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.data.asking import (
    PathDialog,
    existing,
    optional_size,
    proposed_name,
    some_name,
)
from cnnlab.tui.screens.data.augmenting import Recipe, recipes
from cnnlab.tui.screens.data.listing import DatasetTable
from cnnlab.tui.screens.data.panels import AboutPanel, AugmentationPanel, SamplesPanel
from cnnlab.tui.screens.data.shelf import Entry, read_shelf
from cnnlab.tui.screens.data.words import LEGEND, progress_words
from cnnlab.tui.screens.data.work import Work
from cnnlab.tui.widgets.dialogs import ChoiceDialog, ConfirmDialog, TextDialog
from cnnlab.tui.widgets.pages import Page, Pages

SECONDS = 0.25
"""Between two looks at how far long work is."""


class DataScreen(CnnlabScreen):
    """The list of data sets at the left, what is known of one at the right."""

    PLACE = "data"
    CSS_PATH = "data.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
    HELP = (
        "Data sets are downloaded, imported from files of yours, or come with cnnlab. One at a "
        "time is fetched, behind; go elsewhere meanwhile. Removing a data set leaves the runs "
        "that used it."
    )
    BINDINGS = [
        Binding("d", "download", "Download", tooltip="Download this data set"),
        Binding("i", "import", "Import", tooltip="Import images of your own"),
        Binding("x", "remove", "Remove", tooltip="Remove this data set from the machine"),
        Binding("s", "samples", "Samples", tooltip="Show sample images, or others"),
        Binding("a", "augment", "Augment", tooltip="Show what an augmentation makes of an image"),
        Binding("r", "redraw", "Redraw", tooltip="Other draws of the augmentation", show=False),
        Binding("z", "stop", "Stop", tooltip="Stop what is fetched", show=False),
        Binding("right_square_bracket", "turn(1)", "Tabs", key_display="[ ]", tooltip="Next tab"),
        Binding("left_square_bracket", "turn(-1)", "Tab before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown: Entry | None = None
        self._work: Work | None = None
        self._recipe: Recipe | None = None
        self._image = self._draw = 0

    def body(self) -> Iterable[Widget]:
        """List, tabs, and the line of long work."""
        with Horizontal():
            yield DatasetTable()
            yield Pages(
                [
                    Page("about", "About", [AboutPanel()]),
                    Page("samples", "Samples", [SamplesPanel()]),
                    Page("augmentation", "Augmentation", [AugmentationPanel()]),
                ],
                takes_focus=False,
            )
        yield Static(Text(LEGEND), id="work")

    def on_mount(self) -> None:
        """Puts the keys on the list."""
        self.query_one(DatasetTable).focus()
        self.set_interval(SECONDS, self._tell_work)

    def on_screen_resume(self) -> None:
        """Reads the list; something may have come or gone since."""
        self._reload()

    def on_unmount(self) -> None:
        """Leaves nothing behind that nobody would see the end of."""
        if self._work is not None:
            self._work.stop()

    # The list

    def _reload(self) -> None:
        home = self.session.home
        behind(self, lambda: read_shelf(home), self._take, self.lab.report)

    def _take(self, entries: list[Entry]) -> None:
        self.query_one(DatasetTable).show(entries)
        self._show_entry()

    def on_data_table_row_highlighted(self) -> None:
        """Shows the data set that the cursor is on."""
        self._show_entry()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Unpacks what comes with cnnlab; of others, shows samples."""
        event.stop()
        self._pages.show("samples")
        self._show_entry()

    def on_pages_turned(self) -> None:
        """Fills the tab."""
        self._shown = None
        self._show_entry()

    @property
    def _pages(self) -> Pages:
        return self.query_one(Pages)

    def _show_entry(self) -> None:
        """Shows the data set under the cursor in the tab that is open."""
        entry = self.query_one(DatasetTable).entry
        if entry is None or entry == self._shown:
            return
        self._shown = entry
        self.query_one(AboutPanel).show(entry)
        if self._pages.active == "samples":
            self._show_samples(entry)
        elif self._pages.active == "augmentation":
            self._show_draws(entry)

    def _show_samples(self, entry: Entry) -> None:
        panel = self.query_one(SamplesPanel)
        if self._has_images(entry, panel):
            panel.show(entry, self._image)

    def _show_draws(self, entry: Entry) -> None:
        panel = self.query_one(AugmentationPanel)
        if self._recipe is None:
            panel.say("Press a to choose an augmentation.", pictures=False)
        elif self._has_images(entry, panel):
            panel.show(entry, self._recipe, self._image, self._draw)

    def _has_images(self, entry: Entry, panel: SamplesPanel | AugmentationPanel) -> bool:
        """Whether there are images to show; a shipped set is unpacked, else it is told why not."""
        words = {
            "absent": f"{one_line(entry.name)} is not on this machine. Press d to download it, "
            "or i to import its files.",
            "damaged": f"{one_line(entry.fault)} Press x to remove it.",
            "shipped": f"Unpacking {one_line(entry.name)}…",
        }
        if entry.place == "here":
            return True
        panel.say(words[entry.place], pictures=False)
        if entry.place == "shipped" and self._work is None:
            work, home = Work(entry.name, "unpacked"), self.session.home
            self._begin(work, lambda: library.info(home, entry.name, work.progress))
        return False

    # Long work

    def _begin(self, work: Work, job: Callable[[], object]) -> None:
        """Does long work behind; told by `_tell_work` until it ends."""
        self._work = work
        behind(self, job, partial(self._end, work), partial(self._fail, work))

    def _free(self) -> bool:
        """Whether nothing is fetched now; else says so."""
        if self._work is not None:
            self.app.notify("One thing at a time: wait for its end, or stop it with z.")
        return self._work is None

    def _end(self, work: Work, _: object) -> None:
        self._leave()
        self.app.notify(f"{work.name} is {work.aim}.", markup=False)

    def _fail(self, work: Work, error: Exception) -> None:
        self._leave()
        if isinstance(error, Stopped):
            self.app.notify(f"Stopped: {work.name} is not {work.aim}.", markup=False)
        else:
            self.lab.report(error)

    def _leave(self) -> None:
        self._work = None
        self._shown = None
        self.query_one("#work", Static).update(Text(LEGEND))
        self._reload()

    def _tell_work(self) -> None:
        work = self._work
        if work is not None and self.is_current:
            what = f"{work.name}: {work.what or 'beginning'}"
            words = progress_words(what, work.done, work.total, self.size.width)
            self.query_one("#work", Static).update(words)

    def action_stop(self) -> None:
        """Stops the long work."""
        if self._work is not None:
            self._work.stop()

    # Getting and removing

    @property
    def _entry(self) -> Entry | None:
        return self.query_one(DatasetTable).entry

    def action_download(self) -> None:
        """Downloads the data set under the cursor, after a question where it is here already."""
        entry = self._entry
        if entry is None or not self._free():
            return
        if entry.known is None or not entry.known.torchvision:
            raise DataError(
                f"{entry.name} cannot be downloaded.",
                "Press Enter to unpack it." if entry.place == "shipped" else "Import its files.",
            )
        if not entry.stored:
            self._download(entry, True)
            return
        question = f"{entry.name} is here already. Download it again in place of what is here?"
        dialog = ConfirmDialog(question, yes="Download", no="Leave it")
        self.app.push_screen(dialog, partial(self._download, entry))

    def _download(self, entry: Entry, wanted: bool | None) -> None:
        if wanted and self._free():
            work, home = Work(entry.name, "downloaded"), self.session.home
            work.what = "downloading"
            job = partial(work.download, home, entry.name, replace=entry.stored)
            self._begin(work, job)

    def action_import(self) -> None:
        """Asks for a path, a name and a size, then imports."""
        if self._free():
            self.app.push_screen(PathDialog(), self._ask_name)

    def _ask_name(self, text: str | None) -> None:
        if text is None:
            return
        path = existing(text)
        title = "Its name: a known one if these are its images, else one of your own."
        dialog = TextDialog(title, proposed_name(path), check=some_name)
        self.app.push_screen(dialog, partial(self._ask_size, path))

    def _ask_size(self, path: Path, text: str | None) -> None:
        if text is None:
            return
        title = "Scale every image to a size, 32 or 48x64 (height x width)? Empty keeps theirs."
        dialog = TextDialog(title, check=optional_size, placeholder="as they are")
        self.app.push_screen(dialog, partial(self._ask_replacing, path, some_name(text)))

    def _ask_replacing(self, path: Path, name: str, text: str | None) -> None:
        if text is None:
            return
        begin = partial(self._import, path, name, optional_size(text))
        if name not in library.present(self.session.home):
            begin(True)
            return
        dialog = ConfirmDialog(f"Replace the data set {name}?", yes="Replace", dangerous=True)
        self.app.push_screen(dialog, begin)

    def _import(
        self, path: Path, name: str, size: tuple[int, int] | None, wanted: bool | None
    ) -> None:
        if not wanted or not self._free():
            return
        work, home = Work(name, "imported"), self.session.home

        def job() -> object:
            from cnnlab.data.importing import import_dataset

            return import_dataset(home, name, path, size=size, replace=True, progress=work.progress)

        self._begin(work, job)

    def action_remove(self) -> None:
        """Removes the data set under the cursor, after a question."""
        entry = self._entry
        if entry is None or not self._free():
            return
        if not entry.stored:
            self.app.notify(f"{entry.name} is not on this machine.", markup=False)
            return
        question = (
            f"Remove the data set {entry.name} from this machine? "
            f"That frees {format_bytes(entry.bytes)}; runs that used it stay."
        )
        dialog = ConfirmDialog(question, yes="Remove", no="Keep", dangerous=True)
        self.app.push_screen(dialog, partial(self._remove, entry))

    def _remove(self, entry: Entry, wanted: bool | None) -> None:
        if wanted:
            home = self.session.home
            job = partial(library.remove, home, entry.name)
            behind(self, job, partial(self._removed, entry), self.lab.report)

    def _removed(self, entry: Entry, freed: int) -> None:
        self.app.notify(f"Removed {entry.name}: {format_bytes(freed)} are free.", markup=False)
        self._reload()

    # Pictures

    def action_turn(self, by: int) -> None:
        """Goes to the tab beside this one."""
        self._pages.turn(by)

    def action_samples(self) -> None:
        """Shows samples; where images are shown already, others."""
        if self._pages.active == "about":
            self._pages.show("samples")
            return
        self._image += 1
        self._show_anew()

    def action_augment(self) -> None:
        """Lets one choose an augmentation."""
        home = self.session.home
        behind(self, lambda: recipes(home), self._ask_recipe, self.lab.report)

    def _ask_recipe(self, found: list[Recipe]) -> None:
        choices = {one.key: f"{one.title}: {one.short}" for one in found}
        chosen = self._recipe.key if self._recipe is not None else ""
        dialog = ChoiceDialog("Augmentation", choices, chosen)
        self.app.push_screen(dialog, partial(self._take_recipe, {one.key: one for one in found}))

    def _take_recipe(self, found: dict[str, Recipe], key: str | None) -> None:
        if key is not None:
            self._recipe = found[key]
            self._pages.show("augmentation")
            self._show_anew()

    def action_redraw(self) -> None:
        """Draws the augmentation again."""
        self._draw += 1
        if self._pages.active == "augmentation":
            self._show_anew()

    def _show_anew(self) -> None:
        self._shown = None
        self._show_entry()
