"""The config of a run: defaults, bare names, stored form, targets."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any, get_args

import pytest

from cnnlab.config.augmentation import AugmentationConfig
from cnnlab.config.component import Component, members
from cnnlab.config.models import ModelConfig
from cnnlab.config.optimization import LossConfig, OptimizerConfig, ScheduleConfig
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.config.words import describe
from cnnlab.errors import ConfigError

SMALLEST = {"data": {"name": "mnist"}, "model": {"name": "lenet"}}
UNIONS = {
    "model": ModelConfig,
    "optimizer": OptimizerConfig,
    "schedule": ScheduleConfig,
    "loss": LossConfig,
    "augmentation": AugmentationConfig,
}
COMPONENTS = [
    pytest.param(union, kind, id=f"{union}-{name}")
    for union, kinds in UNIONS.items()
    for name, kind in members(kinds).items()
]
NEEDED: dict[str, dict[str, Any]] = {"multi-step": {"milestones": [2, 4]}}


def test_data_set_and_model_are_enough_and_the_rest_has_defaults() -> None:
    config = validate(RunConfig, SMALLEST)
    assert config.optimizer.name == "adam"
    assert config.schedule.name == "none"
    assert config.loss.name == "cross-entropy"
    assert config.augmentation == ()
    assert (config.training.epochs, config.training.batch_size) == (10, 128)
    assert config.training.seed is None
    assert config.data.validation == 0.1


def test_a_component_may_be_given_by_its_bare_name() -> None:
    bare = {
        "data": {"name": "mnist"},
        "model": "simple-cnn",
        "optimizer": "sgd",
        "schedule": "cosine",
        "loss": "cross-entropy",
        "augmentation": ["random-crop", {"name": "horizontal-flip"}],
    }
    whole = {
        key: {"name": value} if isinstance(value, str) else value for key, value in bare.items()
    }
    whole["augmentation"] = [{"name": "random-crop"}, {"name": "horizontal-flip"}]
    assert validate(RunConfig, bare) == validate(RunConfig, whole)


@pytest.mark.parametrize("entry", ["random-crop", {"name": "random-crop", "padding": 4}])
def test_a_single_augmentation_counts_as_a_list_of_one(entry: Any) -> None:
    single = validate(RunConfig, {**SMALLEST, "augmentation": entry})
    assert single == validate(RunConfig, {**SMALLEST, "augmentation": [entry]})


def test_a_single_part_counts_as_a_list_of_one() -> None:
    config = validate(RunConfig, {**SMALLEST, "fine_tuning": {"parts": "head"}})
    assert config.fine_tuning.parts == ("head",)


def test_fields_without_a_name_change_the_default_component() -> None:
    config = validate(RunConfig, {**SMALLEST, "optimizer": {"lr": 0.5}})
    assert config.optimizer.name == "adam"
    assert config.optimizer.lr == 0.5


@pytest.mark.parametrize(("table", "kind"), COMPONENTS)
def test_a_config_survives_the_way_through_json(table: str, kind: type[Component]) -> None:
    name = kind.model_fields["name"].default
    component = {"name": name, **NEEDED.get(name, {})}
    value = [component] if table == "augmentation" else component
    config = validate(RunConfig, {**SMALLEST, table: value})
    stored = json.loads(json.dumps(config.model_dump(mode="json"), allow_nan=False))
    assert validate(RunConfig, stored) == config
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(("_table", "kind"), COMPONENTS)
def test_every_target_exists_and_takes_the_fields(_table: str, kind: type[Component]) -> None:
    name = kind.model_fields["name"].default
    component = validate(kind, {"name": name, **NEEDED.get(name, {})})
    accepted = inspect.signature(component.load()).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in accepted.values())
    assert takes_any or set(component.parameters()) <= set(accepted)


@pytest.mark.parametrize(("_table", "kind"), COMPONENTS)
def test_every_component_and_field_has_help_and_a_type_in_words(
    _table: str, kind: type[Component]
) -> None:
    assert kind.__doc__
    for name, field in kind.model_fields.items():
        assert name == "name" or field.description, name
        assert "another kind" not in describe(field)


def test_only_the_tables_with_a_name_to_choose_are_merged_as_components() -> None:
    from cnnlab.config.overrides import COMPONENT_LISTS
    from cnnlab.config.overrides import COMPONENTS as MERGED

    fields = {key: field.annotation for key, field in RunConfig.model_fields.items()}
    assert set(MERGED) == {key for key, kind in fields.items() if members(kind)}
    listed = {key for key, kind in fields.items() if any(map(members, get_args(kind)))}
    assert set(COMPONENT_LISTS) == listed - set(MERGED)


def test_importing_the_config_and_loading_a_preset_imports_no_torch() -> None:
    program = """
import sys
from cnnlab.config import presets
from cnnlab.config.toml import preset_as_toml
from cnnlab.home import Home
preset = presets.load(Home.from_environment(), "quickstart")
preset_as_toml(preset)
presets.json_schema()
print([name for name in ("torch", "torchvision", "sklearn", "numpy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("data", "validation", 1.0),
        ("data", "validation", "1.0"),
        ("data", "validation", " +1_000. "),
        ("data", "validation", True),
        ("training", "epochs", True),
    ],
)
def test_what_only_looks_like_a_number_is_refused(section: str, field: str, value: Any) -> None:
    table = {"data": {"name": "mnist"}, "model": "lenet"}
    table[section] = {"name": "mnist"} if section == "data" else {}
    table[section][field] = value
    with pytest.raises(ConfigError, match=rf"{section}\.{field}"):
        validate(RunConfig, table)
