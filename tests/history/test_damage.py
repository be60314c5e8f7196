"""A damaged history is named, and never a traceback."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from history import samples
from history.uses import Use, each_use

from cnnlab.errors import CnnlabError, HistoryError
from cnnlab.history.edits import add_note
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@each_use
@pytest.mark.parametrize("keep", [50, 100, 4096, 10_000, -4096])
def test_a_truncated_history_is_named(used_home: Home, use: Use, keep: int) -> None:
    content = used_home.history.read_bytes()
    assert len(content) > 20_000
    used_home.history.write_bytes(content[:keep])
    with pytest.raises(HistoryError) as caught:
        use(used_home)
    assert "is damaged" in caught.value.message
    assert "backup" in caught.value.hint
    assert used_home.history.read_bytes() == content[:keep]


def read_all(home: Home) -> None:
    """Asks for everything that a history can tell."""
    with Reader(home) as reader:
        for run in reader.runs():
            reader.epochs([run.id])
            reader.checkpoints([run.id])
            reader.steps(run.id)
            reader.log(run.id)
            reader.notes([run.id])
            reader.validations([run.id])
            reader.final_evaluations([run.id])


@pytest.mark.parametrize("column", ["config", "versions", "git"])
def test_a_damaged_column_is_named(used_home: Home, column: str) -> None:
    samples.change(used_home, f"update runs set {column} = '{{\"model\": ['")
    with Reader(used_home) as reader:
        with pytest.raises(HistoryError, match="is damaged"):
            reader.runs()
        with pytest.raises(HistoryError, match="is damaged"):
            reader.run("aaaa0001")


def test_a_text_that_is_not_unicode_is_named(used_home: Home) -> None:
    samples.change(used_home, "update log set message = cast(x'ff80' as text)")
    with Reader(used_home) as reader, pytest.raises(HistoryError):
        reader.log("aaaa0001")


def test_a_schema_that_is_not_unicode_is_named(used_home: Home) -> None:
    content = used_home.history.read_bytes()
    assert b"runs_created_at on runs" in content
    used_home.history.write_bytes(
        content.replace(b"runs_created_at on runs", b"runs_created_at on r\xffns")
    )
    with pytest.raises(HistoryError, match="is damaged"):
        read_all(used_home)


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_reaches_the_user_as_a_traceback(used_home: Home, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(used_home.history.read_bytes())
    begin = chance.randrange(16, len(content) - 512)
    content[begin : begin + 512] = chance.randbytes(512)
    used_home.history.write_bytes(content)
    with suppress(CnnlabError):
        read_all(used_home)
    with suppress(CnnlabError):
        add_note(used_home, "aaaa0001", "still here")
