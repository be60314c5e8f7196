"""Tables laid over one another, and settings of the command line."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cnnlab.config.overrides import apply_settings, merge
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError

BASE: dict[str, Any] = {
    "data": {"name": "mnist"},
    "model": {"name": "lenet", "hidden": 99},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
    "augmentation": [{"name": "random-crop", "padding": 2}, {"name": "horizontal-flip"}],
}


def configured(*settings: str) -> RunConfig:
    return validate(RunConfig, apply_settings(BASE, settings))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("training.epochs=3", 3),
        ("optimizer.lr=1e-4", 1e-4),
        ("training.compile=true", True),
        ("training.compile=no", False),
        ("training.evaluate_every=100", 100),
        ("training.evaluate_every=epoch", "epoch"),
        ("data.validation=5000", 5000),
        ("data.validation=0.2", 0.2),
        ("fine_tuning.parts=head", ("head",)),
        ("model.channels=[6, 16]", (6, 16)),
        (" model.hidden = 12 ", 12),
        ('data.name="cifar10"', "cifar10"),
        ("data.name=a=b", "a=b"),
    ],
)
def test_the_schema_gives_a_setting_its_type(setting: str, value: Any) -> None:
    config: Any = configured(setting)
    for part in setting.partition("=")[0].strip().split("."):
        config = getattr(config, part)
    assert config == value
    assert type(config) is type(value)


def test_fields_that_are_not_set_stay() -> None:
    config = configured("optimizer.lr=0.5")
    assert config.optimizer.parameters()["momentum"] == 0.9
    assert config.model.parameters()["hidden"] == 99


def test_another_name_starts_its_table_afresh() -> None:
    config = configured("optimizer.name=adam", "model=simple-cnn")
    assert config.optimizer == validate(type(config.optimizer), {"name": "adam"})
    assert config.model.parameters()["hidden"] == 128


def test_the_same_name_again_keeps_the_table() -> None:
    assert configured("optimizer.name=sgd").optimizer.parameters()["momentum"] == 0.9


def test_the_order_of_settings_does_not_matter() -> None:
    settings = (
        "model.convolutions=3",
        "model.name=simple-cnn",
        "model.channels=[1, 2, 3]",
        "augmentation.0.padding=7",
        "augmentation=[{name = 'random-crop', padding = 1}]",
    )
    configs = [configured(*order) for order in itertools.permutations(settings)]
    assert all(config == configs[0] for config in configs)
    assert configs[0].model.parameters()["channels"] == (1, 2, 3)
    assert configs[0].augmentation[0].parameters() == {"padding": 7}


def test_two_values_for_one_field_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"training\.epochs is set more than once"):
        apply_settings({}, ["training.epochs=1", "training. epochs=2"])


def test_one_entry_of_a_list_can_be_set() -> None:
    config = configured("augmentation.0.padding=5")
    assert [entry.name for entry in config.augmentation] == ["random-crop", "horizontal-flip"]
    assert config.augmentation[0].parameters() == {"padding": 5}


def test_an_entry_of_a_list_can_become_another_component() -> None:
    config = configured("augmentation.0.name=horizontal-flip", "augmentation.0.probability=0.1")
    assert config.augmentation[0].parameters() == {"probability": 0.1}


def test_a_field_of_an_entry_given_by_its_bare_name_can_be_set() -> None:
    tables = apply_settings({**BASE, "augmentation": ["random-crop"]}, ["augmentation.0.padding=9"])
    assert validate(RunConfig, tables).augmentation[0].parameters() == {"padding": 9}


@pytest.mark.parametrize("single", ["random-crop", {"name": "random-crop", "padding": 2}])
def test_a_field_of_a_single_entry_without_its_list_can_be_set(single: Any) -> None:
    tables = apply_settings({**BASE, "augmentation": single}, ["augmentation.0.padding=9"])
    entries = validate(RunConfig, tables).augmentation
    assert [entry.parameters() for entry in entries] == [{"padding": 9}]


@pytest.mark.parametrize("setting", ["augmentation=strong", 'augmentation={name="strong"}'])
def test_a_single_entry_replaces_a_list(setting: str) -> None:
    assert [entry.name for entry in configured(setting).augmentation] == ["strong"]


def test_a_single_table_replaces_a_single_table_as_a_whole() -> None:
    crop, flip = {"name": "random-crop", "padding": 2}, {"name": "horizontal-flip"}
    assert merge({"augmentation": crop}, {"augmentation": flip}) == {"augmentation": flip}


def test_a_list_is_replaced_as_a_whole() -> None:
    assert configured("augmentation=[]").augmentation == ()
    assert merge({"a": [1, 2]}, {"a": [3]}) == {"a": [3]}


def test_settings_leave_the_tables_that_they_are_laid_over_as_they_are() -> None:
    before = repr(BASE)
    configured("augmentation.0.padding=5", "optimizer.lr=3", "model=simple-cnn")
    assert repr(BASE) == before


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.epochs", "not of the form field=value"),
        ("=3", "not of the form field=value"),
        ("training..epochs=3", "not of the form field=value"),
        (".".join("a" * 5000) + "=3", "not of the form field=value"),
        ("model.channels=[1, 2", "cannot be read"),
        (f"model.channels=[{'9' * 5000}]", "cannot be read"),
        ("augmentation.2.padding=1", "no entry '2' in a list of 2"),
        ("augmentation.first.padding=1", "no entry 'first'"),
        ("augmentation.²=1", "no entry '²'"),
        ("training.epochs.x=3", "training.epochs"),
        ("training.epochs=three", "training.epochs: 'three' is not allowed"),
        ("data.validation=1.0", "data.validation: '1.0' is not allowed"),
        (f"data.validation={'9' * 5000}.0", "data.validation: '9999"),
        ("augmentation=strongest", "Did you mean 'stronger' or 'strong'?"),
    ],
)
def test_a_setting_that_cannot_be_understood_is_refused(setting: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(setting)
    assert words in caught.value.message
    assert len(caught.value.message) < 400
