"""What a run was made with, asked of copies of cnnlab inside and outside of a repository."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

import cnnlab
from cnnlab.execution.provenance import versions


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of cnnlab that a process of its own can run from."""
    root = tmp_path / "copy"
    source = Path(cnnlab.__file__).parent
    shutil.copytree(source, root / "cnnlab", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(
        ["git", "-C", str(root), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit_all(root: Path) -> str:
    git(root, "init", "--quiet")
    (root / ".gitignore").write_text("__pycache__\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "all")
    return git(root, "rev-parse", "HEAD")


def state_of(root: Path, **environment: str) -> Any:
    """What the copy says of itself."""
    code = (
        "import json; from cnnlab.execution.provenance import git_state; "
        "print(json.dumps(git_state()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        cwd=root.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def wait_for_state(root: Path, **state: object) -> None:
    """Waits until the copy says so of itself: git may have no time to answer it at once."""
    wait_until(lambda: state_of(root) == state, f"{state}")


def test_a_clean_repository_is_its_commit(copy: Path) -> None:
    assert state_of(copy) is None
    commit = commit_all(copy)
    (copy / "untracked").write_text("")
    wait_for_state(copy, commit=commit, modified=False)


def test_a_changed_file_is_told(copy: Path) -> None:
    commit = commit_all(copy)
    with (copy / "cnnlab" / "errors.py").open("a") as file:
        file.write("\n")
    wait_for_state(copy, commit=commit, modified=True)


def test_a_copy_inside_another_repository_does_not_claim_its_commit(copy: Path) -> None:
    git(copy.parent, "init", "--quiet")
    git(copy.parent, "commit", "--quiet", "--allow-empty", "-m", "another project")
    assert state_of(copy) is None


def test_a_repository_without_commits_or_without_git_says_nothing(copy: Path) -> None:
    git(copy, "init", "--quiet")
    assert state_of(copy) is None
    commit_all(copy)
    assert state_of(copy, PATH="") is None


def test_versions_name_what_decides_the_figures() -> None:
    found = versions()
    assert list(found) == ["cnnlab", "python", "torch", "torchvision", "numpy", "scikit-learn"]
    assert found["python"] == platform.python_version()
    assert found["torch"] == version("torch")
