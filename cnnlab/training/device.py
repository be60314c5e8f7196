"""What `auto` becomes on this machine: device, arithmetic, memory layout."""

from __future__ import annotations

import platform
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from cnnlab.amounts import how_many
from cnnlab.config.run import RunConfig, TrainingConfig
from cnnlab.errors import ConfigError


@dataclass(frozen=True)
class Hardware:
    """Where and how a run computes."""

    device: torch.device
    name: str
    precision: torch.dtype
    memory_format: torch.memory_format

    @property
    def precision_name(self) -> str:
        """`float32` or `bfloat16`."""
        return str(self.precision).removeprefix("torch.")

    @property
    def memory_format_name(self) -> str:
        """`channels_last` or `contiguous`."""
        return str(self.memory_format).removeprefix("torch.").removesuffix("_format")

    def autocast(self) -> AbstractContextManager[object]:
        """Mixed precision for the forward pass; nothing in float32."""
        if self.precision is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.precision)


def choose_hardware(config: TrainingConfig) -> Hardware:
    """Settles device, precision and memory format.

    Raises:
        ConfigError: the config names a device that this machine does not have.
    """
    device = _device(config.device)
    contiguous = config.memory_format == "contiguous" or (
        config.memory_format == "auto" and device.type == "mps"
    )
    return Hardware(
        device,
        _device_name(device),
        _precision(config, device),
        torch.contiguous_format if contiguous else torch.channels_last,
    )


def _device(wanted: str) -> torch.device:
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ConfigError(
            f"training.device = {wanted}: this machine has {how_many(count, 'CUDA device')}.",
            "Choose auto or cpu, or check the driver with nvidia-smi.",
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("training.device = mps: this machine has none.", "Choose auto or cpu.")
    return device


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cores = torch.get_num_threads()
    return f"{_processor()}, {how_many(cores, 'thread')}"


def _processor() -> str:
    """The processor's name; Linux tells it in /proc only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _precision(config: TrainingConfig, device: torch.device) -> torch.dtype:
    if config.precision == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if config.precision == "bfloat16" else torch.float32


def choose_residence(config: RunConfig, needed: int, device: torch.device) -> str:
    """Whether images lie on the device or on the host.

    Args:
        needed: bytes of all images.
    """
    if config.data.residence != "auto":
        return config.data.residence
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available
    return "device" if needed <= free / 2 else "host"
