"""Runs killed by SIGKILL at random moments end as if nothing had been."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]

PIECES = (
    "random",
    "random.cpu",
    "random.order",
    "random.augmentation",
    "optimizer",
    "schedule",
    "progress.loss_sum",
)


def killed(home: Path, *, runs: int, kills: int, seed: int, pieces: tuple[str, ...] = ()) -> Any:
    """What `execution.killing` found, for each piece that was left out, or for none."""
    arguments = [str(home), *map(str, (runs, kills, seed)), *pieces]
    done = subprocess.run(
        [sys.executable, "-m", "execution.killing", *arguments],
        cwd=TESTS,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_nothing_was_lost(found: dict[str, Any], *, runs: int, kills: int) -> None:
    assert found["differences"] == []
    assert (found["runs"], found["same"], found["damaged"]) == (runs, runs, 0)
    assert found["kills"] == kills


def test_killed_runs_end_with_the_bits_of_undisturbed_ones(tmp_path: Path) -> None:
    (found,) = killed(tmp_path / "home", runs=2, kills=6, seed=1)
    assert_nothing_was_lost(found, runs=2, kills=6)


def test_a_piece_of_state_that_is_left_out_is_noticed(tmp_path: Path) -> None:
    found = killed(tmp_path / "home", runs=1, kills=1, seed=5, pieces=PIECES)
    for piece, one in zip(PIECES, found, strict=True):
        assert (one["runs"], one["same"], one["damaged"]) == (1, 0, 0), piece
        assert "weights" in one["differences"][0] or piece == "progress.loss_sum", one


@pytest.mark.slow
def test_fifty_runs_survive_two_hundred_kills(tmp_path: Path) -> None:
    (found,) = killed(tmp_path / "home", runs=50, kills=200, seed=20)
    print(
        f"\n{found['kills']} kills, {found['runs']} runs, {found['same']} the same bits, "
        f"{found['damaged']} damaged histories; "
        f"{found['writing']} kills while a checkpoint was written"
    )
    assert_nothing_was_lost(found, runs=50, kills=200)
