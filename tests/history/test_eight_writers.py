"""Eight processes write and read one history at once: no row is lost, nobody is locked out."""

from __future__ import annotations

import pytest
from history import samples
from history.processes import Worker, go_together
from history.worker import LEAST

from cnnlab.home import Home

PROCESSES = 8


def write_together(home: Home, seconds: float) -> int:
    """Lets eight processes train a run each; returns the number of epochs of all of them."""
    runs = [f"aaaa000{number}" for number in range(PROCESSES)]
    workers = [Worker("live", home, run_id, str(seconds)) for run_id in runs]
    go_together(workers)
    # A process that was told that the history is locked ends with an error.
    said = {run: workers[at].lines_to_end(seconds) for at, run in enumerate(runs)}
    for run_id, lines in said.items():
        epochs = [int(line) for line in lines]
        assert epochs == list(range(1, len(epochs) + 1))
        for table, rows in (("epochs", 1), ("steps", 4), ("log", 1), ("evaluations", 1)):
            query = f"select count(*) from {table} where run_id = ?"
            assert samples.plain(home, query, [run_id]) == [(len(epochs) * rows,)], (run_id, table)
        numbers = samples.plain(home, "select epoch from epochs where run_id = ?", [run_id])
        assert sorted(numbers) == [(number,) for number in epochs]
    assert samples.plain(home, "pragma integrity_check") == [("ok",)]
    assert samples.plain(home, "pragma foreign_key_check") == []
    assert samples.counts(home)["runs"] == PROCESSES
    written = sum(map(len, said.values()))
    assert written >= PROCESSES * LEAST
    return written


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_eight_processes_write_and_read_at_once(
    home: Home, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("CNNLAB_JOURNAL", mode)
    write_together(home, 2)
    assert samples.plain(home, "pragma journal_mode") == [(mode,)]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_eight_processes_write_and_read_for_a_minute(
    home: Home, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("CNNLAB_JOURNAL", mode)
    epochs = write_together(home, 60)
    rows = sum(samples.counts(home).values())
    print(f"{PROCESSES} processes, one minute, {mode}: {epochs} epochs, {rows} rows, none lost")
