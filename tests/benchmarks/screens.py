"""What the screens cost, and how fast they answer, in a real pseudo-terminal of 80x24.

Run it with ``python tests/benchmarks/screens.py``. It prints:

- start: from typing ``cnnlab`` to the first screen, and to the answer to a key typed then;
- keys: how long a key waits for its answer while a small network trains as fast as it can;
- training: its images per second beside the live screen, against the same run without screens, in
  turns on the same machine;
- bytes: what an idle screen and a live one send in a second.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emulator import Terminal

CNNLAB = str(Path(sys.executable).with_name("cnnlab"))
HELP = "Arrow keys and hjkl"
"""Stands on the help screen alone."""
PRESET = """
title = "Benchmark"
extends = "quickstart"
[training]
epochs = 100000
seed = 1
"""
FIRST_EPOCHS = 2
"""Left out: the machine warms up."""


def start_seconds(home: Path) -> tuple[float, float]:
    """Seconds to the first screen, and on to the answer of a key typed as soon as it is there."""
    begun = time.perf_counter()
    with Terminal([CNNLAB], environment={"CNNLAB_HOME": str(home)}) as terminal:
        terminal.wait_for("Quit")
        drawn = time.perf_counter()
        terminal.send("?")
        terminal.wait_for(HELP)
        answered = time.perf_counter()
    return drawn - begun, answered - drawn


def live(home: Path, seconds: float) -> tuple[list[float], float, float]:
    """Waiting times of keys beside a training, bytes a second of the live screen, images a second.

    Bytes and images are counted while nobody types.

    The run is stopped and the app quit at the end; its epochs are then in the history.
    """
    waits = []
    with Terminal([CNNLAB], environment={"CNNLAB_HOME": str(home)}) as terminal:
        launch(terminal)
        terminal.wait_for("epoch 2", 60)
        sent = terminal.received
        terminal.read(seconds)
        rate = (terminal.received - sent) / seconds
        images = throughput(home)
        for _ in range(int(seconds)):
            for key, answer in (("t", "precis"), ("c", "⣿ training"), ("?", HELP)):
                terminal.read(0.21)
                begun = time.perf_counter()
                terminal.send(key)
                terminal.wait_for(answer)
                waits.append(time.perf_counter() - begun)
            terminal.send("q")  # closes the help
            terminal.read(0.5)
        terminal.send("q")
        terminal.wait_for("Stop and quit")
        terminal.send("y")
        terminal.wait(60)
    return waits, rate, images


def launch(terminal: Terminal) -> None:
    """Starts the benchmark's preset, and waits for the live screen."""
    terminal.wait_for("Quit")
    terminal.send("1")
    terminal.wait_for("Benchmark")
    terminal.send("/")
    terminal.read(0.5)
    terminal.send("bench")
    terminal.wait_for("1 of ")
    terminal.send("enter")
    terminal.read(0.5)
    terminal.send("enter")
    terminal.wait_for("Launch")
    terminal.send("\x12")


def idle_rate(home: Path, seconds: float) -> float:
    """Bytes a second that the history sends while nothing happens."""
    with Terminal([CNNLAB], environment={"CNNLAB_HOME": str(home)}) as terminal:
        terminal.wait_for("Quit")
        terminal.send("3")
        terminal.read(2)
        sent = terminal.received
        terminal.read(seconds)
        return (terminal.received - sent) / seconds


def headless(home: Path, seconds: float) -> None:
    """Trains the same run without screens for a while."""
    process = subprocess.Popen(
        [CNNLAB, "run", "bench"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "CNNLAB_HOME": str(home)},
    )
    time.sleep(seconds + 6)
    process.send_signal(2)
    process.wait(60)


def throughput(home: Path) -> float:
    """Median images per second over the epochs of the newest run."""
    with closing(sqlite3.connect(home / "history.db")) as history:
        rows = history.execute(
            "select images_per_second from epochs where epoch > ? and run_id ="
            " (select id from runs order by created_at desc limit 1)",
            (FIRST_EPOCHS,),
        ).fetchall()
    return statistics.median(row[0] for row in rows)


def main() -> None:
    """Prints one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "presets").mkdir()
        (home / "presets" / "bench.toml").write_text(PRESET)
        start_seconds(home)  # compiles modules, fills the file cache
        starts = [start_seconds(home) for _ in range(options.rounds)]
        drawn, answered = (statistics.median(each) for each in zip(*starts, strict=True))
        print(
            f"start: first screen after {drawn:.2f} s, its first key answered {answered:.3f} s on"
        )
        waits, rates, ratios = [], [], []
        for _ in range(options.rounds):
            headless(home, options.seconds)
            alone = throughput(home)
            found, rate, images = live(home, options.seconds)
            waits += found
            rates.append(rate)
            ratios.append(images / alone)
        waits.sort()
        late = waits[min(int(0.95 * len(waits)), len(waits) - 1)]
        print(
            f"keys while training: median {1000 * statistics.median(waits):.0f} ms,"
            f" 95th percentile {1000 * late:.0f} ms ({len(waits)} keys)"
        )
        listed = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"training beside the screen: {statistics.median(ratios):.3f} of alone ({listed})")
        print(f"bytes: live {statistics.median(rates):,.0f} a second", end="")
        print(f", idle {idle_rate(home, options.seconds):,.0f} a second")


if __name__ == "__main__":
    main()
