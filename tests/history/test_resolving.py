"""Which run is meant by an id, its beginning, a name or `latest`."""

from __future__ import annotations

from typing import Any

import pytest
from history import samples
from history.uses import names, resolve

from cnnlab.errors import ConfigError
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def test_a_run_is_found_by_id_prefix_name_and_latest(several: Home) -> None:
    assert resolve(several, "d0000003") == "d0000003"
    assert resolve(several, "D0000003") == "d0000003"
    assert resolve(several, "d00") == "d0000003"
    assert resolve(several, "D") == "d0000003"
    assert resolve(several, "alpha") == "a0000002"
    assert resolve(several, "Übung_1%") == "b0000004"
    assert resolve(several, "latest") == "b0000004"


def test_latest_of_one_millisecond_is_the_one_that_came_last(home: Home) -> None:
    for number in range(20):
        samples.add_run(home, f"{99 - number:08x}")
    samples.change(home, "update runs set created_at = '2026-01-01T00:00:00+00:00'")
    assert resolve(home, "latest") == f"{80:08x}"
    newest_first = [f"lenet-{number}" for number in range(20, 0, -1)]
    assert names(home) == newest_first
    assert names(home, ascending=True) == newest_first[::-1]
    assert names(home, sort="model") == newest_first
    assert names(home, limit=1) == ["lenet-20"]


def test_an_ambiguous_prefix_names_the_candidates(home: Home) -> None:
    for number in range(1, 9):
        samples.add_run(home, f"abc0000{number}")
    samples.add_run(home, "abd00000")
    with pytest.raises(ConfigError, match="'abc' stands for several runs") as caught:
        resolve(home, "abc")
    assert "abc00008 (lenet-8), abc00007 (lenet-7)" in caught.value.message
    assert "and 3 more" in caught.value.message
    assert "abd00000" not in caught.value.message
    assert resolve(home, "abd") == "abd00000"


def test_a_name_that_two_runs_have_is_ambiguous(home: Home) -> None:
    samples.add_run(home, "aaaa0001", name="same")
    samples.add_run(home, "bbbb0002", name="same")
    with pytest.raises(ConfigError, match=r"bbbb0002 \(same\), aaaa0001 \(same\)\."):
        resolve(home, "same")
    assert resolve(home, "bbbb") == "bbbb0002"


def test_a_name_goes_before_the_beginning_of_an_id(home: Home) -> None:
    samples.add_run(home, "abc00001", name="first")
    samples.add_run(home, "def00002", name="abc")
    assert resolve(home, "abc") == "def00002"
    assert resolve(home, "abc0") == "abc00001"


def test_an_id_goes_before_a_name(home: Home) -> None:
    samples.add_run(home, "abc00001", name="first")
    samples.add_run(home, "def00002", name="abc00001")
    assert resolve(home, "abc00001") == "abc00001"


@pytest.mark.parametrize("text", ["%", "_", "a_", "*", "' or 1 --", "", " "])
def test_what_looks_like_a_pattern_is_none(several: Home, text: str) -> None:
    with pytest.raises(ConfigError, match="Unknown run"):
        resolve(several, text)


@pytest.mark.parametrize("ask", [Reader.resolve, Reader.run], ids=["resolve", "run"])
def test_an_unknown_run_suggests_the_nearest(several: Home, ask: Any) -> None:
    with Reader(several) as reader, pytest.raises(ConfigError) as caught:
        ask(reader, "bravoo")
    assert caught.value.message == "Unknown run 'bravoo'."
    assert "Did you mean 'bravo'?" in caught.value.hint
    assert "cnnlab runs list" in caught.value.hint


@pytest.mark.parametrize("made", [False, True], ids=["no history", "empty history"])
@pytest.mark.parametrize("text", ["latest", "lenet-1", ""])
def test_without_runs_that_is_what_is_said(home: Home, text: str, made: bool) -> None:
    if made:
        home.root.mkdir()
        home.history.touch()
    with pytest.raises(ConfigError, match="no runs yet"):
        resolve(home, text)
