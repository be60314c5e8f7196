"""Tables show what stands in them, as wide as it is, whenever they are drawn."""

from __future__ import annotations

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from tui.conftest import until_shown

from cnnlab.tui.widgets.table import Table


class _Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield Table()


def _fill(table: Table, *row: str) -> None:
    table.clear(columns=True)
    table.add_columns("size", "file")
    table.add_row(*map(Text, row))


@pytest.mark.parametrize("is_drawn_before", [False, True])
async def test_a_table_shows_what_it_is_filled_with_again(*, is_drawn_before: bool) -> None:
    async with _Shown().run_test(size=(60, 10)) as pilot:
        table = pilot.app.query_one(Table)
        for state in ("✓ as recorded", "× damaged", "× not here"):
            _fill(table, "339.5 kB", state)
            if is_drawn_before:
                for line in range(2):
                    table.render_line(line)
            await until_shown(pilot, "339.5 kB", state)
