"""A run that was archived, even while it trained, goes on on another machine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from execution.conftest import FOREVER, recorded, request, store_digits
from execution.outcomes import outcome
from interchange.archives import bring, write
from waiting import SECONDS, wait_until

from cnnlab.data import library
from cnnlab.data.store import Dataset
from cnnlab.events import EpochFinished, Event
from cnnlab.execution.building import resume
from cnnlab.execution.runner import prepare_run
from cnnlab.history.interruption import mark_interrupted
from cnnlab.history.queries import Reader
from cnnlab.history.resumption import require_resumable
from cnnlab.home import Home


def stopped_after(home: Home, epochs: int, **tables: Any) -> str:
    """Trains a run for some epochs and one step more; returns its id."""
    wanted = request(**tables)
    thread = prepare_run(home, wanted, library.require(home, wanted.config.data.name))

    def listen(event: Event) -> None:
        if isinstance(event, EpochFinished) and event.epoch == epochs:
            thread.request_stop()

    thread.listen(listen)
    thread.run()
    return thread.run_id


def test_a_run_goes_on_elsewhere_with_the_bits_that_it_would_have_had(
    home: Home, other: Home, few_digits: Dataset, tmp_path: Path
) -> None:
    tables: dict[str, Any] = {"training": {"epochs": 3, "evaluate_every": 4}}
    for each in (home, other):
        store_digits(each, few_digits)
    whole = request(**tables)
    undisturbed = prepare_run(home, whole, library.require(home, whole.config.data.name))
    undisturbed.run()
    run_id = stopped_after(home, 2, **tables)
    assert recorded(home, run_id).status == "stopped"
    write(home, tmp_path / "x.zip", run_id)
    bring(other, tmp_path / "x.zip")
    require_resumable(other, recorded(other, run_id))
    going_on = resume(other, run_id)
    going_on.run()
    assert recorded(other, run_id).status == "finished"
    assert outcome(other, run_id) == outcome(home, undisturbed.run_id)


def test_a_run_under_way_is_archived_and_goes_on_elsewhere(
    home: Home, other: Home, few_digits: Dataset, tmp_path: Path
) -> None:
    for each in (home, other):
        store_digits(each, few_digits)
    wanted = request(training={**FOREVER, "evaluate_every": 2})
    thread = prepare_run(home, wanted, library.require(home, wanted.config.data.name))
    thread.start()
    try:
        wait_until(lambda: recorded(home, thread.run_id).epochs_done >= 2)
        for number in range(5):
            path = tmp_path / f"{number}.zip"
            (told,) = write(home, path, thread.run_id)
            assert "is running" in told
            place = Home(tmp_path / f"other{number}")
            bring(place, path)
            run = recorded(place, thread.run_id)
            assert run.status == "interrupted"
            assert mark_interrupted(place) == []
            require_resumable(place, run)
            with Reader(place) as reader:
                for one in reader.checkpoints([run.id])[run.id]:
                    digest = hashlib.sha256(Path(one.path).read_bytes()).hexdigest()
                    assert digest == one.sha256
                last = max(
                    one.step for one in reader.checkpoints([run.id])[run.id] if one.kind == "last"
                )
                assert len(reader.steps(run.id)) >= last
    finally:
        thread.request_stop()
        thread.join(SECONDS)
        assert not thread.is_alive()
    bring(other, path)
    going_on = resume(other, thread.run_id)
    going_on.request_stop()
    going_on.run()
    assert recorded(other, thread.run_id).status == "stopped", recorded(
        other, thread.run_id
    ).message
