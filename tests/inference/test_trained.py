"""A model put together from its checkpoint, wherever that lies."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest
import torch
from inference.untrained import rewrite_state, save_run
from waiting import SECONDS

from cnnlab.data import library, store
from cnnlab.errors import CheckpointError, ConfigError
from cnnlab.events import CheckpointKind
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.inference.trained import load_trained, read_saved
from cnnlab.training.assembly import assemble


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_it_answers_as_the_run_does(home: Home, run_id: str, checkpoint: CheckpointKind) -> None:
    trained = load_trained(home, run_id, checkpoint, device=None)
    parts = assemble(trained.config, library.require(home, "mnist-5k"))
    parts.model.load_state_dict(read_saved(home, run_id, checkpoint).state["model"])
    parts.model.eval()
    source, indices = parts.data.split("test")
    with torch.inference_mode():
        for images, _ in source.batches(indices, 500):
            assert torch.equal(trained.logits(images), parts.logits(images).float())
    assert (trained.kind, trained.run.id) == (checkpoint, run_id)
    assert trained.images == parts.data.images
    assert not trained.model.training


def test_no_data_set_is_needed(home: Home, run_id: str) -> None:
    shutil.rmtree(home.datasets)
    images = load_trained(home, run_id).images
    assert images.classes == tuple("0123456789")
    assert images.stored_shape == images.shape == (1, 28, 28)
    assert (images.mean, images.std) == ((0.1315,), (0.3088,))
    assert not home.datasets.exists()


def test_no_random_number_is_drawn(home: Home, run_id: str) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    load_trained(home, run_id)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_checkpoint_that_does_not_tell_its_classes_has_those_of_its_data_set(
    home: Home, run_id: str
) -> None:
    told = load_trained(home, run_id).images
    rewrite_state(home, run_id, "best", images=None, loss=None)
    assert load_trained(home, run_id).images == told
    shutil.rmtree(home.datasets)
    assert load_trained(home, run_id).images == told


def test_what_must_be_imported_is_named_where_nothing_tells_the_classes(home: Home) -> None:
    run_id = save_run(home, {"name": "fully-connected"}, dataset="my-own")
    rewrite_state(home, run_id, "best", images=None)
    with pytest.raises(CheckpointError, match="the data set my-own is not on this machine") as seen:
        load_trained(home, run_id)
    assert "cnnlab data import my-own PATH" in seen.value.hint


@pytest.mark.parametrize(
    "images", ["x", {}, {"classes": ["a"]}, {"classes": 3, "stored_shape": [1], "shape": [1]}]
)
def test_classes_that_cannot_be_read_are_told(home: Home, run_id: str, images: Any) -> None:
    rewrite_state(home, run_id, "best", images=images)
    with pytest.raises(CheckpointError, match="says of its images cannot be read"):
        load_trained(home, run_id)


def test_weights_for_other_classes_are_told(home: Home, run_id: str) -> None:
    images = {**load_trained(home, run_id).images.as_state(), "classes": ["cat", "dog"]}
    rewrite_state(home, run_id, "best", images=images)
    with pytest.raises(CheckpointError, match="does not fit its model fully-connected with 2"):
        load_trained(home, run_id)


def test_a_device_that_is_not_here_is_a_config_error(home: Home, run_id: str) -> None:
    with pytest.raises(ConfigError, match="'gpu' is not allowed"):
        load_trained(home, run_id, device="gpu")
    with pytest.raises(ConfigError, match="this machine has"):
        load_trained(home, run_id, device="cuda:77")


def test_the_runs_own_choice_of_a_device_can_be_kept(home: Home, run_id: str) -> None:
    with closing(sqlite3.connect(home.history)) as history, history:
        set_to = "json_set(config, '$.training.device', 'cuda:77')"
        history.execute(f"update runs set config = {set_to}")
    assert load_trained(home, run_id, device="cpu").hardware.device.type == "cpu"
    with pytest.raises(ConfigError, match="cuda:77: this machine has"):
        load_trained(home, run_id, device=None)


def test_a_checkpoint_that_was_changed_is_refused(run_id: str, home: Home) -> None:
    path = next(home.checkpoints(run_id).glob("best-*.pt"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckpointError, match="damaged"):
        load_trained(home, run_id)
    path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_trained(home, run_id)


def test_a_run_of_curves_alone_has_no_model(home: Home, run_id: str) -> None:
    with closing(sqlite3.connect(home.history)) as history, history:
        history.execute("update runs set origin = 'csv', config = '{}'")
        history.execute("delete from checkpoints")
    with pytest.raises(CheckpointError, match="has no best checkpoint") as seen:
        load_trained(home, run_id)
    assert seen.value.hint == "It was imported as curves alone."


def test_a_checkpoint_that_is_replaced_while_it_is_read_is_read_anew(
    home: Home, run_id: str
) -> None:
    """As by a run under way, which finds a better one in just that moment."""
    (older,) = home.checkpoints(run_id).glob("best-*.pt")
    newer = older.rename(older.with_name("best-newer.pt"))
    os.mkfifo(older)

    def replace() -> None:
        with older.open("wb"), closing(sqlite3.connect(home.history)) as history, history:
            # Opened by both: the older one is being read.
            changed = "update checkpoints set path = ?, step = 99 where kind = 'best'"
            history.execute(changed, (str(newer),))

    replacing = threading.Thread(target=replace, daemon=True)
    replacing.start()
    assert load_trained(home, run_id).checkpoint.step == 99
    replacing.join(SECONDS)
    assert not replacing.is_alive()


def test_the_checkpoints_of_a_run_say_what_its_model_takes(home: Home, run_id: str) -> None:
    with Reader(home) as reader:
        held = reader.checkpoints([run_id])[run_id]
    info = store.read_info(store.dataset_path(home, "mnist-5k"))
    for checkpoint in held:
        images = torch.load(checkpoint.path, weights_only=True)["images"]
        assert images["classes"] == list(info.classes)
        assert images["stored_shape"] == [1, 28, 28]
