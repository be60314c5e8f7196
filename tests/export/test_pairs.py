"""Names with their values: nothing is lost at any width, and words stay whole where they can."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from cnnlab.export.pairs import Pairs

ROWS = (
    ("epochs-10", "as most rows"),
    ("epochs-50-multi-step", "optimizer.lr=0.01 schedule.name=multi-step training.epochs=50"),
)


def drawn(width: int, rows: tuple[tuple[str, str | Text], ...] = ROWS) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as capture:
        console.print(Pairs(rows))
    return capture.get().splitlines()


def test_values_stand_beside_their_names_and_go_on_at_a_blank() -> None:
    assert drawn(1_000_000) == [
        "epochs-10             as most rows",
        "epochs-50-multi-step  optimizer.lr=0.01 schedule.name=multi-step training.epochs=50",
    ]
    assert drawn(50) == [
        "epochs-10             as most rows",
        "epochs-50-multi-step  optimizer.lr=0.01",
        "                      schedule.name=multi-step",
        "                      training.epochs=50",
    ]


def test_a_value_whose_words_would_break_beside_its_name_stands_below_it() -> None:
    assert drawn(40) == [
        "epochs-10             as most rows",
        "epochs-50-multi-step",
        "  optimizer.lr=0.01",
        "  schedule.name=multi-step",
        "  training.epochs=50",
    ]


@pytest.mark.parametrize("width", range(26, 90))
def test_no_word_is_broken_that_fits_the_terminal(width: int) -> None:
    lines = drawn(width)
    words = [word for _, value in ROWS for word in value.split()]
    assert [word for line in lines for word in line.split() if word in words] == words
    assert max(map(len, lines)) <= width


def test_wide_characters_and_styles_are_kept() -> None:
    lines = drawn(24, (("损失", Text("a b", "bold")), ("loss", "x" * 30), ("", "")))
    assert lines[0] == "损失  a b"
    assert lines[1:4] == ["loss", f"  {'x' * 22}", f"  {'x' * 8}"]
