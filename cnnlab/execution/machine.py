"""This machine while it trains: what it computes on, how busy that is, how much memory it holds.

NVIDIA's own library answers for GPUs, so nothing here needs torch. One GPU is watched: the first
that this process may use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import psutil

from cnnlab.amounts import how_many


@dataclass(frozen=True)
class Usage:
    """How busy the device is: `load` in [0, 1], memory in bytes."""

    load: float
    memory_used: int
    memory_total: int


class Machine:
    """The device that runs are trained on unless they say otherwise; asks it anew each time."""

    def __init__(self) -> None:
        self._gpu = _first_gpu()
        psutil.cpu_percent()  # the first answer is always 0: load is counted between two calls

    @property
    def has_gpu(self) -> bool:
        """Whether there is an NVIDIA GPU that this process may use."""
        return self._gpu is not None

    @property
    def name(self) -> str:
        """The GPU's name, else the number of cores."""
        if self._gpu is None:
            cores = psutil.cpu_count() or 1
            return f"CPU, {how_many(cores, 'core')}"
        import pynvml

        name = pynvml.nvmlDeviceGetName(self._gpu)
        return name.decode() if isinstance(name, bytes) else str(name)

    def usage(self) -> Usage | None:
        """Load since the last call, and memory now; None where the device does not tell."""
        if self._gpu is None:
            memory = psutil.virtual_memory()
            return Usage(psutil.cpu_percent() / 100, memory.total - memory.available, memory.total)
        import pynvml

        try:
            load = pynvml.nvmlDeviceGetUtilizationRates(self._gpu).gpu / 100
            held = pynvml.nvmlDeviceGetMemoryInfo(self._gpu)
        except pynvml.NVMLError:  # parts of a shared GPU do not tell their load
            return None
        return Usage(load, int(held.used), int(held.total))


def _first_gpu() -> Any:
    """NVIDIA's handle of the GPU that is CUDA's number 0 in this process; None without one."""
    import pynvml

    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    first = "0" if visible is None else visible.split(",")[0].strip()
    try:
        pynvml.nvmlInit()
        if first.isdecimal():
            return pynvml.nvmlDeviceGetHandleByIndex(int(first))
        if first.startswith(("GPU-", "MIG-")):
            return pynvml.nvmlDeviceGetHandleByUUID(first)
    except pynvml.NVMLError:
        pass
    return None
