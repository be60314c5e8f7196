"""The query language of lists of runs, asked of a real history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cost import cpu_seconds
from history import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.errors import ConfigError
from cnnlab.history.edits import add_note
from cnnlab.history.filters import Completion, complete, parse
from cnnlab.history.queries import Reader, RunFilter
from cnnlab.home import Home

PATHS = (
    "augmentation", "data", "data.resize", "model", "model.name", "model.channels", "optimizer",
    "optimizer.lr", "optimizer.name", "training.compile", "training.seed",
)  # fmt: skip
BIG_SEED = 2**53 + 1

RUNS: list[dict[str, Any]] = [
    {
        "name": "my run", "preset": "chen/width/32", "dataset": "cifar10", "model": "lenet",
        "tags": ["paper", "Übung 1"],
        "config": {
            "optimizer": {"name": "adam", "lr": 0.001}, "training": {"seed": 1, "compile": True},
            "model": {"name": "lenet", "channels": [16, 32]},
            "augmentation": [{"name": "random-crop", "padding": 4}],
        },
    },
    {
        "name": 'the "best" of 50%', "preset": "chen/widths", "dataset": "CIFAR100", "model": "vgg",
        "tags": ["old"],
        "config": {
            "optimizer": {"name": "sgd", "lr": 0.1}, "data": {"resize": None},
            "training": {"seed": BIG_SEED, "compile": False},
        },
    },
    {
        "name": "a[b]*c_?", "preset": None, "dataset": "mnist", "model": "lenet", "tags": [],
        "config": {"optimizer": {"name": "sgd"}, "data": {"resize": "64"}},
    },
]  # fmt: skip


def fill(home: Home) -> None:
    for number, run in enumerate(RUNS, 1):
        samples.add_run(home, f"{number}0000000", **run)
        # The time of a run is shown, and asked for, as that of the place where one is.
        at = datetime(2026, 10 + number // 2, 1 + number, 12).astimezone(UTC)
        samples.change(
            home,
            "update runs set created_at = ?, duration_s = ?, parameters = ? where id = ?",
            (
                at.isoformat(timespec="milliseconds"),
                number * 60,
                number * 10**6,
                f"{number}0000000",
            ),
        )
    for run_id, accuracy in (("10000000", 0.95), ("20000000", 0.5)):
        result = samples.evaluation(accuracy=accuracy)
        samples.record(home, run_id, samples.epoch(1), samples.evaluated("test", "best", 8, result))
    change = (
        "update runs set device = 'cuda:0', device_name = 'H200', status = 'failed' where id = ?"
    )
    samples.change(home, change, ["20000000"])
    add_note(home, "30000000", "In der Hauptstraße.")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = Home(tmp_path_factory.mktemp("filters") / "home")
    fill(home)
    with Reader(home) as opened:
        yield opened


def found(reader: Reader, text: str, paths: tuple[str, ...] = PATHS) -> str:
    """First digits of the runs that pass a filter."""
    runs = reader.runs(RunFilter(query=parse(text, paths)), sort="id", ascending=True)
    return "".join(run.id[0] for run in runs)


CASES = {
    "": "123",
    "  \t\n": "123",
    # Texts, whatever the case
    "dataset:cifar10": "1",
    "DATASET:CIFAR10": "1",
    "dataset:cifar": "",
    "dataset:cifar*": "12",
    "dataset:*0": "12",
    "dataset:*far*": "12",
    "dataset:*": "123",
    "status:failed": "2",
    "model:lenet": "13",
    "id:2*": "2",
    "device:cuda:0": "2",
    "device:h200": "2",
    "device:*": "2",
    "preset:*": "12",
    "-preset:*": "3",
    "preset:chen/width": "",
    "study:chen/width": "1",
    "study:CHEN/*": "1",
    "study:chen": "12",
    # Tags and notes
    "tag:paper": "1",
    "tag:pap": "",
    'tag:"übung 1"': "1",
    "tag:übung*": "1",
    "-tag:paper": "23",
    "tag:*": "12",
    "note:*HAUPTSTRASSE*": "3",
    # Quotes and what looks like a pattern
    'name:"my run"': "1",
    'name:my" "run': "1",
    'name:"MY *"': "1",
    'name:"my \\*"': "",
    'name:"the \\"best\\" of 50%"': "2",
    "name:a[b]*": "3",
    "name:a?b*": "",
    'name:a[b]"\\*"c_?': "3",
    "name:%": "",
    "name:_______": "",
    'name:""': "",
    # Numbers
    "acc>0.9": "1",
    "accuracy>0.9": "1",
    "acc<=0.5": "2",
    "acc=0.5": "2",
    "acc:0.50": "2",
    "acc!=0.5": "1",
    "-acc=0.5": "13",
    "-acc>0": "3",
    "best>0": "",
    "epochs>=1": "12",
    "epochs<1": "3",
    "parameters>1e6": "23",
    "parameters>1_000_000": "23",
    "parameters<=2.0E+6": "12",
    "parameters>-5": "123",
    "time>60": "23",
    "time>1m": "23",
    "time>=1m30s": "23",
    "time<0.05h": "12",
    "time=2m": "2",
    # Dates: the runs are of 10-02, 11-03 and 11-04
    "started>2026-11-03": "3",
    "started>=2026-11-03": "23",
    "started<2026-11-03": "1",
    "started<=2026-11-03": "12",
    "started:2026-11-03": "2",
    "started!=2026-11-03": "13",
    "started>2026-10": "23",
    "started=2026-11": "23",
    "started<2026-10": "",
    "started:2026": "123",
    "started>2026": "",
    # Config
    "optimizer.lr<0.01": "1",
    "optimizer.lr>=1e-3": "12",
    "optimizer.lr!=0.1": "1",
    "-optimizer.lr>0": "3",
    "optimizer.lr:1e-3": "1",
    "Optimizer.LR:0.001": "1",
    "optimizer.name:SGD": "23",
    "optimizer.name:*": "123",
    "optimizer.name>0": "",
    f"training.seed={BIG_SEED}": "2",
    f"seed={BIG_SEED}": "2",
    "seed:1": "1",
    "seed<3": "1",
    f"training.seed={BIG_SEED - 1}": "",
    "training.compile:true": "1",
    "training.compile:false": "2",
    "training.compile=1": "",
    "data.resize:64": "3",
    "data.resize=64": "",
    "data.resize:null": "",
    "-data.resize:*": "12",
    "model.channels:[16,32]": "1",
    "model.channels.1>16": "1",
    "augmentation.0.name:random-crop": "1",
    "augmentation:*random-crop*": "1",
    # Free text
    "MY": "1",
    "hauptstrasse": "3",
    "my paper": "1",
    "my old": "",
    '"my run"': "1",
    '"run my"': "",
    "-my": "23",
    '-"my run"': "23",
    "%": "2",
    "[b]*c": "3",
    '"acc>0.9"': "",
    "12:30": "",
    "-5": "13",
    '""': "123",
    # Together
    "dataset:cifar* acc>0.9 tag:paper optimizer.lr<0.01 my": "1",
    "dataset:cifar* -tag:paper": "2",
}


@pytest.mark.parametrize(("text", "expected"), CASES.items(), ids=ascii)
def test_a_filter_finds_the_runs_that_pass(reader: Reader, text: str, expected: str) -> None:
    assert found(reader, text) == expected


@pytest.mark.parametrize("text", [text for text in CASES if text.strip() and " " not in text])
def test_a_term_and_its_opposite_share_all_runs_out(reader: Reader, text: str) -> None:
    opposite = text[1:] if text.startswith("-") else f"-{text}"
    assert sorted(found(reader, text) + found(reader, opposite)) == ["1", "2", "3"]


def test_without_known_paths_any_dotted_path_is_asked_for(reader: Reader) -> None:
    assert found(reader, "optimizer.lr<0.01", ()) == "1"
    assert found(reader, "optimizer.nothing<0.01", ()) == ""
    assert found(reader, "augmentation.0.padding=4", ()) == "1"


def test_a_filter_narrows_the_other_ways_to_choose(reader: Reader) -> None:
    wanted = RunFilter(dataset="mnist", query=parse("model:lenet"))
    assert [run.id for run in reader.runs(wanted)] == ["30000000"]
    assert reader.runs(RunFilter(dataset="mnist", query=parse("model:vgg"))) == []


WRONG = {
    "datset:cifar10": ["'datset:cifar10'", "unknown key 'datset'", "Did you mean 'dataset'"],
    "acuracy>0.9": ["'acuracy'", "'accuracy'"],
    "optimizer.lrr<1": ["unknown key 'optimizer.lrr'", "'optimizer.lr'"],
    "optimizer:adam": ["unknown key 'optimizer'", "'optimizer.name'"],
    "http://x": ["unknown key 'http'", "In quotes it is text."],
    "acc>high": ["'acc>high'", "no number", "0.9"],
    "acc>": ["no value after '>'"],
    "tag:": ["no value after ':'"],
    "acc>nan": ["no number"],
    "acc>inf": ["no number"],
    "acc>1e999": ["no number"],
    "acc>0.*": ["no number"],
    "acc>1__": ["no number"],
    "time>5x": ["no number", "1h30m"],
    "started>soon": ["no date", "2026-11-01"],
    "started>2026-13": ["no date"],
    "started>2026-02-30": ["no date"],
    "started>9999-12-31": ["no date"],
    "started>0000": ["no date"],
    "status=finished": ["compares status, which is text", "status:"],
    "optimizer.name=adam": ["no number", "colon"],
    'name:"my run': ["quote that is not closed"],
    '"': ["quote that is not closed"],
    'a"b\\"': ["quote that is not closed"],
    "-": ["turns nothing round"],
    "acc > 0.9": ["'>'", "compares nothing", "acc>0.9"],
    ":": ["compares nothing"],
    "!=": ["compares nothing"],
    "a\0b": ["not plain UTF-8"],
    "tag:\udcff": ["not plain UTF-8"],
    "a " * 101: ["101 terms", "at most 100"],
    "name:" + "*a" * 600: ["too long"],
    "x" * 100_000 + ":1": ["unknown key", "…"],
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: ascii(text[:20]))
def test_what_cannot_be_asked_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, PATHS)
    for words in WRONG[text]:
        assert words in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("begin", "repeated", "end"),
    [
        ("", "a", ""), ("", "a ", ""), ("", '"', ""), ("", '\\"', ""), ('"', '\\"', ""),
        ("", "a.", "b:1"), ("", "-", ""), ("name:", "*", ""), ("acc>", "1", ""),
        ("name:", "x", ""), ("time>", "1s", ""), ("", "a:", ""), ("augmentation.", "9", ""),
        ("model.", "9", ":1"), ("", "[", ""),
    ],
)  # fmt: skip
def test_a_huge_text_costs_no_more_than_its_length(
    reader: Reader, begin: str, repeated: str, end: str
) -> None:
    def cost(length: int) -> float:
        text = begin + repeated * (length // len(repeated)) + end
        return cpu_seconds(lambda: answered(text))

    def answered(text: str) -> None:
        assert_answered(reader, text)
        complete(text, len(text) // 2, {}, PATHS)

    # Ten times as long takes about ten times as much; what is quadratic takes a hundred times.
    assert cost(100_000) < 40 * cost(10_000)


def assert_answered(reader: Reader, text: str) -> None:
    for paths in ((), PATHS):
        try:
            query = parse(text, paths)
        except ConfigError:
            continue
        reader.runs(RunFilter(query=query))


SIGNS = [":", "=", "!=", ">", ">=", "<", "<="]
KEYS = ["status", "tag", "study", "acc", "time", "started", "optimizer.lr", "data.x", "a", "a.0"]
FRAGMENTS = st.one_of(
    st.sampled_from([*KEYS, *SIGNS, '"', "\\", "-", "*", "[", "%", "'", ";", " ", "1", "2026-11"]),
    st.text(max_size=5),
)


@settings(max_examples=300)
@given(st.lists(FRAGMENTS, max_size=12).map("".join), st.integers(-5, 80))
def test_any_text_is_answered_or_refused(reader: Reader, text: str, cursor: int) -> None:
    assert_answered(reader, text)
    for offered in complete(text, cursor, {"tag": ["a b"]}, PATHS):
        assert 0 <= offered.start <= offered.end <= len(text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_value_that_is_offered_can_be_asked_for(value: str) -> None:
    (offered,) = complete("tag:", 4, {"tag": [value]}, PATHS)
    # The value itself is what the condition compares with.
    (condition,) = parse(f"tag:{offered.text}").conditions
    assert condition.values == (value.casefold(),)


# Completion

VALUES = {"dataset": ["cifar10", "cifar100", "mnist"], "tag": ["paper", "my tag", 'a"b*']}


def completed(text: str) -> list[str]:
    """The whole filter with each completion at the bar."""
    cursor, text = text.index("|"), text.replace("|", "")
    return [
        text[: each.start] + each.text + text[each.end :]
        for each in complete(text, cursor, VALUES, PATHS)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("da|", ["dataset:", "data.resize:"]),
        ("-ta|", ["-tag:"]),
        ("ac|", ["accuracy>"]),
        ("my OPT| run", ["my optimizer.lr: run", "my optimizer.name: run"]),
        ("dat|:mnist", ["dataset:mnist", "data.resize:mnist"]),
        ("dataset:|", ["dataset:cifar10", "dataset:cifar100", "dataset:mnist"]),
        ("-dataset:CIF|", ["-dataset:cifar10", "-dataset:cifar100"]),
        ("dataset:ci|xyz tag:a", ["dataset:cifar10 tag:a", "dataset:cifar100 tag:a"]),
        ("dataset:cifar10|", ["dataset:cifar100"]),
        ("tag:m|", ['tag:"my tag"']),
        ('tag:"my t|', ['tag:"my tag"']),
        ('tag:"my t|" acc>1', ['tag:"my tag" acc>1']),
        ('tag:"my| acc>1', ['tag:"my tag" acc>1']),
        ("tag:a|", ['tag:"a\\"b\\*"']),
        ("acc>|", []),
        ("nothing|", []),
    ],
)
def test_what_can_stand_at_the_cursor(text: str, expected: list[str]) -> None:
    assert completed(text) == expected


def test_between_terms_every_key_is_offered() -> None:
    offered = complete("tag:a  b", 6, VALUES, PATHS)
    assert Completion("status:", 6, 6) in offered
    assert Completion("optimizer.lr:", 6, 6) in offered
    assert "optimizer:" not in {each.text for each in offered}
