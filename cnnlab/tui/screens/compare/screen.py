"""Runs beside each other, in four tabs; see `cnnlab.analysis.comparison` for what folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cnnlab.amounts import enumerated, how_many
from cnnlab.analysis.comparison import CLASS_FIGURES, MAIN_FIGURE
from cnnlab.events import CheckpointKind
from cnnlab.export.comparison_words import summary_words, unmarked_words
from cnnlab.export.format import one_line, visible
from cnnlab.history.naming import left_out
from cnnlab.history.ownership import LIVE
from cnnlab.history.records import RunRecord
from cnnlab.history.watch import Watch
from cnnlab.tui import navigation
from cnnlab.tui.background import behind
from cnnlab.tui.exports import Subject
from cnnlab.tui.screens.base import CnnlabScreen
from cnnlab.tui.screens.compare.material import Desk, Material
from cnnlab.tui.screens.compare.sheets import (
    classes_left_out,
    classes_sheet,
    config_sheet,
    figures_sheet,
)
from cnnlab.tui.screens.compare.table import SheetTable
from cnnlab.tui.sturdy import Sturdy
from cnnlab.tui.widgets.curve_panel import CurvePanel
from cnnlab.tui.widgets.dialogs import ChoiceDialog
from cnnlab.tui.widgets.pages import Page, Pages
from cnnlab.tui.widgets.top_bar import TopBar

SECONDS = 1.0
"""Between two looks at the history."""

MOST = 8
"""Runs that are compared at most; more curves cannot be told apart."""


class _Words(Sturdy, VerticalScroll, can_focus=False):
    """Lines below a table, which scroll where they are too many."""

    def compose(self) -> Iterable[Widget]:
        """The lines."""
        yield Static()

    def say(self, text: Text) -> None:
        """Shows other lines."""
        self.query_one(Static).update(text)


def _hint(name: str) -> Static:
    return Static(id=name, classes="hint")


class CompareScreen(CnnlabScreen):
    """Curves, figures, configs and classes of two to eight runs.

    Args:
        run_ids: of the runs; those beyond the eighth are left out.
    """

    PLACE = "history"
    CSS_PATH = "compare.tcss"
    HELP = (
        "Runs that differ only in the seed, or in the machine, are one group: mean ± sample "
        "standard deviation. Whether groups of two or more seeds differ by more than the noise of "
        "their seeds is told by Welch's t-test at 0.05; with one seed it cannot be told. "
        "A star marks the best of a figure."
    )
    BINDINGS = [
        Binding("escape", "app.back", "Back"),
        Binding("tab,right_square_bracket", "turn(1)", "Next tab", key_display="tab"),
        Binding("shift+tab,left_square_bracket", "turn(-1)", "Tab before", show=False),
        Binding("E", "export", "Export", tooltip="Export the comparison: report, plots, …"),
        Binding("a", "choose_baseline", "Baseline", tooltip="Choose what others are held against"),
        Binding("c", "other_checkpoint", "Best/last", tooltip="Figures of the other checkpoint"),
        Binding("f", "fold", "Fold", tooltip="Fold runs that differ only in the seed, or unfold"),
        Binding("pagedown", "scroll_words(1)", "Scroll", show=False, tooltip="Words further down"),
        Binding(
            "pageup", "scroll_words(-1)", "Scroll back", show=False, tooltip="Words further up"
        ),
        Binding("m", "next_class_figure", "Metric", tooltip="Classes by F1, precision or recall"),
    ]

    def __init__(self, run_ids: Sequence[str]) -> None:
        super().__init__()
        self.run_ids = tuple(dict.fromkeys(run_ids))[:MOST]
        self._checkpoint: CheckpointKind = "best"
        self._fold = True
        self._baseline = ""
        self._figure = CLASS_FIGURES[0]
        self._material: Material | None = None
        self._runs: list[RunRecord] | None = None
        self._watch: Watch | None = None
        self._desk: Desk | None = None
        self._reading = self._again = self._asks = False

    def place_in_words(self) -> str:
        """How many runs: those that are there, where that is known."""
        count = len(self.run_ids if self._runs is None else self._runs)
        return f"compare {how_many(count, 'run')}"

    def body(self) -> Iterable[Widget]:
        """The four tabs, above them what they are of."""
        yield Static(id="heading")
        yield Pages(
            [
                Page("curves", "Curves", [CurvePanel(overlays=False)]),
                Page("figures", "Figures", [SheetTable(id="figures-table"), _Words(id="verdicts")]),
                Page("config", "Config", [SheetTable(id="config-table"), _hint("config-words")]),
                Page(
                    "classes", "Classes", [SheetTable(id="classes-table"), _hint("classes-words")]
                ),
            ]
        )

    def on_mount(self) -> None:
        """Begins to read."""
        home = self.session.home
        self._watch, self._desk = Watch(home), Desk(home, self.run_ids)
        self.query_one("#heading", Static).update(Text("Reading…"))
        self._look()
        self.set_interval(SECONDS, self._look)

    def on_unmount(self) -> None:
        """Gives the connection back."""
        if self._watch is not None:
            self._watch.close()

    def on_resize(self) -> None:
        """Turns the table of figures where it does not fit."""
        if self._material is not None:
            self._show_figures(self._material)

    # Reading

    def _look(self) -> None:
        """Reads anew when one of the runs has changed, or trains."""
        if self._watch is None or not self.is_current or not self._watch.changed():
            return
        with self.session.reading() as reader:
            runs = reader.runs_among(self.run_ids)
        if runs != self._runs or any(run.status in LIVE for run in runs):
            self._runs = runs
            self.query_one(TopBar).say(self.place_in_words())
            self._read()

    def _read(self) -> None:
        """Reads behind, one reading at a time; the last wish counts."""
        if self._reading or self._desk is None:
            self._again = self._reading
            return
        self._reading = True
        desk, checkpoint, fold = self._desk, self._checkpoint, self._fold
        behind(self, lambda: desk.read(checkpoint, fold=fold), self._take, self._fail)

    def _take(self, material: Material) -> None:
        self._reading = False
        self._material = material if material.comparison.groups else None
        self.query_one(Pages).display = self._material is not None
        if self._material is not None:
            self._show(self._material)
        else:
            words = "These runs are not in the history any more. Press Escape."
            self.query_one("#heading", Static).update(Text(words))
        self._read_again()

    def _fail(self, error: Exception) -> None:
        self._reading = False
        self.lab.report(error)
        self._read_again()

    def _read_again(self) -> None:
        if self._again:
            self._again = False
            self._read()
        elif self._asks:
            self._asks = False
            self._ask_for_baseline()

    # Showing

    def _show(self, material: Material) -> None:
        self.query_one("#heading", Static).update(self._heading(material))
        self.query_one(CurvePanel).show_runs(material.series, material.curve_names)
        self._show_figures(material)
        self._show_config(material)
        self._show_classes(material)

    def _place(self, material: Material) -> int:
        """The place of the baseline: the group that has the chosen run, else the first."""
        return material.comparison.place_of(self._baseline)

    def _heading(self, material: Material) -> Text:
        count, groups = len(self._runs or ()), len(material.comparison.groups)
        folded = f" in {how_many(groups, 'group')}" if groups < count else ""
        gone, trashed = len(self.run_ids) - count, len(self._trashed())
        parts = [
            f"{how_many(count, 'run')}{folded}",
            f"{gone} deleted" if gone else "",
            f"{trashed} in the trash" if trashed else "",
            f"{self._checkpoint} checkpoint",
            f"baseline ◆ {material.names[self._place(material)]}",
        ]
        return Text(" · ".join(part for part in parts if part))

    def _trashed(self) -> list[str]:
        """The names of the runs that are in the trash by now."""
        return [one_line(run.name) for run in self._runs or () if run.trashed_at]

    def _missing(self) -> list[str]:
        """What is told of runs that were deleted or moved to the trash meanwhile."""
        told = left_out(len(self.run_ids) - len(self._runs or ()))
        trashed = self._trashed()
        if trashed:
            verb = "is" if len(trashed) == 1 else "are"
            told.append(f"{enumerated(trashed)} {verb} in the trash.")
        return told

    def _show_figures(self, material: Material) -> None:
        baseline = self._place(material)
        sheet = figures_sheet(material.comparison, material.names, baseline)
        if sheet.width > self.size.width:
            sheet = sheet.turned()
        self.query_one("#figures-table", SheetTable).show(sheet)
        lines = [*self._missing(), *summary_words(material.comparison, material.names, baseline)]
        text = Text(visible("\n".join(lines)))
        if len(material.comparison.groups) > 1:
            against = f"{MAIN_FIGURE.capitalize()} against ◆ {material.names[baseline]}\n"
            star = ["* best of its kind"] if sheet.marks_best else []
            marks = [*star, *unmarked_words(material.comparison, material.comparison.figures)]
            text = Text.assemble(
                (against, "dim"), text, ("".join(f"\n{line}" for line in marks), "dim")
            )
        self.query_one("#verdicts", _Words).say(text)

    def _show_config(self, material: Material) -> None:
        comparison = material.comparison
        sheet = config_sheet(comparison, material.names)
        self.query_one("#config-table", SheetTable).show(sheet)
        told = "Fields that are the same in all are left out."
        if not comparison.fields:
            told = "No field differs."
        if comparison.machine_fields and self._fold:
            told += " The dim ones do not change what is trained."
        self.query_one("#config-words", Static).update(Text(told))

    def _show_classes(self, material: Material) -> None:
        baseline = self._place(material)
        sheet = classes_sheet(material.comparison, material.names, baseline, self._figure)
        self.query_one("#classes-table", SheetTable).show(sheet)
        name = {"f1": "F1"}.get(self._figure, self._figure)
        told = [
            f"{name.capitalize()} on the test images: ◆ its value, the others as the difference "
            "to it in percentage points.",
            *classes_left_out(material.comparison, material.names, baseline),
        ]
        if not sheet.rows:
            told = ["The baseline has no figures of classes: it was not tested."]
        self.query_one("#classes-words", Static).update(Text(visible("\n".join(told))))

    # Keys

    def action_turn(self, by: int) -> None:
        """Goes to the tab beside this one."""
        self.query_one(Pages).turn(by)

    def action_choose_baseline(self) -> None:
        """Lets one choose the group that the others are held against: of those asked for last."""
        if self._reading:
            self._asks = True
        else:
            self._ask_for_baseline()

    def _ask_for_baseline(self) -> None:
        if self._material is None or not self.is_current:
            return
        groups = zip(self._material.names, self._material.comparison.groups, strict=True)
        choices = {group.runs[0].id: name for name, group in groups}
        now = list(choices)[self._place(self._material)]
        self.app.push_screen(ChoiceDialog("Baseline", choices, now), self._take_baseline)

    def _take_baseline(self, run_id: str | None) -> None:
        if run_id is not None and self._material is not None:
            self._baseline = run_id
            self._show(self._material)

    def action_export(self) -> None:
        """Asks how these runs are exported: held against the baseline that is shown."""
        if self._runs and self._material is not None:
            base = self._material.comparison.groups[self._place(self._material)]
            ids = [run.id for run in self._runs]
            subject = Subject.of_runs(
                ids,
                self._runs[0].name,
                baseline=next((run.id for run in base.runs if run.id in ids), ""),
                checkpoint=self._checkpoint,
            )
            navigation.export(self.lab, subject)

    def action_other_checkpoint(self) -> None:
        """Shows the figures of the last checkpoint, or of the best one again."""
        self._checkpoint = "last" if self._checkpoint == "best" else "best"
        self._read()

    def action_fold(self) -> None:
        """Shows each run by itself, or groups again."""
        self._fold = not self._fold
        self._read()

    def action_scroll_words(self, by: int) -> None:
        """Scrolls what is said of the figures."""
        self.query_one("#verdicts", _Words).scroll_relative(y=3 * by, animate=False)

    def action_next_class_figure(self) -> None:
        """Shows the classes by the next of F1, precision and recall."""
        at = CLASS_FIGURES.index(self._figure)
        self._figure = CLASS_FIGURES[(at + 1) % len(CLASS_FIGURES)]
        self.query_one(Pages).show("classes")
        if self._material is not None:
            self._show_classes(self._material)
