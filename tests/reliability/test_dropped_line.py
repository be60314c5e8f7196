"""Training goes on when the line to its terminal drops: real servers, real clients, real kills.

`python -m pytest tests/reliability -m slow -s` drops forty lines and prints how many runs went on.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import psutil
import pytest
from emulator import Terminal
from reliability.lines import LINES, Line, PaneClosed, Server, ServerKilled
from reliability.living import (
    CNNLAB,
    FOREVER,
    add_preset,
    choose_in_the_screens,
    cnnlab,
    is_over,
    last_step,
    newest,
    runs,
    stop,
    train_in_the_screens,
    trains,
)
from waiting import wait_until

from cnnlab.home import Home

QUIET_SECONDS = 1.0
"""Of processor time: a stretch in which a program shows whether its main thread has work."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("ssh") / "keys")
    yield server
    server.close()


@pytest.fixture
def preset(home: Home) -> None:
    add_preset(home)


def train_on_the_command_line(terminal: Terminal) -> None:
    terminal.wait_for("images/s")


WAYS = {
    "screens": ("", train_in_the_screens),
    "command": ("run forever", train_on_the_command_line),
}


def begin(home: Home, kind: type[Line], way: str, server: Server) -> tuple[Line, psutil.Process]:
    """A run that trains at the other end of a line."""
    arguments, train = WAYS[way]
    remote = f"exec env CNNLAB_HOME={shlex.quote(str(home.root))} {shlex.quote(CNNLAB)} {arguments}"
    line = kind(server, remote)
    train(line.terminal)
    wait_until(lambda: trains(home), "a step")
    return line, psutil.Process(newest(home).pid)


def drop_and_stop(home: Home, kind: type[Line], way: str, server: Server) -> None:
    """Drops a line, and checks that the run goes on, and stops on request."""
    line, program = begin(home, kind, way, server)
    line.drop(program)
    wait_until(lambda: has_let_go(program), "an end of the terminal")
    before = last_step(home)
    wait_until(lambda: trains(home, beyond=before), "a further step")
    wait_until(lambda: is_quiet(program), "a main thread without work")
    stop("forever-1")
    wait_until(lambda: is_over(program), "the end")
    line.close()
    assert "Traceback" not in (home.log.read_text() if home.log.exists() else "")
    run = newest(home)
    assert (run.status, run.pid) == ("stopped", program.pid)
    assert "stopped: by the user" in (home.run_folder(run.id) / "run.log").read_text()


def has_let_go(program: psutil.Process) -> bool:
    """Whether a program has noticed that its terminal is gone."""
    return str(Path(f"/proc/{program.pid}/fd/0").readlink()) == os.devnull


def is_quiet(program: psutil.Process) -> bool:
    """Whether the main thread of a program waits: it neither draws nor reads any more.

    Held against what the training computes meanwhile, however long that takes. One that spins
    shares the processor with it, and is never quiet.
    """
    own, whole = own_seconds(program), all_seconds(program)
    wait_until(lambda: all_seconds(program) - whole >= QUIET_SECONDS, "some work")
    return own_seconds(program) - own < (all_seconds(program) - whole) / 10


def all_seconds(program: psutil.Process) -> float:
    """The seconds that a program has computed."""
    taken = program.cpu_times()
    return float(taken.user + taken.system)


def own_seconds(program: psutil.Process) -> float:
    """The seconds that the main thread of a program has computed."""
    main = next(one for one in program.threads() if one.id == program.pid)
    return float(main.user_time + main.system_time)


@pytest.mark.parametrize("kind", LINES, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("preset")
def test_a_run_of_the_screens_goes_on_when_the_line_drops(
    home: Home, kind: type[Line], server: Server
) -> None:
    drop_and_stop(home, kind, "screens", server)


@pytest.mark.parametrize("kind", [ServerKilled, PaneClosed], ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("preset")
def test_a_run_of_the_command_line_goes_on_when_the_line_drops(
    home: Home, kind: type[Line], server: Server
) -> None:
    drop_and_stop(home, kind, "command", server)


@pytest.mark.usefixtures("preset")
def test_a_run_whose_line_dropped_is_attached_to_and_changed_from_a_new_one(
    home: Home, server: Server
) -> None:
    line, program = begin(home, ServerKilled, "screens", server)
    line.drop(program)
    assert "running" in cnnlab("runs", "list").stdout
    with Terminal(server.command(f"env CNNLAB_HOME={home.root} {CNNLAB}")) as terminal:
        terminal.wait_for("▶ running  forever-1")
        terminal.send("w")
        terminal.wait_for("Checkpoint written after")
        terminal.send("q")
        assert terminal.wait() == 0
    assert trains(home)
    with Terminal([CNNLAB, "attach", "forever-1"]) as terminal:
        terminal.wait_for("▶ running  forever-1")
        terminal.send(" ")
        terminal.wait_for("‖ paused  forever-1")
        terminal.send(" ")
        terminal.wait_for("▶ running  forever-1")
        terminal.send("x")
        terminal.wait_for("Stop forever-1")
        terminal.send("y")
        terminal.wait_for("■ stopped  forever-1")
    line.close()


def test_what_waits_in_the_queue_is_trained_after_the_line_dropped(home: Home) -> None:
    add_preset(home, FOREVER.replace("100000", "6"))
    with Terminal([CNNLAB]) as terminal:
        choose_in_the_screens(terminal)
        terminal.send("a")
        wait_until(lambda: runs(home), "the first run")
        terminal.send("1")
        terminal.wait_for("Quickstart without an end")
        terminal.send("a")
        wait_until(lambda: len(runs(home)) == 2, "the second run")
        program = psutil.Process(terminal.pid)
        terminal.hang_up()
        wait_until(lambda: is_over(program), "the end")
    assert [run.status for run in runs(home)] == ["finished", "finished"]
    assert not home.log.exists() or "Traceback" not in home.log.read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("preset")
def test_forty_lines_drop(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(product(range(5), LINES, WAYS))
    for done, (number, kind, way) in enumerate(cases, start=1):
        home = Home(tmp_path / f"{number}-{kind.__name__}-{way}")
        monkeypatch.setenv("CNNLAB_HOME", str(home.root))
        add_preset(home)
        drop_and_stop(home, kind, way, server)
        print(f"{done} of {len(cases)} went on: {kind.__name__}, {way}")
