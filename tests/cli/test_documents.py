"""A document on a console: what stands where, and that nothing of a wide table is lost."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.cells import cell_len

from cnnlab.analysis.curves import Curve
from cnnlab.cli.documents import Wanted, print_document
from cnnlab.cli.safe_console import SafeConsole
from cnnlab.export.document import (
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Figure,
    Listing,
    Section,
    Table,
    Words,
    words,
)
from cnnlab.export.plot_data import BarsPlot, CurvesPlot


def printed(*blocks: Block, width: int = 80, colour: bool = False, **wanted: bool) -> str:
    file = StringIO()
    console = SafeConsole(
        file=file, width=width, color_system="standard" if colour else None,
        force_terminal=colour, markup=False, highlight=False,
    )  # fmt: skip
    document = Document("Title", "of what", (Section("Part", blocks),))
    print_document(console, document, Wanted(**wanted))
    lines = (line.rstrip() for line in file.getvalue().split("\n"))
    return "\n".join(lines)


def test_all_kinds_of_blocks_stand_below_their_headings() -> None:
    shown = printed(
        Words(("First.", "Second [red].")),
        Facts("Facts", (("model", "lenet"), ("empty", ""))),
        Listing("Config", "[data]\nname = 1\n", "toml"),
    )
    assert shown == (
        "Title\nof what\n\nPart\nFirst.\nSecond [red].\n\nFacts\nmodel  lenet\n\n"
        "Config\n[data]\nname = 1\n"
    )


def test_digits_stay_below_each_other_and_the_best_has_a_star() -> None:
    table = Table(
        "Part",
        (Column("group"), Column("accuracy", number=True)),
        ((Cell("a"), Cell("0.90")), (Cell("b"), Cell("10.95", best=True))),
        ("A note.",),
    )
    assert printed(table).partition("Part\n")[2].split("\n")[:4] == [
        "group  accuracy",
        "a          0.90",
        "b         10.95 *",
        "A note.",
    ]
    assert "\x1b[1m" in printed(table, colour=True).partition("10.95")[0].split("\n")[-1]


def test_a_wide_table_is_taken_apart_and_each_part_names_its_rows() -> None:
    names = [f"figure {number}" for number in range(12)]
    rows = [[f"row-{row}", *(f"{row}.{number:05}" for number in range(12))] for row in range(3)]
    columns = (Column("group"), *(Column(name, number=True) for name in names))
    shown = printed(Table("", columns, words(rows)), width=50)
    assert max(map(cell_len, shown.split("\n"))) <= 50
    assert shown.count("row-1") > 2
    for row in rows:
        for text in row:
            assert text in shown
    assert shown.count("row-0") == shown.count("group")


def test_rows_are_named_by_as_many_columns_as_it_takes() -> None:
    columns = tuple(map(Column, ("group", "run", "what", "where")))
    rows = [["a", "r1", "x" * 30, "y" * 30], ["", "r2", "z" * 30, "w" * 30]]
    shown = printed(Table("", columns, words(rows)), width=40)
    assert shown.count("r1") == shown.count("r2") == shown.count("run")
    for text in ("x", "y", "z", "w"):
        assert shown.count(text) >= 30


def test_each_part_has_as_many_columns_as_the_table_says_that_name_its_rows() -> None:
    columns = (Column("checkpoint"), Column("split"), Column("f" * 20), Column("g" * 20))
    rows = [["best", "train", "1", "2"], ["best", "test", "3", "4"]]
    shown = printed(Table("", columns, words(rows), naming=2), width=50)
    assert shown.count("best  ") == 4
    assert shown.count("train") == shown.count("test") == 2


@pytest.mark.parametrize(("width", "parts"), [(25, 1), (24, 2)])
def test_a_table_that_just_fits_is_not_taken_apart(width: int, parts: int) -> None:
    columns = (Column("class"), Column("a" * 8, number=True), Column("b" * 8, number=True))
    shown = printed(Table("", columns, words([("cat", "1", "2")])), width=width)
    assert shown.count("cat") == parts


@pytest.mark.parametrize(("width", "shows"), [(34, True), (33, False), (22, False)])
def test_details_are_left_out_before_anything_is_wrapped(width: int, shows: bool) -> None:
    columns = (Column("class"), Column("extra", detail=True), Column("loss", number=True))
    rows = words([("one two three four", "detail", "0.5000")])
    shown = printed(Table("", columns, rows), width=width)
    assert ("detail" in shown) == ("extra" in shown) == shows
    assert shown.split()[-1] == ("0.5000" if width > 22 else "four")
    assert max(map(cell_len, shown.split("\n"))) <= width


def test_a_summary_is_bold() -> None:
    columns = (Column("class"), Column("F1", number=True))
    rows = ((Cell("cat"), Cell("0.5")), (Cell("mean", summary=True), Cell("0.6", summary=True)))
    shown = printed(Table("", columns, rows), colour=True)
    assert "\x1b[1mmean \x1b[0m  \x1b[1m0.6\x1b[0m" in shown
    assert "*" not in shown


def test_a_column_wider_than_the_console_is_not_cut() -> None:
    columns = (Column("class"), Column("f" * 60, number=True))
    shown = printed(Table("", columns, ((Cell("c" * 50), Cell("1" * 60)),)), width=40)
    assert "1" * 60 in shown
    assert shown.count("c") >= 50


def test_curves_are_drawn_and_plots_that_a_table_tells_are_left_out() -> None:
    curve = Curve("training", (1.0, 2.0, 3.0), (0.5, None, 0.7))
    curves = Figure(CurvesPlot("loss", "loss\n\x1b[2J", "loss", "epoch", (curve,), (0,)))
    bars = Figure(BarsPlot("classes", "classes", ("a",), (("F1", (0.5,), (None,)),), "F1"))
    shown = printed(curves, bars)
    assert "┌──" in shown
    assert "\x1b" not in shown
    assert "F1" not in shown
    assert "Part" in printed(curves, bars)
    assert "Part" not in printed(curves, bars, curves=False)


def test_a_plot_that_is_not_drawn_gives_way_to_its_table() -> None:
    table = Table("Counts", (Column("class"), Column("cat", number=True)), words([("cat", "27")]))
    bars = BarsPlot("classes", "classes", ("a",), (("F1", (0.5,), (None,)),), "F1")
    assert printed(Figure(bars, "", table)).endswith("Counts\nclass  cat\ncat     27\n")


def test_control_characters_are_shown_and_not_sent() -> None:
    odd = "a\x1b[31m\nb\x07"
    table = Table(odd, (Column(odd), Column(odd, number=True)), ((Cell(odd), Cell(odd)),), (odd,))
    shown = printed(table, Facts(odd, ((odd, odd),)), Words((odd,)), Listing(odd, odd))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert shown.count("a␛[31m") >= 10


def test_sections_with_listings_can_be_left_out() -> None:
    section = Words(("Commands:",)), Listing("", "cnnlab run")
    assert printed(*section).endswith("\nPart\nCommands:\n\ncnnlab run\n")
    assert "Part" not in printed(*section, listings=False)
    assert "Part" in printed(section[0], listings=False)


def test_curves_of_a_single_point_each_are_not_drawn() -> None:
    dot = Curve("a", [1.0], [0.5])
    plot = CurvesPlot("loss", "loss of one epoch", "loss", "epoch", (dot, dot), (0, 1))
    assert "Part" not in printed(Figure(plot))
    line = Curve("b", [1.0, 2.0], [0.5, 0.4])
    assert "loss of one epoch" in printed(Figure(replace(plot, curves=(dot, line))))
