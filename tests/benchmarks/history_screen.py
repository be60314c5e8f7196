"""How fast the screen of a history of many runs opens, sorts and filters, in a real terminal.

Run it with ``python tests/benchmarks/history_screen.py``: it writes runs into a temporary home,
opens the app in a pseudo-terminal of 80x24, and prints the median and the slowest time from a key
to its answer on the screen. That of a filter holds the 60 ms of rest after typing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emulator import Terminal
from history import fill

from cnnlab.home import Home

OPEN = (
    "from cnnlab.home import Home; from cnnlab.tui.app import run_app;"
    "from cnnlab.tui.session import Session; run_app(Session.begin(Home.from_environment()))"
)
REST = 3.0
"""Seconds before each key; by then nothing is loaded behind the first screen any more."""
FILTERS = ("acc>0.9", "cifar10", "dataset:cifar10 optimizer.lr<0.01", "worth")


def answer(terminal: Terminal, keys: str, wanted: str) -> float:
    """Seconds from some keys to a text on the screen, after a rest."""
    terminal.read(REST)
    begun = time.perf_counter()
    terminal.send(keys)
    terminal.wait_for(wanted)
    return time.perf_counter() - begun


def measure(home: Home, runs: int) -> Iterator[tuple[str, float]]:
    """What was asked and how long it took, in one start of the app."""
    settings = {"screen": "data", "history": {"sort": "accuracy", "follow": False}}
    home.settings.write_text(json.dumps(settings))
    environment = {"CNNLAB_HOME": str(home.root)}
    with Terminal([sys.executable, "-c", OPEN], environment=environment) as terminal:
        terminal.wait_for("Quit")
        yield "open", answer(terminal, "3", "✓ finished")
        for sign in "▲▼▲▼":
            yield "sort", answer(terminal, "O", f"accuracy{sign}")
        for wanted in FILTERS:
            answer(terminal, "/", "Complete")
            yield "filter", answer(terminal, wanted, f"of {runs:,}")
            terminal.send("escape")
            answer(terminal, "escape", "Mark")


def main() -> None:
    """Prints one line a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    times: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs)
        for _ in range(options.rounds):
            for question, seconds in measure(home, options.runs):
                times[question].append(1000 * seconds)
    print(f"{options.runs:,} runs")
    for question, taken in times.items():
        print(
            f"{question:8}median {statistics.median(taken):4.0f} ms, slowest {max(taken):4.0f} ms"
        )


if __name__ == "__main__":
    main()
