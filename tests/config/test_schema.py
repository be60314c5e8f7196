"""The JSON Schema for editors agrees with the program."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cnnlab.config import presets
from cnnlab.home import shipped

jsonschema = pytest.importorskip("jsonschema")

SHIPPED = sorted(shipped("presets").rglob("*.toml"))


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = presets.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_schema_accepts_every_shipped_preset(validator: Any, path: Path) -> None:
    validator.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "toml",
    [
        'extends = "quickstart"',
        'extends = "quickstart"\n[optimizer]\nlr = 0.1\n[model]\nhidden = 10',
        'model = "simple-cnn"\noptimizer = "sgd"\naugmentation = ["random-crop"]',
        'augmentation = "strong"\nfine_tuning.parts = "head"',
        'augmentation = {name = "random-crop", padding = 1}',
        '[model]\nname = "simple-cnn"\nchannels = [1, 2]\n[training]\nevaluate_every = 10',
    ],
)
def test_the_schema_accepts_short_forms_and_parts(validator: Any, toml: str) -> None:
    validator.validate(tomllib.loads(toml))


@pytest.mark.parametrize(
    "toml",
    [
        "modle = 3",
        "training.epoch = 3",
        "training.epochs = 0",
        'training.device = "gpu"',
        'model = "lenett"',
        'model = {name = "lenet", padding = 1}',
        'optimizer = {name = "adam", momentum = 0.9}',
        'augmentation = [{name = "random-crop", pad = 1}]',
        'augmentation = {name = "random-crop", pad = 1}',
        'augmentation = "strongest"',
        "fine_tuning.parts = 3",
    ],
)
def test_the_schema_rejects_unknown_fields_and_wrong_values(validator: Any, toml: str) -> None:
    assert not validator.is_valid(tomllib.loads(toml))
