"""The line above the tabs: how the run ended, and its main figures."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from cnnlab.export.format import format_duration, format_figure, one_line
from cnnlab.export.run_words import origin_words
from cnnlab.history.records import RunRecord
from cnnlab.tui.screens.result.facts import Facts
from cnnlab.tui.sturdy import Sturdy

_SIGNS = {"finished": "✓", "failed": "×", "stopped": "■", "interrupted": "■"}
_COLOURS = {"finished": "success", "failed": "error"}


class Head(Sturdy, Static):
    """As many figures as fit, the most important ones first; all stand in the tab Config."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts

    def on_resize(self) -> None:
        """Fills the width."""
        self.show()

    def show(self) -> None:
        """Draws the line for the width and the theme that there are now."""
        run = self._facts.run
        colour = self.app.theme_variables[_COLOURS.get(run.status, "warning")]
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{_SIGNS.get(run.status, '·')} {run.status}", style=f"bold {colour}")
        for name, value in _figures(run):
            part = Text.assemble("   ", (f"{name} ", "dim") if name else "", value)
            if line.cell_len + part.cell_len > self.size.width:
                break
            line.append_text(part)
        self.update(line)


def _figures(run: RunRecord) -> list[tuple[str, str]]:
    figures = [("", origin_words(run))] if run.origin else []
    if run.message and run.status != "finished":
        figures.append(("", one_line(run.message)))
    if run.test_accuracy is not None:
        figures.append(("test accuracy", format_figure(run.test_accuracy)))
    if run.test_precision_macro is not None:
        figures.append(("precision", format_figure(run.test_precision_macro)))
    if run.best_epoch is not None:
        # A run that was stopped within its first epoch has a best one, but none that is whole.
        done = f"/{run.epochs_done}" if run.epochs_done >= run.best_epoch else ""
        figures.append(("best epoch", f"{run.best_epoch}{done}"))
    if run.duration_s is not None:
        figures.append(("", format_duration(run.duration_s)))
    if run.parameters is not None:
        figures.append(("", f"{run.parameters:,} parameters"))
    if run.tags:
        figures.append(("tags", ", ".join(map(one_line, run.tags))))
    return figures
