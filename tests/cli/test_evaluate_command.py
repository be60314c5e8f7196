"""`cnnlab evaluate`: it prints what the end of a run prints, and the history keeps it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable

import pytest
from history import samples

from cnnlab.data import library, store
from cnnlab.history.queries import Reader
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_it_prints_what_the_end_of_the_run_printed_and_records_it(
    home: Home, run_id: str, cnnlab: Cnnlab, inside: Cnnlab
) -> None:
    shown = inside("runs", "show", run_id, "--no-curves").stdout
    done = cnnlab("evaluate", "digits")
    assert done.returncode == 0
    assert done.stderr == f"Recorded: `cnnlab runs show {run_id}` lists it.\n"
    table, _, summary = done.stdout.partition("\n\n")
    assert table in shown
    with Reader(home) as reader:
        (one,) = reader.later_evaluations([run_id])[run_id]
        own = reader.run(run_id)
    assert one.accuracy == own.test_accuracy
    assert summary.splitlines() == [
        f"accuracy {one.accuracy:.4f}, macro precision {one.precision_macro:.4f}, "
        f"loss {one.loss:.4f} on mnist-5k (test; best checkpoint, epoch {one.epoch})",
    ]
    again = inside("runs", "show", run_id, "--no-curves").stdout
    row = again.partition("Evaluated later")[2].splitlines()[2]
    assert row.startswith("mnist-5k, test ")
    assert f"{one.accuracy:.4f}" in row.split()


def test_json_has_all_figures_of_another_data_set(home: Home, run_id: str, inside: Cnnlab) -> None:
    like = library.require(home, "mnist-5k")
    images = {
        "train_images": like.train_images.repeat(3, 1),
        "test_images": like.test_images.repeat(3, 1),
    }
    info = dataclasses.replace(
        like.info, name="in-colour", shape=(3, 28, 28), mean=(0.5,) * 3, std=(0.5,) * 3
    )
    store.write(home, dataclasses.replace(like, info=info, **images))
    arguments = ("--dataset", "in-colour", "--checkpoint", "last", "--json")
    told = json.loads(inside("evaluate", run_id[:5], *arguments).stdout)
    with Reader(home) as reader:
        shown = json.loads(inside("runs", "show", run_id, "--json").stdout)
        (one,) = reader.later_evaluations([run_id])[run_id]
        matrix = reader.confusion(one.id, 10)
    assert told.pop("run") == run_id
    assert told.pop("remarks") == ["The images have colours and are turned grey, as the run's are."]
    assert told.pop("confusion") == matrix
    assert [told] == shown["later_evaluations"]
    assert (told["dataset"], told["split"], told["checkpoint"]) == ("in-colour", "test", "last")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["digts"], 2, "Unknown run 'digts'."),
        (["digits", "--dataset", "mnist5k"], 2, "Did you mean 'mnist-5k'"),
        (["digits", "--dataset", "cifar10"], 1, "cnnlab data download cifar10"),
        (["digits", "--split", "tset"], 2, "Did you mean 'test'?"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    home: Home, run_id: str, inside: Cnnlab, arguments: list[str], code: int, words: str
) -> None:
    done = inside("evaluate", *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    with Reader(home) as reader:
        assert not reader.later_evaluations([run_id])


def test_a_run_whose_process_is_gone_is_told(home: Home, run_id: str, inside: Cnnlab) -> None:
    del run_id
    samples.add_run(home, "aaaa0001", name="lost")
    samples.change(home, "update runs set status = 'running', boot = 'earlier' where name = 'lost'")
    assert "lost (aaaa0001) was interrupted" in inside("evaluate", "digts").stderr
