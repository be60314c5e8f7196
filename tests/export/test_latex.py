"""Tables in LaTeX, compiled by pdflatex where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from export.hostile_names import NAMES
from finished_run import copy, train
from history.samples import STARTED, add_run, epoch, evaluated, evaluation, record

from cnnlab.events import RunFinished
from cnnlab.export.document import Cell, Column, Document, Facts, Section, Table, Words
from cnnlab.export.job import ExportJob
from cnnlab.export.latex import as_latex, write_latex
from cnnlab.export.latex_text import latex
from cnnlab.home import Home

needs_pdflatex = pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("pdftotext") is None,
    reason="needs pdflatex, and pdftotext to read what it made",
)

PAPER = r"""\documentclass[twocolumn]{article}
\usepackage{booktabs}
\begin{document}
Before. See Table~\ref{tab:t-some}.
\input{report}
Behind.
\end{document}
"""


def compiled(folder: Path, text: str, *, paper: str = "") -> str:
    """What the pages say, without blanks; fails with the errors of LaTeX."""
    (folder / "report.tex").write_text(text, encoding="utf-8")
    if paper:
        (folder / "paper.tex").write_text(paper, encoding="utf-8")
    name = "paper" if paper else "report"
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600)
    log = (folder / f"{name}.log").read_text(encoding="latin-1")
    assert done.returncode == 0, "\n".join(re.findall(r"^!.*|^l\.\d.*", log, re.MULTILINE))
    assert "Missing character" not in log
    subprocess.run(["pdftotext", "-layout", f"{name}.pdf"], cwd=folder, check=True)
    return "".join((folder / f"{name}.txt").read_text(encoding="utf-8").split())


def table(*rows: tuple[str, ...], numbers: bool = False) -> Document:
    columns = tuple(Column(f"c{at}", number=numbers) for at in range(len(rows[0])))
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return Document("t", "", (Section("", (Table("Some", columns, cells),)),))


@needs_pdflatex
def test_any_name_compiles_wherever_it_stands_and_can_be_read(tmp_path: Path) -> None:
    rows = tuple((Cell(name), Cell(name, best=True)) for name in NAMES)
    columns = (Column(NAMES[3]), Column(NAMES[11], number=True))
    blocks = (
        Facts(NAMES[4], tuple((name, name) for name in NAMES)),
        *(Table(name, columns, rows[:2], (name,)) for name in NAMES),
        Table("All", columns, rows),
        Words(NAMES),
    )
    text = compiled(
        tmp_path, as_latex(Document("\n".join(NAMES), NAMES[5], (Section("", blocks),)))
    )
    for seen in (
        'say"cheese"',
        "rock&roll&amp;&#42;",
        "under_score_",
        "*star***two*****",
        "pipe|pipe||\\|end\\",
        "<b>bold</b><script>",
        "[link](http://x.example)",
        "$5and$x^2$100%~tilde~~~gone~~",
        "{brace}\\begin{table}\\\\%comment",
        "[1,2]",
        "-----\N{RIGHT SINGLE QUOTATION MARK}",
        "two[U+000A]lines",
        "tab[U+0009]and[U+001B]",
        "[U+1F600]emoji",
        "Straße",
        "[U+732B]",
    ):
        assert seen in text, seen


@needs_pdflatex
def test_every_character_that_has_a_command_compiles_with_no_further_package(
    tmp_path: Path,
) -> None:
    known = [
        character
        for character in map(chr, (*range(0x20, 0xD800), *range(0xE000, 0x20000)))
        if not latex(character).startswith("{[U+")
    ]
    assert {*"éüßñøœæåžěřąęđð«»αβΩ≤≥≠∞∑→€£°±×–—…“”"} <= {*known}
    rows = [tuple(known[at : at + 12]) for at in range(0, len(known) - 12, 12)]
    compiled(tmp_path, as_latex(table(*rows)))
    compiled(tmp_path, as_latex(table(*rows)), paper=PAPER)


@needs_pdflatex
def test_a_paper_takes_the_file_in_and_refers_to_its_tables(tmp_path: Path) -> None:
    text = as_latex(table(("a_b", "0.5 ± 0.1"), ("-0.3", "+1.2"), numbers=True))
    seen = compiled(tmp_path, text, paper=PAPER)
    assert "Before." in seen
    assert "Behind." in seen
    assert "0.5±0.1" in seen
    assert "\N{MINUS SIGN}0.3" in seen


@needs_pdflatex
def test_wide_and_long_tables_come_in_parts_that_all_fit(tmp_path: Path) -> None:
    rows = [(f"row{at}", *(f"{at}.{place:04}" for place in range(30))) for at in range(900)]
    text = as_latex(table(*rows, numbers=True))
    seen = compiled(tmp_path, text)
    log = (tmp_path / "report.log").read_text(encoding="latin-1")
    assert "Overfull" not in log
    assert "Float too large" not in log
    for row in (rows[0], rows[450], rows[-1]):
        assert all(cell in seen for cell in row)


@needs_pdflatex
def test_reports_of_real_runs_compile(
    home: Home, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    trained, run_id = train(tmp_path_factory.mktemp("trained"))
    copy(trained, home)
    for at, name in enumerate(NAMES):
        add_run(home, f"run{at}", name=name, config={"model": {"name": f"m{at}"}})
        test = evaluated("test", "best", 8, evaluation(NAMES))
        record(home, f"run{at}", STARTED, epoch(1), epoch(2), test, RunFinished("done"))
    add_run(home, "bare", config={})
    for ids in ([run_id], ["bare"], [run_id, *(f"run{at}" for at in range(len(NAMES)))]):
        path = tmp_path / "written.tex"
        told = write_latex(ExportJob(home, tuple(ids)), path)
        assert bool(told) == (len(ids) > 1)
        seen = compiled(tmp_path, path.read_text(encoding="utf-8"))
        assert all(each in seen for each in ids)
        assert ("Confusionmatrix" in seen) == (ids == [run_id])


@needs_pdflatex
def test_facts_with_long_names_fit_the_column_of_a_paper(tmp_path: Path) -> None:
    facts = Facts("", (("channels-10-and-more", "many words " * 20), ("b", "short")))
    seen = compiled(tmp_path, as_latex(Document("t", "", (Section("", (facts,)),))), paper=PAPER)
    assert "channels-10-and-more" in seen
    assert "Overfull" not in (tmp_path / "paper.log").read_text(encoding="latin-1")


def test_tables_without_titles_go_by_their_sections() -> None:
    facts, columns = Facts("", (("a", "b"),)), (Column("c"),)
    sections = (
        Section("", (facts,)),
        Section("What varies", (facts,)),
        Section("Runs", (Table("", columns, ((Cell("x"),),) * 50),)),
    )
    text = as_latex(Document("Width", "", sections))
    assert re.findall(r"\\caption{(.*)}", text) == [
        "Width: overview", "Width: What varies", "Width: Runs (1 of 2)", "Width: Runs (2 of 2)",
    ]  # fmt: skip


def test_tables_of_one_title_are_numbered_together_and_no_caption_is_there_twice() -> None:
    cells = tuple(Cell(f"group {at}") for at in range(12))
    columns = tuple(Column(f"a column {at}") for at in range(12))
    wide = Table("Fields that differ", columns, (cells,))
    text = as_latex(Document("t", "", (Section("", (wide, wide)),)))
    captions = re.findall(r"\\caption{t: (.*)}", text)
    assert captions == [f"Fields that differ ({at} of 4)" for at in range(1, 5)]


def test_each_part_of_a_table_has_all_columns_that_name_its_rows() -> None:
    columns = tuple(Column(name) for name in ("group", "run", "status", "name", "time"))
    rows = tuple(
        (Cell("" if at else "slow"), Cell(f"id{at}"), *(Cell("many words " * 3) for _ in range(3)))
        for at in range(40)
    )
    text = as_latex(Document("t", "", (Section("", (Table("Runs", columns, rows, naming=2),)),)))
    tables = re.findall(r"\\midrule\n(.*?)\\bottomrule", text, re.DOTALL)
    assert len(tables) == 2 * 2
    assert all(re.match(r"    slow & id\d+ & ", each) for each in tables)
    assert sum("id39" in each for each in tables) == 2


@needs_pdflatex
def test_what_a_table_means_stands_below_it_as_text(tmp_path: Path) -> None:
    rows = ((Cell("accuracy"), Cell("0.9")),)
    tables = [Table("Figures", (Column(""), Column("a")), rows * count) for count in (1, 44)]
    meaning = Words(("Against a:", "b: +1.00 points, p < 0.001", NAMES[0]), of_table=True)
    for one, captions in zip(tables, (["t: Figures"], ["t: Figures (1 of 2)"]), strict=True):
        text = as_latex(Document("t", "", (Section("", (one, meaning, Words(("Apart.",)))),)))
        assert re.findall(r"\\caption{(.*)}", text)[:1] == captions
        seen = compiled(tmp_path, text, paper=PAPER)
        assert "Againsta:b:+1.00points,p<0.001" in seen
        assert "Apart" not in seen
        log = (tmp_path / "paper.log").read_text(encoding="latin-1")
        assert "Overfull" not in log
        assert "Float too large" not in log


def test_labels_are_of_the_report_and_the_table_and_never_twice_the_same() -> None:
    columns, rows = (Column("c"),), ((Cell("x"),),)
    sections = (
        Section("Classes", (Table("F1 of each class", columns, rows),)),
        Section("Runs", (Table("", columns, rows * 60), Table("Runs", columns, rows))),
    )

    def labels(key: str) -> list[str]:
        text = as_latex(Document("Same title", "", sections, key))
        return re.findall(r"\\label{tab:(.*)}", text)

    assert labels("Übung/a_1") == [
        "ubung-a-1-f1-of-each-class", "ubung-a-1-runs", "ubung-a-1-runs-2", "ubung-a-1-runs-3",
    ]  # fmt: skip
    assert not {*labels("one")} & {*labels("two")}


def test_what_is_wider_than_a_column_goes_over_both_and_nothing_is_shrunk() -> None:
    narrow, wide = table(("a", "b")), table(tuple("0.1234 ± 0.1234" for _ in range(4)))
    assert r"\begin{table}[htbp]" in as_latex(narrow)
    assert r"\begin{table*}[tp]" in as_latex(wide)
    assert "resizebox" not in as_latex(wide)


@needs_pdflatex
def test_long_words_and_headings_are_broken_so_that_a_table_fits_a_page(tmp_path: Path) -> None:
    rows = tuple((Cell("x" * 90), Cell("many words " * 9), Cell(f"0.{at}")) for at in range(9))
    columns = (Column("c"), Column("d"), Column("a long heading (baseline)", number=True))
    made = Document("t", "", (Section("", (Table("Some", columns, rows),)),))
    seen = compiled(tmp_path, as_latex(made), paper=PAPER)
    assert seen.count("x") >= 90 * 9
    assert "Overfull" not in (tmp_path / "paper.log").read_text(encoding="latin-1")


def test_the_parts_of_a_wide_table_are_about_equally_wide() -> None:
    row = ("row", *("0.1234567890 of it",) * 6)
    heads = re.findall(r"begin{tabular}{@{}(l*)@{}}", as_latex(table(row)))
    assert heads == ["llll", "llll"]


def test_what_is_typeset_is_ascii_whatever_the_names_are() -> None:
    text = as_latex(table(*((name, name) for name in NAMES)))
    typeset = [line for line in text.splitlines() if not line.startswith("%")]
    assert "\n".join(typeset).isascii()


def test_the_best_of_its_kind_is_bold_and_a_deviation_has_its_sign() -> None:
    rows = ((Cell("lr=0.1"), Cell("0.9300 ± 0.0361", best=True)),)
    columns = (Column("group"), Column("accuracy", number=True))
    text = as_latex(Document("t", "", (Section("", (Table("", columns, rows),)),)))
    assert r"    lr=0.1 & \textbf{0.9300 $\pm$ 0.0361} \\" in text
    assert r"\begin{tabular}{@{}lr@{}}" in text
    assert r"\toprule" in text


def test_a_rule_parts_a_summary_from_the_rows_that_it_sums_up() -> None:
    def lines(*summaries: bool) -> list[str]:
        rows = tuple((Cell(f"row{at}", summary=each),) for at, each in enumerate(summaries))
        text = as_latex(Document("t", "", (Section("", (Table("A", (Column("c"),), rows),)),)))
        found = re.findall(r"^    (?:\\midrule|row\d)", text, re.MULTILINE)
        return [line.strip() for line in found]

    assert lines(False, False, True, True) == [
        *(r"\midrule", "row0", "row1", r"\midrule", "row2", "row3"),
    ]
    assert lines(True, False) == [r"\midrule", "row0", "row1"]


def test_no_name_ends_a_comment() -> None:
    words = Words(("first\n\\input{/etc/passwd}\r\\bad\u2028\\worse",))
    text = as_latex(Document("t", "", (Section("", (words,)),)))
    assert [line for line in text.splitlines() if "passwd" in line or "bad" in line] == [
        "% \\input{/etc/passwd}␍\\bad\ufffd\\worse"
    ]


def test_nothing_of_latex_is_loaded_before_it_is_used() -> None:
    code = "import sys, cnnlab.export.formats; print([m for m in sys.modules if 'latexenc' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
