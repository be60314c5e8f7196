"""What the machine tells of itself."""

from __future__ import annotations

import os
import subprocess
import sys

from cnnlab.execution.machine import Machine


def test_the_machine_has_a_name_and_tells_its_load_and_memory() -> None:
    machine = Machine()
    assert machine.name
    usage = machine.usage()
    assert usage is not None
    assert 0 <= usage.load <= 1
    assert 0 < usage.memory_used < usage.memory_total


def test_a_gpu_that_the_process_may_not_use_is_not_watched() -> None:
    script = "from cnnlab.execution.machine import Machine; print(Machine().name)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("CPU, ")
