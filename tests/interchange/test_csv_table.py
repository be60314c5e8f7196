"""CSV files as tables of numbers: what a cell holds, by itself and by its column."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from cost import cpu_seconds

from cnnlab.interchange.csv_table import Column, read_sheet


def columns(folder: Path, *rows: Sequence[str], delimiter: str = ",") -> list[Column]:
    """The columns of a file that is written of these rows."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([f"column{number}" for number in range(len(rows[0]))])
    writer.writerows(rows)
    path = folder / "table.csv"
    path.write_text(text.getvalue())
    return list(read_sheet(path).runs[""].columns.values())


@pytest.mark.parametrize("note", ["ok", "1,5", "0,25 %"])
def test_what_another_column_holds_says_nothing_of_commas(tmp_path: Path, note: str) -> None:
    loss, other, _ = columns(tmp_path, ["1,234", "0.9", note], ["2,345", "0.8", "ok"])
    assert (loss.numbers, loss.gaps) == ([None, None], 2)
    assert other.numbers == [0.9, 0.8]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,234"], [None]),
        (["1,234", "1234"], [None, 1234.0]),
        (["1,234", "999"], [None, 999.0]),
        (["1,234", "12,345", "1,234,567"], [None, None, None]),
        (["0,5"], [0.5]),
        (["12,34"], [12.34]),
        (["-1,5e-05", " +2,5 % "], [-1.5e-05, 2.5]),
        (["1,2345"], [1.2345]),
        # Those that can be nothing else tell what is meant by the others of their column.
        (["1,234", "0,5"], [1.234, 0.5]),
        (["12,34", "1,234", "2"], [12.34, 1.234, 2.0]),
        # Unless there are others that tell the opposite.
        (["1,234", "0,5", "0.9"], [None, 0.5, 0.9]),
        (["1,234", "12,34", "1,234,567"], [None, 12.34, None]),
        (["1,234", "12,34", "1,234.5"], [None, 12.34, None]),
        (["1,234", "0,5", "n.a.", "a, b, c"], [1.234, 0.5, None, None]),
    ],
)
def test_a_comma_that_may_part_thousands_is_of_decimals_only_if_its_column_says_so(
    tmp_path: Path, cells: list[str], numbers: list[float | None]
) -> None:
    (column,) = columns(tmp_path, *([cell] for cell in cells))
    assert (column.numbers, column.gaps) == (numbers, numbers.count(None))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_where_commas_part_no_cells_they_are_of_decimals(tmp_path: Path, delimiter: str) -> None:
    first, second = columns(tmp_path, ["1,234", "ok"], ["2", "0.5"], delimiter=delimiter)
    assert (first.numbers, second.numbers) == ([1.234, 2.0], [None, 0.5])


def test_a_column_says_the_same_of_commas_to_all_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text('run_id,loss\na,"1,234"\nb,"0,5"\n')
    runs = read_sheet(path).runs
    assert {name: run.columns["loss"].numbers for name, run in runs.items()} == {
        "a": [1.234],
        "b": [0.5],
    }


@pytest.mark.parametrize(
    ("begin", "repeated", "end"),
    [("0,5", " ", "x"), ("", " ", "0,5x"), ("0,5e1", " ", "%x"), ("0,", "1", "x")],
)
def test_a_huge_cell_costs_no_more_than_its_length(
    tmp_path: Path, begin: str, repeated: str, end: str
) -> None:
    def cost(length: int) -> float:
        cell = begin + repeated * length + end
        return cpu_seconds(lambda: columns(tmp_path, ["1", cell]))

    # Ten times as long takes about ten times as much; what is quadratic takes a hundred times.
    assert cost(50_000) < 40 * cost(5_000)
