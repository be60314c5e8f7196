"""Figures and words come back from the history as they went in."""

from __future__ import annotations

import math

import pytest
from history import samples

from cnnlab.errors import HistoryError
from cnnlab.events import Logged, RunStopped
from cnnlab.history.queries import Reader
from cnnlab.home import Home

ODD_NAMES = (
    'the "best" cat',
    "dog's dinner",
    "two\nlines\r\nand\ttab",
    "🦉 owl 👩‍🔬",
    "\x1b[31mred\x1b[0m",
    "'; drop table runs; --",
    "%_*?\\",
    " spaces ",
    "",
    "e\u0301 is not \u00e9",
    "日本語 עברית",
)


def test_a_loss_that_is_no_number_is_null(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    lost = samples.evaluation(loss=math.nan)
    samples.record(
        home,
        "aaaa0001",
        samples.STARTED,
        samples.steps(1, (0.5, math.nan, math.inf)),
        samples.evaluated("validation", None, 3, lost),
        samples.epoch(1, loss=math.nan, validation_loss=math.nan),
        samples.checkpoint("best", 1, value=math.nan),
    )
    stored = samples.plain(home, "select typeof(loss) from steps order by step")
    assert stored == [("real",), ("null",), ("real",)]
    with Reader(home) as reader:
        assert [step.loss for step in reader.steps("aaaa0001")] == [0.5, None, math.inf]
        (epoch,) = reader.epochs(["aaaa0001"])["aaaa0001"]
        (validation,) = reader.validations(["aaaa0001"])["aaaa0001"]
        (checkpoint,) = reader.checkpoints(["aaaa0001"])["aaaa0001"]
        assert reader.run("aaaa0001").best_value is None
    assert (epoch.train_loss, epoch.validation_loss) == (None, None)
    assert (validation.loss, checkpoint.value) == (None, None)


def test_figures_come_back_to_the_last_bit(home: Home) -> None:
    losses = (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 0.1 + 0.2)
    samples.add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.steps(1, losses))
    with Reader(home) as reader:
        assert tuple(step.loss for step in reader.steps("aaaa0001")) == losses


def test_odd_class_names_come_back_unchanged(home: Home) -> None:
    samples.add_run(home, "aaaa0001")
    odd = samples.evaluation(ODD_NAMES)
    samples.record(home, "aaaa0001", samples.evaluated("test", "best", 8, odd))
    with Reader(home) as reader:
        (final,) = reader.final_evaluations(["aaaa0001"])["aaaa0001"]
    assert tuple(metrics.name for metrics in final.classes) == ODD_NAMES
    pairs = samples.plain(
        home, "select true_class from confusion_results where true_class = predicted_class"
    )
    assert sorted(pairs) == sorted((name,) for name in ODD_NAMES)


@pytest.mark.parametrize("text", ODD_NAMES, ids=ascii)
def test_odd_words_of_a_user_come_back_unchanged(home: Home, text: str) -> None:
    samples.add_run(home, "aaaa0001", preset=text, tags=[f"<{text}>"], note=f"note {text}")
    samples.record(home, "aaaa0001", Logged("info", text), RunStopped(text))
    with Reader(home) as reader:
        run = reader.run("aaaa0001")
        (line,) = reader.log("aaaa0001")
        (note,) = reader.notes(["aaaa0001"])["aaaa0001"]
    assert (run.preset, run.tags, run.message) == (text, (f"<{text}>",), text)
    assert (line.message, note.text) == (text, f"note {text}")


@pytest.mark.parametrize("field", ["name", "preset", "note", "tags"])
def test_words_that_are_not_utf8_are_refused_and_nothing_is_written(home: Home, field: str) -> None:
    word = b"caf\xe9".decode(errors="surrogateescape")
    with pytest.raises(HistoryError, match="not UTF-8"):
        samples.add_run(home, "aaaa0001", **{field: [word] if field == "tags" else word})
    assert set(samples.counts(home).values()) == {0}


def test_a_thousand_classes_are_kept(home: Home) -> None:
    names = [f"class {number}" for number in range(1000)]
    samples.add_run(home, "aaaa0001")
    large = samples.evaluation(names)
    samples.record(home, "aaaa0001", samples.evaluated("test", "best", 8, large))
    with Reader(home) as reader:
        (final,) = reader.final_evaluations(["aaaa0001"])["aaaa0001"]
        matrix = reader.confusion(final.id, 1000)
    assert final.classes == large.classes
    assert matrix == [list(row) for row in large.confusion]
