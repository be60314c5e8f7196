"""A command of cnnlab in a process of its own: its answer, its errors, and its end."""

from __future__ import annotations

import json
import threading

import psutil
import pytest
from history.samples import add_run
from waiting import SECONDS, wait_until

from cnnlab.errors import CnnlabError
from cnnlab.home import Home
from cnnlab.tui.own_process import OwnProcess, Stopped


def test_an_answer_is_what_the_command_prints_in_this_home(home: Home) -> None:
    add_run(home, "aaaa0001", name="cafe\N{COMBINING ACUTE ACCENT} [b]")
    answer = json.loads(OwnProcess(home).answer(["runs", "list", "--json"]))
    assert [one["name"] for one in answer] == ["cafe\N{COMBINING ACUTE ACCENT} [b]"]


def test_a_failure_is_told_in_the_words_of_the_command(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    heard: list[str] = []
    with pytest.raises(CnnlabError) as caught:
        OwnProcess(home, heard=heard.append).answer(["run", "quickstrat"])
    assert caught.value.message == "Unknown preset 'quickstrat'."
    assert "Did you mean 'quickstart'" in caught.value.hint
    assert "quickstrat" in "".join(heard)


def test_what_is_stopped_before_it_begins_starts_nothing(home: Home) -> None:
    process = OwnProcess(home)
    process.kill()
    with pytest.raises(Stopped):
        process.answer(["runs", "list"])


@pytest.mark.usefixtures("gate")
@pytest.mark.parametrize("way", ["interrupt", "kill"])
def test_a_process_ends_when_nobody_waits_for_it(home: Home, way: str) -> None:
    process = OwnProcess(home, gives_way=True)
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(process.answer(["run", "quickstart", "--dry-run", "--json"]))
        except (Stopped, CnnlabError) as error:
            answers.append(type(error))

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: process._process is not None)
    assert process._process is not None
    child = psutil.Process(process._process.pid)
    wait_until(lambda: child.nice() == 10)
    getattr(process, way)()
    thread.join(SECONDS)
    assert answers == [Stopped]
    assert not child.is_running()
