"""What `docs/json.md` says of `--json` is what the commands print, key by key."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from history.samples import add_run
from PIL import Image

from cnnlab.data import library
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]

TEXT = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
COMMANDS = (
    "run quickstart --dry-run", "runs compare digits other --no-fold", "study show chen/width",
    "export digits --format csv --output tables", "export --formats", "runs import curves.csv",
    "predict digits seven.png", "evaluate digits", "runs mistakes digits --limit 2",
    "presets list", "models list", "study list", "data list", "data show mnist-5k", "doctor",
)  # fmt: skip
"""One for each shape of the document, in its order, behind that of several runs trained."""


def shapes() -> list[Any]:
    """The shapes of the document: dicts, lists of at most one shape, None for anything."""
    found = []
    for block in re.findall(r"```text\n(.*?)```", TEXT, re.S):
        keys = re.sub(r"(\w+):", r'"\1":', block)
        whole = re.sub(r"(\w+)(?=\s*[,}])", r'"\1": null', keys)
        found.append(json.loads(re.sub(r"\[(\w+)\]", r"[null]", whole)))
    return found


def check(value: Any, shape: Any, place: str) -> None:
    """Compares a value with its shape.

    Raises:
        AssertionError: it has other keys, or another kind.
    """
    if shape is None or (value is None and isinstance(shape, dict)):
        return
    if isinstance(shape, list):
        assert isinstance(value, list), place
        for each in value if shape else ():
            check(each, shape[0], f"{place}[]")
        return
    assert isinstance(value, dict), place
    if all(name.isupper() for name in shape):
        (named,) = shape.values()
        shape = dict.fromkeys(value, named)
    assert set(value) == set(shape), place
    for name, inner in shape.items():
        check(value[name], inner, f"{place}.{name}")


@pytest.fixture
def folder(run_id: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the commands take; the trained run of the home is called `digits`."""
    del run_id
    monkeypatch.chdir(tmp_path)
    Image.fromarray(library.require(home, "mnist-5k").test_images[0][0]).save("seven.png")
    Path("curves.csv").write_text("epoch,val_loss,val_acc\n1,1.2,0.5\n2,1.0,0.6\n")
    add_run(home, "aaaa0001", name="other")
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("command", "shape"), list(zip(COMMANDS, shapes()[1:], strict=True)), ids=COMMANDS
)
def test_a_command_prints_what_is_documented(inside: Cnnlab, command: str, shape: Any) -> None:
    done = inside(*command.split(), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    check(json.loads(done.stdout), shape, command)
