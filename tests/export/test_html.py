"""Reports in HTML, read again by an HTML parser: whole, safe, and without anything from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from export.hostile_names import NAMES
from history.samples import add_run, life, record
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.analysis.curves import Curve
from cnnlab.export.document import (
    Cell,
    Column,
    Document,
    Facts,
    Figure,
    Listing,
    Section,
    Table,
    Words,
)
from cnnlab.export.format import one_line, visible
from cnnlab.export.html import html_page, write_html
from cnnlab.export.job import ExportJob, ExportOptions
from cnnlab.export.plot_data import BarsPlot, CurvesPlot, MatrixPlot
from cnnlab.history.edits import add_note
from cnnlab.home import Home

HOSTILE = (*NAMES, '"><img src=x onerror=alert(1)>', "</script></style></title>", "{{ 7 * 7 }}")
VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})
KNOWN = {
    *("html", "head", "title", "meta", "style", "body", "header", "nav", "main", "section"),
    *("footer", "h1", "h2", "h3", "p", "ul", "li", "a", "dl", "dt", "dd", "div", "span", "b"),
    *("figure", "figcaption", "pre", "code"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("svg", "g", "defs", "path", "clippath", "rect", "use", "text", "tspan", "image"),
}
"""All elements that a report is made of."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


class Page(HTMLParser):
    """Elements with their attributes, and the text of each."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.contents: list[list[str]] = []
        self.open: list[int] = []
        self.feed(page)
        self.close()
        assert not self.open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.contents.append([])
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for at in self.open:
            self.contents[at].append(data)

    def texts(self, *tags: str) -> list[str]:
        """The texts of all elements of these names."""
        return [
            "".join(content)
            for (tag, _), content in zip(self.elements, self.contents, strict=True)
            if tag in tags
        ]

    def attributes(self, name: str) -> list[str]:
        return [found[name] for _, found in self.elements if name in found]


def read(page: str) -> Page:
    """The page, which asks for nothing, runs nothing and points at what it has."""
    found = Page(page)
    assert {tag for tag, _ in found.elements} <= KNOWN
    assert not [name for _, one in found.elements for name in one if name.startswith("on")]
    assert not found.attributes("src")
    for target in found.attributes("href"):
        assert target.startswith(("#", "data:image/png;base64,")), target
    ids = found.attributes("id")
    assert len(ids) == len(set(ids))
    links = [target[1:] for target in found.attributes("href") if target.startswith("#")]
    links += re.findall(r"url\(#([^)]+)\)", page)
    assert set(links) <= set(ids)
    assert not re.findall(r"@import|url\((?!#)", page)
    return found


def of(*blocks: object, title: str = "report") -> Document:
    return Document(title, "", (Section("part", tuple(blocks)),))  # type: ignore[arg-type]


def curves(*labels: str) -> CurvesPlot:
    each = tuple(Curve(label, [1, 2, 3], [3.0, 2.0, 1.0]) for label in labels)
    return CurvesPlot("loss", "loss", "loss", "epoch", each, tuple(range(len(labels))))


def bars(*names: str) -> BarsPlot:
    values = (0.5,) * len(names)
    return BarsPlot("classes", "of classes", names, (("F1", values, (None,) * len(names)),), "F1")


def matrix(*names: str) -> MatrixPlot:
    rows = tuple(tuple(int(a == b) for a in names) for b in names)
    return MatrixPlot("confusion", "confusion matrix", names, rows)


def test_any_text_comes_back_as_it_was(home: Home) -> None:
    del home
    rows = tuple((Cell(name), Cell(name, best=True), Cell(name, weak=True)) for name in HOSTILE)
    columns = tuple(Column(name) for name in HOSTILE[:3])
    page = read(
        html_page(
            Document(
                HOSTILE[8],
                HOSTILE[9],
                tuple(
                    Section(
                        name,
                        (
                            Words((name, "second")),
                            Facts(name, ((name, name),)),
                            Listing(name, name),
                            Table(f"{name} too", columns, rows, (name,)),
                        ),
                    )
                    for name in HOSTILE
                ),
            )
        )
    )
    lines = [one_line(name) for name in HOSTILE]
    shown = [visible(name) for name in HOSTILE]
    assert page.texts("h1", "title") == [lines[8], lines[8]]
    assert page.texts("h2") == lines
    assert page.texts("a") == lines
    assert page.texts("h3", "dt") == [line for line in lines for _ in range(2)]
    assert page.texts("code") == shown
    assert page.texts("caption") == [f"{line} too" for line in lines]
    assert page.texts("dd") == shown
    assert page.texts("td")[: 2 * len(lines)] == [
        f"{line}{mark}" for line in lines for mark in (" (best)", "")
    ]


@settings(max_examples=60)
@given(texts)
def test_no_text_gets_out_of_its_place(text: str) -> None:
    table = Table(text, (Column(text), Column("x", number=True)), ((Cell(text), Cell(text)),))
    page = read(html_page(of(Words((text,)), table, Listing(text, text), title=text)))
    assert page.texts("code") == [visible(text)]
    assert page.texts("td") == [one_line(text)]


def test_hostile_names_in_plots_stay_text() -> None:
    short = [name for name in HOSTILE if len(name) < 14]
    blocks = [Figure(plot, name) for name in HOSTILE[:3] for plot in (bars(*short), matrix(*short))]
    page = read(html_page(of(*blocks, Figure(curves(*HOSTILE), HOSTILE[-2]))))
    assert "under_score" not in page.texts("script")
    assert len(page.texts("svg")) == 7
    assert "{brace}" not in page.texts("title")
    assert "# heading" in page.texts("text", "tspan")


def test_what_a_plot_shows_is_told_to_those_who_cannot_see_it() -> None:
    page = read(html_page(of(Figure(curves("training"), 'The "loss" & more'))))
    (svg,) = [found for tag, found in page.elements if tag == "svg"]
    assert svg["role"] == "img"
    assert svg["aria-label"] == 'loss The "loss" & more'
    assert page.texts("figcaption") == ['The "loss" & more']


def test_a_policy_forbids_all_that_is_not_in_the_file() -> None:
    page = read(html_page(of(Figure(matrix(*(f"c{at}" for at in range(60)))))))
    (policy,) = [
        found["content"] for tag, found in page.elements if tag == "meta" and "http-equiv" in found
    ]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    charset = page.page.index('<meta charset="utf-8">')
    assert charset < 100
    # So many cells are one picture, which is in the file too.
    pictures = [tag for tag, found in page.elements if found.get("href", "").startswith("data:")]
    assert set(pictures) == {"image"}


def test_tables_say_what_their_heads_are_of() -> None:
    table = Table(
        "figures",
        (Column("run"), Column("accuracy", number=True)),
        (
            (Cell("a"), Cell("0.9", best=True)),
            (Cell("b"), Cell("0.8", weak=True)),
            (Cell("mean"), Cell("0.85", summary=True)),
        ),
        ("A note.",),
    )
    page = read(html_page(of(table)))
    assert [one.get("scope") for tag, one in page.elements if tag == "th"] == [
        *("col", "col"),
        *("row", "row", "row"),
    ]
    assert [one.get("class") for tag, one in page.elements if tag == "td"] == [
        "number best",
        "number weak",
        "number summary",
    ]
    assert page.texts("b") == ["0.9"]


def test_a_table_called_like_its_part_has_that_heading_alone() -> None:
    table = Table("part", (Column("x"),), ((Cell("y"),),))
    page = read(html_page(of(table, Table("other", table.columns, table.rows))))
    assert page.texts("h2", "caption") == ["part", "other"]
    regions = [found["aria-label"] for _, found in page.elements if found.get("role") == "region"]
    assert regions == ["part", "other"]


def test_what_is_drawn_is_no_table_beside_it() -> None:
    same = Table("counts", (Column("true"),), ((Cell("cat"),),))
    page = read(html_page(of(Figure(matrix("cat", "dog"), "", same))))
    assert (len(page.texts("svg")), page.texts("table")) == (1, [])


def test_a_list_of_contents_stands_over_long_reports_alone() -> None:
    long = Document("t", "", tuple(Section(f"s{at}", (Words(("w",)),)) for at in range(5)))
    short = Document("t", "", (Section("", (Words(("w",)),)), *long.sections[:4]))
    assert read(html_page(long)).texts("a") == ["s0", "s1", "s2", "s3", "s4"]
    page = read(html_page(short))
    assert page.texts("a") == []
    assert page.texts("h2") == ["s0", "s1", "s2", "s3"]


def test_a_small_table_stands_beside_its_plot_and_a_large_one_above_it() -> None:
    small = Table("t", (Column("class"), Column("F1")), ((Cell("cat"), Cell("0.5")),))
    wide = Table("t", tuple(Column(f"column {at}") for at in range(9)), ())
    figure = Figure(bars("cat"))
    for blocks, beside in (((small, figure), 1), ((wide, figure), 0), ((small, figure, figure), 0)):
        assert read(html_page(of(*blocks))).attributes("class").count("beside") == beside


def test_all_pages_are_turned_where_a_table_needs_it_so_that_no_heading_stays_behind() -> None:
    for count, turned in ((3, 0), (12, 1)):
        table = Table("t", tuple(Column(f"column {at:03}") for at in range(count)), ())
        page = read(html_page(of(Words(("before",)), table)))
        (body,) = [found for tag, found in page.elements if tag == "body"]
        assert body.get("class", "").split().count("turned") == turned
    assert re.findall(r"\.(\w+) \{ page: turned; \}", page.page) == ["turned"]


def test_an_empty_document_is_a_page() -> None:
    page = read(html_page(Document("nothing", "", ())))
    assert page.texts("h1") == ["nothing"]


def test_a_recorded_run_becomes_one_file(home: Home, tmp_path: Path) -> None:
    add_run(home, "run", name="a <b> & c")
    record(home, "run", *life())
    add_note(home, "run", "first line\n</pre><script>alert(1)</script>")
    told: list[tuple[str, int, int | None]] = []
    job = ExportJob(home, ("run",), progress=lambda *one: told.append(one))
    paths = [tmp_path / "first.html", tmp_path / "second.html"]
    for path in paths:
        assert write_html(job, path) == []
    assert paths[0].read_bytes() == paths[1].read_bytes()
    page = read(paths[0].read_text(encoding="utf-8"))
    assert page.texts("h1") == ["a <b> & c"]
    assert len(page.texts("svg")) >= 4
    assert "</pre><script>alert(1)</script>" in "".join(page.texts("p"))
    assert {"cat", "dog", "owl"} <= set(page.texts("th"))
    assert not [title for title in page.texts("caption") if title.startswith("Confusion matrix")]
    assert ("plots", 0, len(page.texts("svg"))) in told


@pytest.mark.parametrize("runs", [("one", "two")])
def test_a_comparison_becomes_one_file(home: Home, tmp_path: Path, runs: tuple[str, ...]) -> None:
    for number, run_id in enumerate(runs):
        config = {"optimizer": {"name": "sgd", "lr": 0.1 + number}}
        add_run(home, run_id, name=run_id, config=config)
        record(home, run_id, *life())
    path = tmp_path / "report.html"
    write_html(ExportJob(home, runs, options=ExportOptions(wide=True)), path)
    page = read(path.read_text(encoding="utf-8"))
    assert {"cat", "dog", "owl"} <= set(page.texts("th"))
    assert len(page.texts("svg")) >= 2
