"""Reports in Markdown, read again by a Markdown parser."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from export.hostile_names import NAMES
from finished_run import CONFIG, copy, train
from history.samples import STARTED, add_run, epoch, evaluated, evaluation, record
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.events import RunFinished
from cnnlab.export.document import Cell, Column, Document, Facts, Listing, Section, Table, Words
from cnnlab.export.format import format_figure, one_line, visible
from cnnlab.export.job import ExportJob
from cnnlab.export.markdown import as_markdown, write_markdown
from cnnlab.history.edits import add_note
from cnnlab.history.queries import Reader
from cnnlab.history.records import evaluation_of
from cnnlab.home import Home

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
"""Any text without halves of characters."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    return train(tmp_path_factory.mktemp("trained"))


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def shown(token: Token) -> str:
    """What a reader sees of a line; a break is a newline."""
    found = []
    for child in token.children or []:
        if child.type in ("html_inline", "image", "link_open", "s_open", "em_open"):
            assert child.content == "<br>", child
            found.append("\n")
        found.append({"softbreak": "\n"}.get(child.type, ""))
        if child.type in ("text", "text_special"):
            found.append(child.content)
    return "".join(found)


def tables(text: str) -> list[list[list[str]]]:
    """The cells of the rows of each table, as a reader sees them."""
    found: list[list[list[str]]] = []
    inside = False
    for token in parsed(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            inside = True
        elif token.type == "inline" and inside:
            found[-1][-1].append(shown(token))
            inside = False
    return found


def with_table(names: Iterable[str]) -> Document:
    rows = tuple((Cell(name), Cell(name, best=True)) for name in names)
    columns = (Column("class"), Column("again", number=True))
    return Document("t", "", (Section("", (Table("", columns, rows),)),))


def written(home: Home, path: Path, *run_ids: str) -> str:
    assert write_markdown(ExportJob(home, run_ids), path) == []
    return path.read_text(encoding="utf-8")


def test_any_name_is_shown_as_itself_in_a_table() -> None:
    (table,) = tables(as_markdown(with_table(NAMES)))
    assert [row[0] for row in table[1:]] == [one_line(name) for name in NAMES]
    assert [row[1] for row in table[1:]] == [one_line(name) for name in NAMES]


@settings(max_examples=200)
@given(st.lists(texts, min_size=1, max_size=5))
def test_any_text_at_all_is_shown_as_itself_in_a_table(names: list[str]) -> None:
    (table,) = tables(as_markdown(with_table(names)))
    assert [row[0] for row in table[1:]] == [one_line(name) for name in names]


@settings(max_examples=200)
@given(texts)
def test_any_text_at_all_is_one_paragraph_with_its_lines(text: str) -> None:
    document = Document("t", "", (Section("", (Words((f"{text}.",)),)),))
    _, _, _, *tokens = parsed(as_markdown(document))
    lines = visible(f"{text}.").strip(" \n").split("\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert shown(tokens[1]) == "\n".join(line.strip(" ") for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_shown_as_itself_in_headings_and_lists(name: str) -> None:
    facts = Facts("", ((name, name),))
    listing = Listing(name, f"```\n{name}\n````")
    tokens = parsed(as_markdown(Document(name, name, (Section(name, (facts, listing)),))))
    inlines = [shown(token) for token in tokens if token.type == "inline"]
    plain = one_line(name)
    title, subtitle, section, fact, *_ = inlines
    assert (title.strip(" "), section.strip(" ")) == (plain.strip(" "), plain.strip(" "))
    assert subtitle.strip(" ") == plain.strip(" ")
    assert fact.startswith(f"{plain}: ")
    (code,) = [token for token in tokens if token.type == "fence"]
    assert code.content == visible(f"```\n{name}\n````") + "\n"
    assert [token.type for token in tokens if token.type == "bullet_list_open"] == [
        "bullet_list_open"
    ]


def test_the_best_and_a_summary_are_bold() -> None:
    rows = ((Cell("a"), Cell("b", best=True)), (Cell("mean", summary=True), Cell("c")))
    table = Table("", (Column("x"), Column("y")), rows)
    text = as_markdown(Document("t", "", (Section("", (table,)),)))
    assert text.splitlines()[-2:] == ["| a        | **b** |", "| **mean** | c     |"]


def test_the_report_of_a_real_run_has_its_figures_and_the_config_that_repeats_it(
    home: Home, trained: tuple[Home, str], tmp_path: Path
) -> None:
    copy(trained[0], home)
    text = written(home, tmp_path / "run.md", trained[1])
    with Reader(home) as reader:
        test = evaluation_of(reader.final_evaluations([trained[1]])[trained[1]], "test", "best")
    assert test is not None
    cells = [row for table in tables(text) for row in table]
    assert [f"best, epoch {test.epoch}", "test", format_figure(test.accuracy)] in [
        row[:3] for row in cells
    ]
    for one in test.classes:
        assert [one.name, format_figure(one.precision)] in [row[:2] for row in cells]
    assert ["true", *(one.name for one in test.classes)] in cells
    listings = [token.content for token in parsed(text) if token.type == "fence"]
    config = validate(RunConfig, tomllib.loads(listings[-1]))
    assert config.model_dump() == CONFIG.model_dump()
    assert "![" not in text
    assert "Curves" not in text


def test_no_heading_stands_above_nothing(
    home: Home, trained: tuple[Home, str], tmp_path: Path
) -> None:
    copy(trained[0], home)
    add_run(home, "bare")
    for ids in ((trained[1],), ("bare",), (trained[1], "bare")):
        kinds = [
            (token.type, int(token.tag[1]) if token.type == "heading_open" else 9)
            for token in parsed(written(home, tmp_path / "run.md", *ids))
            if token.level == 0 and token.type not in ("inline", "heading_close")
        ]
        assert kinds[-1][0] != "heading_open"
        for (kind, level), (_, following) in pairwise(kinds):
            assert kind != "heading_open" or following > level


def test_names_of_runs_classes_and_notes_survive(home: Home, tmp_path: Path) -> None:
    for at, name in enumerate(NAMES):
        add_run(home, f"run{at}", name=name)
        test = evaluated("test", "best", 8, evaluation(NAMES))
        record(home, f"run{at}", STARTED, epoch(1), epoch(2), test, RunFinished("done"))
    add_note(home, "run3", "# first\n- second | third")
    single = written(home, tmp_path / "one.md", "run3")
    assert [row[0] for row in tables(single)[1][1:-1]] == [one_line(name) for name in NAMES]
    assert "\\# first<br>- second \\| third" in single
    several = written(home, tmp_path / "all.md", *(f"run{at}" for at in range(len(NAMES))))
    (runs,) = [table for table in tables(several) if table[0][:2] == ["run", "name"]]
    assert sorted(row[1] for row in runs[1:]) == sorted(map(one_line, NAMES))
