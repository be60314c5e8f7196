"""A study as a document: the same table as on the terminal, its runs, and how to repeat it."""

from __future__ import annotations

import pytest
from analysis.test_study_results import TEXT, add_run

from cnnlab.config import studies
from cnnlab.config.studies import Study
from cnnlab.export.document import Block, Document, Facts, Figure, Listing, Section, Table, Words
from cnnlab.export.job import ExportOptions
from cnnlab.export.plot_data import BarsPlot
from cnnlab.export.study_document import study_document
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@pytest.fixture
def study(home: Home) -> Study:
    path = home.presets / "mine" / "rates.toml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT.replace("[data]", 'remark = "Care."\n[data]', 1), encoding="utf-8")
    return studies.load(home, "mine/rates")


def written(home: Home, study: Study, options: ExportOptions | None = None) -> Document:
    with Reader(home) as reader:
        return study_document(reader, study, options or ExportOptions())


def section(document: Document, title: str) -> Section:
    return next(one for one in document.sections if one.title == title)


def texts(block: Block) -> list[list[str]]:
    assert isinstance(block, Table)
    return [[cell.text for cell in row] for row in block.rows]


def test_several_seeds_are_a_mean_with_its_spread_and_the_best(home: Home, study: Study) -> None:
    for seed, accuracy in enumerate((0.75, 0.85)):
        add_run(home, study, "slow", accuracy, f"training.seed={seed}")
    document = written(home, study)
    table = document.sections[0].blocks[0]
    assert isinstance(table, Table)
    assert [column.name for column in table.columns] == [
        "row", "accuracy, published", "accuracy, measured", "accuracy, best", "accuracy, points",
    ]  # fmt: skip
    assert texts(table) == [
        ["slow", "‡ 0.90", "0.8000 ± 0.0707 (2)", "0.8500", "-10.0"],
        ["fast", "–", "–", "", ""],
    ]
    assert table.rows[0][1].remark
    assert [note[0] for note in table.notes] == ["O", "‡"]
    classes = section(document, "Classes").blocks[0]
    assert [row[1:] for row in texts(classes)] == [
        ["‡ 0.50", "0.7000 ± 0.0707 (2)"],
        ["0.70", "0.7000 ± 0.0707 (2)"],
    ]
    assert [row[3] for row in texts(section(document, "Runs").blocks[0])] == ["1", "0"]


def test_what_does_not_compare_is_of_less_weight_with_a_remark(home: Home, study: Study) -> None:
    add_run(home, study, "slow", 0.75, "training.epochs=1")
    table = written(home, study).sections[0].blocks[0]
    assert isinstance(table, Table)
    published, measured = table.rows[0][1:]
    assert (published.remark, published.weak) == (False, False)
    assert (measured.text, measured.remark, measured.weak) == ("0.7500 *", True, True)


def test_the_plot_has_what_was_published_and_what_was_measured(home: Home, study: Study) -> None:
    assert written(home, study).plots() == []
    add_run(home, study, "slow", 0.75, "training.seed=3")
    (plot,) = written(home, study).plots()
    assert isinstance(plot, BarsPlot)
    assert (plot.kind, plot.names) == ("comparison", ("slow", "fast"))
    assert plot.series == (
        ("published", (0.9, None), (None, None)),
        ("measured", (0.75, None), (None, None)),
    )


def test_the_caption_tells_of_deviations_only_where_there_are_some(
    home: Home, study: Study
) -> None:
    def caption() -> str:
        (figure,) = [one for one in written(home, study).sections[0].blocks if is_figure(one)]
        assert isinstance(figure, Figure)
        return figure.caption

    def is_figure(block: Block) -> bool:
        return isinstance(block, Figure)

    add_run(home, study, "slow", 0.75, "training.seed=3")
    assert caption() == "Published and measured test accuracy, best checkpoint."
    add_run(home, study, "slow", 0.85, "training.seed=4")
    assert caption().endswith("; bars are standard deviations.")


