"""Settings that make a preset a given config again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnnlab.config import presets
from cnnlab.config.overrides import apply_settings, read_value
from cnnlab.config.presets import Preset
from cnnlab.config.repeating import settings_between
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import value_as_toml
from cnnlab.config.validation import validate
from cnnlab.home import Home


@pytest.fixture
def preset(home: Home, tmp_path: Path) -> Preset:
    path = tmp_path / "mine.toml"
    path.write_text(
        'model = "lenet"\naugmentation = ["horizontal-flip"]\n'
        '[data]\nname = "mnist-5k"\nresize = 32\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    return presets.load(home, str(path))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], []),
        (["optimizer.lr=0.2"], ["optimizer.lr=0.2"]),
        (
            ["training.seed=3", "training.compile=true"],
            ["training.seed=3", "training.compile=true"],
        ),
        (["data.resize=[30, 32]"], ["data.resize=[30, 32]"]),
        (["augmentation=[]"], ["augmentation=[]"]),
    ],
)
def test_the_settings_say_what_differs_and_no_more(
    preset: Preset, changes: list[str], expected: list[str]
) -> None:
    assert settings_between(preset, preset.with_settings(changes)) == expected


def test_a_component_that_begins_afresh_gets_all_its_fields(preset: Preset) -> None:
    config = preset.with_settings(["optimizer.name=adam", "optimizer.lr=0.1"])
    settings = settings_between(preset, config)
    assert settings is not None
    assert {"optimizer.name=adam", "optimizer.lr=0.1"} <= {*settings}
    assert preset.with_settings(settings) == config


@pytest.mark.parametrize(
    "value",
    [
        ' "quoted" \\ \n\x1b\x7f é🎉',
        "[not a list",
        "",
        [{"name": "a", "sizes": [1, 2.5]}, "b", {}],
        {"a key.of = dots": {"deep": True}},
        [[1e-05, 1e300], []],
    ],
)
def test_any_value_is_written_on_one_line_and_read_again(value: Any) -> None:
    line = value_as_toml(value)
    assert "\n" not in line
    assert read_value(line) == value


def test_what_is_null_in_a_value_is_not_written() -> None:
    value = [{"name": "crop", "padding": None, "inner": {"none": None}}]
    assert read_value(value_as_toml(value)) == [{"name": "crop", "inner": {}}]


def test_what_no_setting_can_take_away_is_not_claimed_to_be_the_same(preset: Preset) -> None:
    tables = apply_settings(preset.tables, [])
    del tables["data"]["resize"]
    assert settings_between(preset, validate(RunConfig, tables)) is None
