"""What must answer at once imports nothing heavy: looked up in the modules of real processes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from history import samples

from cnnlab.home import Home

HEAVY = ("torch", "torchvision", "sklearn", "textual", "plotext", "PIL", "numpy", "sqlite_utils")

PROGRAM = """
import json, sys
sys.argv = ["cnnlab", *json.loads(sys.argv[1])]
from cnnlab.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""


def modules_of(*arguments: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["runs", "list"]])
def test_the_first_answers_import_nothing_heavy(arguments: list[str]) -> None:
    assert not modules_of(*arguments) & set(HEAVY)


@pytest.mark.parametrize(
    "arguments",
    [
        ["presets", "list"],
        ["presets", "show", "quickstart"],
        ["models", "list"],
        ["data", "list"],
        ["study", "list"],
        ["study", "show", "chen/width"],
    ],
)
def test_browsing_never_imports_torch(arguments: list[str]) -> None:
    assert not modules_of(*arguments) & {"torch", "torchvision", "sklearn", "textual"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "untrained", "."], "has no best checkpoint"),
        (["evaluate", "untrained", "--checkpoint", "last"], "has no last checkpoint"),
        (["runs", "mistakes", "untrained"], "has no best checkpoint"),
    ],
)
def test_a_model_that_is_not_there_is_refused_without_torch(
    home: Home, arguments: list[str], words: str
) -> None:
    samples.add_run(home, "aaaa0001", name="untrained")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)], capture_output=True, text=True
    )
    assert words in done.stderr
    assert "torch" not in json.loads(done.stdout.splitlines()[-1])
