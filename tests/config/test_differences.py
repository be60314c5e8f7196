"""What counts as a difference between configs."""

from __future__ import annotations

from typing import Any

from cnnlab.config.differences import differing, flat, flat_stored
from cnnlab.config.run import RunConfig

TABLES: dict[str, Any] = {"data": {"name": "mnist"}, "model": {"name": "lenet"}}


def test_a_config_stored_before_a_field_was_there_has_its_default() -> None:
    config = RunConfig.model_validate(TABLES)
    stored = config.model_dump(mode="json")
    del stored["training"]["checkpoint"]
    assert flat_stored(stored) == flat(config)


def test_a_config_that_no_longer_fits_is_flat_as_it_was_stored() -> None:
    assert flat_stored({"model": {"name": "gone", "size": 3}}) == {
        "model.name": "gone",
        "model.size": 3,
    }


def test_how_often_a_run_is_saved_is_no_difference() -> None:
    interval = {"checkpoint": {"epochs": 5, "minutes": 0}}
    often, seldom = (
        RunConfig.model_validate({**TABLES, "training": training}) for training in ({}, interval)
    )
    assert differing([often, seldom]) == []
