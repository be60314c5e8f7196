"""The tables of a study in terminals of any width."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from rich.segment import Segment

from cnnlab.export.study_layout import StudyLayout, Tones
from cnnlab.export.study_table import StudyCell, StudyColumn, StudyFigure, StudyTable

COLUMNS = (
    StudyColumn("published", (StudyCell("0.62", outside=True), StudyCell("0.63"))),
    StudyColumn(
        "measured",
        (
            StudyCell("0.6013", "± 0.0077 (5)"),
            StudyCell("0.5500", "± 0.0707 (2)", "muted", changed=True),
        ),
    ),
    StudyColumn("best", (StudyCell("0.6094"), StudyCell("0.6000", tone="muted"))),
    StudyColumn("points", (StudyCell("-1.9"), StudyCell("", tone="far"))),
)
TABLE = StudyTable(
    "row",
    ("10 epochs, lr 0.001", "a name with\x1b[31m a control"),
    (StudyFigure("accuracy", COLUMNS), StudyFigure("train accuracy", COLUMNS)),
)
ALONE = replace(TABLE, figures=TABLE.figures[:1])


def drawn(table: StudyTable, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(StudyLayout(table), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def segments(table: StudyTable, tones: Tones) -> list[Segment]:
    console = Console(file=io.StringIO(), width=100)
    return list(console.render(StudyLayout(table, tones)))


@pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 100, 120, 140, 1000])
def test_no_figure_is_cut_at_any_width(width: int) -> None:
    lines = drawn(TABLE, width)
    text = "\n".join(lines)
    assert "…" not in text
    for words in ("‡ 0.62", "0.63", "0.6013", "± 0.0077 (5)", "0.5500", "± 0.0707 (2)", "-1.9"):
        assert len(re.findall(f"(?<!\\S){re.escape(words)}(?!\\S)", text)) == 2, words
    assert max(map(len, lines)) <= max(width, 44)
    assert "\x1b" not in text


def test_figures_share_a_table_as_long_as_names_are_whole() -> None:
    wide, narrower = drawn(TABLE, 131), drawn(TABLE, 130)
    assert wide[0].split() == ["accuracy", "train", "accuracy"]
    assert len(wide) == 4
    assert narrower[0].split() == ["accuracy"]
    assert narrower[5].split() == ["train", "accuracy"]
    names = [line[:26].strip() for line in narrower[2:4]]
    assert names == ["10 epochs, lr 0.001", "a name with␛[31m a control"]


def test_names_are_broken_beside_a_figure_that_is_too_wide() -> None:
    whole, broken = drawn(ALONE, 80), drawn(ALONE, 70)
    assert len(whole) == 4
    assert "0.5500 ± 0.0707 (2) *" in whole[3]
    assert "0.5500 ± 0.0707 (2) *" in broken[3]
    assert broken[4].strip() == "control"


def test_deviations_and_the_best_stand_below_where_room_is_scarce() -> None:
    lines = [line.split() for line in drawn(ALONE, 60)]
    assert lines[1] == ["row", "published", "measured", "points"]
    assert lines[2][-4:] == ["‡", "0.62", "0.6013", "-1.9"]
    assert lines[3][-3:] == ["±", "0.0077", "(5)"]
    assert lines[4] == ["best", "0.6094"]
    assert lines[5][-3:] == ["0.63", "0.5500", "*"]


def test_what_is_muted_and_what_is_far_has_its_style() -> None:
    far = replace(COLUMNS[3], cells=(StudyCell("-9.9", tone="far"), StudyCell("")))
    table = replace(TABLE, figures=(StudyFigure("accuracy", (*COLUMNS[:3], far)),))
    styles = {
        part.text.strip(): part.style
        for part in segments(table, Tones(heading="italic", far="red", muted="green"))
        if part.text.strip()
    }

    def colour(text: str) -> str | None:
        style = styles[text]
        return style.color.name if style is not None and style.color is not None else None

    assert colour("-9.9") == "red"
    assert colour("0.6013") is None
    assert colour("± 0.0077 (5)") == "green"
    assert colour("0.6000") == "green"
    heading = styles["row"]
    assert heading is not None
    assert heading.italic
