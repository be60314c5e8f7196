"""What a run was made with: versions, host, and the state of the source it ran from."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cnnlab

_PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn")


def versions() -> dict[str, str]:
    """Versions of cnnlab, Python and the packages that decide what a run computes."""
    found = {"cnnlab": cnnlab.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_state() -> dict[str, str | bool] | None:
    """Commit of cnnlab's own repository and whether files differ from it.

    None where cnnlab does not run from a repository of its own, as in a plain installation.
    """
    root = Path(cnnlab.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    return {"commit": commit, "modified": bool(changes)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
