"""The health of the machine as far as training needs it: packages, PyTorch, devices, processor."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from cnnlab.amounts import how_many
from cnnlab.execution.diagnosis import Check, Finding
from cnnlab.execution.provenance import git_state, versions

if TYPE_CHECKING:
    import torch

_PACKAGES = ("textual", "rich", "typer", "plotext", "sqlite-utils", "pydantic", "pillow")
"""Packages of the screens and the command line; those that decide a run's figures come first."""


def machine_checks() -> dict[str, Check]:
    """The checks of the machine; they import PyTorch."""
    return {
        "cnnlab": _cnnlab,
        "packages": _packages,
        "torch": _torch,
        "torchvision": _torchvision,
        "devices": _devices,
        "processor": _processor,
    }


def _cnnlab(check: str) -> Iterator[Finding]:
    state = git_state()
    commit = f", commit {str(state['commit'])[:10]}" if state else ""
    changes = " with changes" if state and state["modified"] else ""
    system = f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    yield Finding(check, "good", f"{versions()['cnnlab']}{commit}{changes}, {system}")


def _packages(check: str) -> Iterator[Finding]:
    found, missing = {"sqlite": sqlite3.sqlite_version}, []
    for package in ("torch", "torchvision", "numpy", "scikit-learn", *_PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            missing.append(package)
    yield Finding(check, "good", ", ".join(f"{name} {found[name]}" for name in found))
    if missing:
        remedy = f"`pip install {' '.join(missing)}` brings them."
        yield Finding(check, "bad", f"not installed: {', '.join(missing)}", remedy)


def _torch(check: str) -> Iterator[Finding]:
    import torch

    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built for the CPU"
    threads = torch.get_num_threads()
    text = f"{torch.__version__}, {built}, {how_many(threads, 'thread')}"
    yield Finding(check, "good", text)
    usable = _usable_cores()
    if threads > usable:
        text = f"{threads} threads share {how_many(usable, 'core')}"
        yield Finding(check, "warning", text, f"Set OMP_NUM_THREADS={usable}.")


def _torchvision(check: str) -> Iterator[Finding]:
    try:
        import torchvision
    except Exception as error:
        text = f"cannot be imported beside this torch: {type(error).__name__}: {error}"
        remedy = "Install torch and torchvision together, from the same index."
        yield Finding(check, "bad", text, remedy)
        return
    yield Finding(check, "good", str(torchvision.__version__))


def _devices(check: str) -> Iterator[Finding]:
    import torch

    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    names += ["mps"] if torch.backends.mps.is_available() else []
    for name in names:
        yield _device(torch.device(name), check)
    if names:
        return
    from cnnlab.execution.machine import Machine

    if Machine().has_gpu:
        text = f"torch sees no CUDA device, but this machine has {Machine().name}"
        remedy = "Check the driver with nvidia-smi, and that torch is built for CUDA."
        yield Finding(check, "warning", text, remedy)
    else:
        yield Finding(check, "good", "no GPU: runs train on the CPU")


def _device(device: torch.device, check: str) -> Finding:
    """Whether a device computes, and the memory that is free on it."""
    import torch

    try:
        answer = float((torch.ones(8, device=device) * 2).sum().item())
        if answer != 16:
            raise ArithmeticError(f"8 times 2 is {answer:g} on it")
        if device.type != "cuda":
            return Finding(check, "good", f"{device}: computes")
        free, total = torch.cuda.mem_get_info(device)
        name = torch.cuda.get_device_name(device)
        share = f"{free / total:.0%} of its memory free"
        return Finding(check, "good", f"{device}: {name}, computes, {share}", bytes=free)
    except Exception as error:
        text = f"{device} does not compute: {type(error).__name__}: {error}"
        return Finding(check, "bad", text, "Check the driver with nvidia-smi, or train on the CPU.")


def _processor(check: str) -> Iterator[Finding]:
    import psutil

    cores, usable = os.cpu_count() or 1, _usable_cores()
    limit = "" if usable == cores else f", of which this process may use {usable}"
    memory = psutil.virtual_memory()
    text = f"{how_many(cores, 'core')}{limit}; memory available"
    yield Finding(check, "good", text, bytes=memory.available)


def _usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
