"""Reports on paper: what short parts are, which no page is to break in two."""

from __future__ import annotations

import re

import pytest

from cnnlab.export.document import Cell, Column, Document, Listing, Section, Table
from cnnlab.export.html import html_page


def page(*blocks: object) -> str:
    return html_page(Document("report", "", (Section("part", tuple(blocks)),)))  # type: ignore[arg-type]


def table(rows: int) -> Table:
    return Table("figures", (Column("name"),), tuple((Cell(str(at)),) for at in range(rows)))


@pytest.mark.parametrize(("rows", "short"), [(1, True), (12, True), (13, False)])
def test_a_table_of_a_few_rows_stays_on_one_page(rows: int, short: bool) -> None:
    (found,) = re.findall(r'<div class="(table [^"]*)">', page(table(rows)))
    assert ("short" in found.split()) is short


@pytest.mark.parametrize(("lines", "short"), [(2, True), (40, False)])
def test_a_listing_of_a_few_lines_stays_on_one_page(lines: int, short: bool) -> None:
    (found,) = re.findall(r'<figure class="(listing[^"]*)">', page(Listing("", "a\n" * lines)))
    assert ("short" in found.split()) is short


def test_short_parts_and_what_follows_headings_are_kept_together_on_paper() -> None:
    style = page(table(1)).partition("@media print")[2].partition("</style>")[0]
    unbroken = {
        selector.strip()
        for selectors in re.findall(r"^\s*([^{}]*){ break-inside: avoid; }", style, re.M)
        for selector in selectors.split(",")
    }
    assert {"tr", ".plot", ".short", ".beside"} <= unbroken
    assert re.search(r"h1, h2, h3, caption { break-after: avoid; }", style)
