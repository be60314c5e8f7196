"""How long the command line takes to answer, against an interpreter that does nothing.

Run it with ``python tests/benchmarks/startup.py``: it prints the median of several starts of
each command, interleaved, and what it takes beyond ``python -c pass``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 11
CNNLAB = str(Path(sys.executable).with_name("cnnlab"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "cnnlab --help": [CNNLAB, "--help"],
    "cnnlab runs list": [CNNLAB, "runs", "list"],
    "cnnlab presets list": [CNNLAB, "presets", "list"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one start."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Prints one row a command."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for name, command in COMMANDS.items():
        seconds(command)  # the first start compiles modules and fills the file cache
        times[name].clear()
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    nothing = statistics.median(times["python -c pass"])
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:22}{median:7.3f} s{median - nothing:+8.3f} s beyond an empty interpreter")


if __name__ == "__main__":
    main()
