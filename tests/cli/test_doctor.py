"""`cnnlab doctor`, run as a user runs it; what it finds is tested in tests/execution."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable

from history import samples

from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]
Terminal = Callable[..., str]

BROKEN_TORCH = """
import sys
sys.modules["torch"] = None
sys.argv = ["cnnlab", "doctor", "--json"]
from cnnlab.cli.main import main
main()
"""


def test_all_is_well_on_this_machine(terminal: Terminal, home: Home) -> None:
    samples.add_run(home, "aaaa0001", name="evil\x1b]0;owned\x07")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal("doctor", columns=100))
    assert "\x1b" not in shown
    for words in (r"✓\s+home", r"✓\s+torch\s+[0-9]+\.", "xterm-256color, 100x24, 256 colours"):
        assert re.search(words, shown), shown
    assert "×" not in shown


def test_a_problem_ends_it_with_an_error(inside: Cnnlab, home: Home) -> None:
    home.root.mkdir(0o700)
    home.history.write_text("dear diary" * 1000)
    done = inside("doctor")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("×  history"))
    assert "cnnlab history repair" in lines[at + 1]
    assert re.search(r"[0-9] problems?", done.stderr)
    assert not any(line.endswith(" ") for line in lines)


def test_a_torch_that_cannot_be_imported_is_no_crash(home: Home) -> None:
    del home
    done = subprocess.run([sys.executable, "-c", BROKEN_TORCH], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert told["well"] is False
    bad = {one["check"] for one in told["findings"] if one["state"] == "bad"}
    assert {"torch", "devices"} <= bad
    assert "home" not in bad
