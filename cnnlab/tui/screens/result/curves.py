"""The tab with the curves of a run."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from cnnlab.analysis.curves import RunSeries, read_series
from cnnlab.tui.background import behind
from cnnlab.tui.screens.result.tab import ResultTab
from cnnlab.tui.widgets.curve_panel import CurvePanel


class CurvesTab(ResultTab):
    """Loss, accuracy and learning rate."""

    def compose(self) -> Iterable[Widget]:
        """The plots."""
        yield CurvePanel()

    async def fill(self) -> None:
        """Reads the steps, which may be a hundred thousand, behind."""
        behind(self, self._read, self._take, self.lab.report)

    def _read(self) -> RunSeries:
        with self.lab.session.reading() as reader:
            return read_series(reader, self.facts.run.id)

    def _take(self, series: RunSeries) -> None:
        self.query_one(CurvePanel).show_runs([series], [self.facts.run.name])