def test_the_plot_tells_which_rows_do_not_compare_with_what_was_published(
    home: Home, study: Study
) -> None:
    add_run(home, study, "slow", 0.75, "training.seed=3", "training.epochs=1")
    add_run(home, study, "fast", 0.8, "training.seed=3")
    (figure,) = [one for one in written(home, study).sections[0].blocks if isinstance(one, Figure)]
    assert isinstance(figure.plot, BarsPlot)
    assert figure.plot.names == ("slow *", "fast")
    assert figure.caption.endswith(
        "* was not trained as the study says; the notes of the table tell what differs."
    )


def test_the_rows_that_vary_have_their_title_and_the_name_that_commands_take(
    home: Home,
    study: Study,  # noqa: ARG001
) -> None:
    path = home.presets / "mine" / "rates.toml"
    text = path.read_text(encoding="utf-8")
    for name in ("slow", "fast"):
        text = text.replace(f'name = "{name}"', f'name = "{name}"\ntitle = "The {name} one"')
    path.write_text(text, encoding="utf-8")
    titled = studies.load(home, "mine/rates")
    facts, listing = section(written(home, titled), "What varies").blocks
    assert isinstance(facts, Facts)
    assert [name for name, _ in facts.rows] == ["The slow one (slow)", "The fast one (fast)"]
    assert isinstance(listing, Listing)
    assert listing.title == "Config of The slow one (slow)"


def test_the_commands_repeat_what_was_trained(home: Home, study: Study) -> None:
    def commands(options: ExportOptions | None = None) -> list[str]:
        (listing,) = section(written(home, study, options), "How to repeat it").blocks
        assert isinstance(listing, Listing)
        return listing.text.splitlines()

    show = "cnnlab study show mine/rates"
    assert commands() == ["cnnlab study run mine/rates", show]
    for seed in (7, 3):
        add_run(home, study, "slow", 0.8, f"training.seed={seed}")
    assert commands()[0] == "cnnlab study run mine/rates --rows slow --seeds 3,7"
    other = add_run(home, study, "fast", 0.8, "training.seed=3", "training.epochs=1")
    assert commands(ExportOptions(checkpoint="last")) == [
        "cnnlab study run mine/rates --rows slow --seeds 3,7",
        f"cnnlab run --from {other}",
        f"{show} --checkpoint last",
    ]
    for seed in (3, 7):
        add_run(home, study, "fast", 0.8, f"training.seed={seed}")
    assert commands() == ["cnnlab study run mine/rates --seeds 3,7", show]


def test_settings_are_told_in_words(home: Home, study: Study) -> None:
    del study  # its file is changed
    path = home.presets / "mine" / "rates.toml"
    text = path.read_text(encoding="utf-8").replace(
        'name = "fast"', 'name = "fast"\naugmentation = ["horizontal-flip", "random-crop"]'
    )
    path.write_text(text, encoding="utf-8")
    facts = section(written(home, studies.load(home, "mine/rates")), "What varies").blocks[0]
    assert isinstance(facts, Facts)
    slow, fast = (words for _, words in facts.rows)
    assert slow.startswith("augmentation=none ")
    assert fast.startswith("augmentation=horizontal-flip")
    assert "{" not in fast


def test_settings_and_remarks_are_told(home: Home, study: Study) -> None:
    document = written(home, study)
    facts, listing = section(document, "What varies").blocks
    assert facts == Facts("", (("slow", "optimizer.lr=0.001"), ("fast", "optimizer.lr=0.1")))
    assert isinstance(listing, Listing)
    assert "lr = 0.001" in listing.text
    (told,) = section(document, "What to know").blocks
    assert told == Words(("Care.", "Not run yet: all rows."))
    assert "Runs" not in [one.title for one in document.sections]
    assert document.subtitle.startswith("study mine/rates, 0 of 2 rows trained")
