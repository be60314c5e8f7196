"""What is not a history of ours is refused and left alone."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pytest
from history import samples
from history.uses import Use, each_use

from cnnlab.errors import HistoryError, StorageError
from cnnlab.history.connection import APPLICATION_ID
from cnnlab.home import Home


def files(home: Home) -> dict[str, str]:
    """The checksum of every file in a home."""
    paths = [path for path in home.root.rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def other_database(home: Home, *statements: str) -> None:
    home.root.mkdir()
    with closing(sqlite3.connect(home.history)) as database, database:
        for statement in statements:
            database.execute(statement)


@each_use
def test_the_history_of_a_newer_cnnlab_is_left_alone(used_home: Home, use: Use) -> None:
    samples.change(
        used_home,
        "insert into _sqlite_migrations (migration_set, name, applied_at)"
        " values ('cnnlab', 'm999_future', 'tomorrow')",
    )
    before = files(used_home)
    with pytest.raises(HistoryError, match=r"newer cnnlab.*m999_future") as caught:
        use(used_home)
    assert "Update cnnlab" in caught.value.hint
    assert files(used_home)["history.db"] == before["history.db"]


@each_use
@pytest.mark.parametrize(
    "statements",
    [
        ["create table notes (text)"],
        ["pragma application_id = 7"],
        ["pragma application_id = 7", "create table notes (text)"],
        [
            "create table notes (text)",
            "create table _sqlite_migrations (id, migration_set, name, applied_at)",
            "insert into _sqlite_migrations values (1, 'other', 'm001_initial', 'today')",
        ],
        [f"pragma application_id = {APPLICATION_ID}", "create table runs (id)"],
    ],
    ids=["no id", "other id", "other id and tables", "other migrations", "our id, other tables"],
)
def test_the_database_of_another_program_is_left_alone(
    home: Home, use: Use, statements: list[str]
) -> None:
    other_database(home, *statements)
    before = files(home)
    with pytest.raises(HistoryError, match="of another program"):
        use(home)
    assert files(home) == before


@each_use
def test_a_strange_table_of_migrations_is_left_alone(home: Home, use: Use) -> None:
    other_database(home, "create table _sqlite_migrations (version)")
    before = files(home)
    with pytest.raises(HistoryError, match="cannot be used"):
        use(home)
    assert files(home) == before


@each_use
def test_a_text_file_is_refused(home: Home, use: Use) -> None:
    home.root.mkdir()
    home.history.write_text("dear diary, today I trained a network\n" * 200)
    before = files(home)
    with pytest.raises(HistoryError, match="not a database"):
        use(home)
    assert files(home) == before


@each_use
def test_a_folder_in_its_place_is_refused(home: Home, use: Use) -> None:
    home.history.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"history\.db cannot be"):
        use(home)
