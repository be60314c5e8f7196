"""What is wrong with a config, in one sentence each."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cnnlab.config import presets
from cnnlab.config.augmentation import AugmentationConfig
from cnnlab.config.component import members
from cnnlab.config.models import ModelConfig
from cnnlab.config.optimization import LossConfig
from cnnlab.config.overrides import merge
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.config.words import alternatives
from cnnlab.errors import ConfigError
from cnnlab.home import Home

SMALLEST = {"data": {"name": "mnist"}, "model": {"name": "lenet"}}
MODELS, LOSSES = list(members(ModelConfig)), list(members(LossConfig))
AUGMENTATIONS = list(members(AugmentationConfig))


def message(toml: str) -> str:
    """What is said about the smallest config with these tables laid over it."""
    with pytest.raises(ConfigError) as caught:
        validate(RunConfig, merge(SMALLEST, tomllib.loads(toml)))
    return caught.value.message


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("modle.name = 'lenet'", "modle: there is no such field. Did you mean 'model'?"),
        ("training.epoch = 3", "training.epoch: there is no such field. Did you mean 'epochs'?"),
        (
            "lr = 0.1",
            "lr: there is no such field. Did you mean 'optimizer.lr' or 'fine_tuning.lr'?",
        ),
        (
            "training.early_stopping.patient = 3",
            "training.early_stopping.patient: there is no such field. Did you mean 'patience'?",
        ),
        ("model.kernel = 3", "model.kernel: lenet has no such field. Did you mean 'kernel_size'?"),
        (
            "optimizer = {name = 'adam', momentum = 0.9}",
            "optimizer.momentum: adam has no such field. "
            "Valid names: betas, eps, lr, name, weight_decay.",
        ),
        (
            "augmentation = [{name = 'horizontal-flip'}, {name = 'random-crop', pad = 3}]",
            "augmentation.1.pad: random-crop has no such field. Did you mean 'padding'?",
        ),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest(toml: str, sentence: str) -> None:
    assert message(toml) == sentence


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            "model = 'lenett'",
            "model.name: unknown name 'lenett'. Did you mean 'lenet' or 'alexnet' or 'resnet'?",
        ),
        (
            "optimizer.name = 'adamm'",
            "optimizer.name: unknown name 'adamm'. Did you mean 'adam' or 'adamw' or 'adagrad'?",
        ),
        (
            "loss = 'mse'",
            f"loss.name: unknown name 'mse'. Valid names: {', '.join(sorted(LOSSES))}.",
        ),
        (
            "augmentation = 'strongest'",
            "augmentation.0.name: unknown name 'strongest'. Did you mean 'stronger' or 'strong'?",
        ),
        (
            "augmentation.name = 'random_crop'",
            "augmentation.0.name: unknown name 'random_crop'. "
            "Did you mean 'random-crop' or 'random-erasing' or 'resized-crop'?",
        ),
        (
            "augmentation = ['random-crop', 'flip']",
            "augmentation.1.name: unknown name 'flip'. "
            f"Valid names: {', '.join(sorted(AUGMENTATIONS))}.",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_the_names_there_are(toml: str, sentence: str) -> None:
    assert message(toml) == sentence


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("training = 3", "training: 3 is not allowed; it must be a table of fields such as "
         "epochs and batch_size."),
        ("model = 3", "model: 3 is not allowed; it must be a table with a name "
         f"({alternatives(MODELS)})."),
        ("augmentation = 3", "augmentation: 3 is not allowed; it must be a list of tables, each "
         f"with a name ({alternatives(AUGMENTATIONS)})."),
        ("training.epochs = 0", "training.epochs: 0 is not allowed; it must be a whole number "
         "above 0."),
        ("training.epochs = 1.5", "training.epochs: 1.5 is not allowed; it must be a whole "
         "number above 0."),
        ("training.compile = 3", "training.compile: 3 is not allowed; it must be true or false."),
        ("optimizer.lr = 'fast'", "optimizer.lr: 'fast' is not allowed; it must be a number "
         "above 0."),
        ("data.name = 3", "data.name: 3 is not allowed; it must be text."),
        ("data.name = 2026-11-21", "data.name: 2026-11-21 is not allowed; it must be text."),
        ("model.channels = [20]", "model.channels: [20] is not allowed; it must be a list of 2 "
         "whole numbers above 0."),
        ("model = {name = 'simple-cnn', dropout = 1}", "model.dropout: 1 is not allowed; it must "
         "be a number of at least 0 and below 1."),
        ("augmentation = {name = 'rotation', degrees = [1, 'a']}", "augmentation.0.degrees: "
         "[1, 'a'] is not allowed; it must be a number from 0 to 360 or a list of 2 numbers from "
         "-360 to 360."),
        ("model = {name = 'simple-cnn', convolutions = 17}", "model.convolutions: 17 is not "
         "allowed; it must be a whole number from 1 to 16."),
    ],
)  # fmt: skip
def test_a_wrong_value_is_answered_with_what_is_allowed(toml: str, sentence: str) -> None:
    assert message(toml) == sentence


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("training.evaluate_every = 0", "training.evaluate_every: 0 is not allowed; it must be a "
         "whole number above 0 or 'epoch'."),
        ("training.evaluate_every = 'never'", "training.evaluate_every: 'never' is not allowed; "
         "it must be a whole number above 0 or 'epoch'."),
        ("data.validation = 0", "data.validation: 0 is not allowed; it must be a whole number "
         "above 0 or a number above 0 and below 1."),
        ("data.validation = 1.5", "data.validation: 1.5 is not allowed; it must be a number of "
         "images without a decimal point, or a share below 1."),
        ("data.validation = '5000.0'", "data.validation: '5000.0' is not allowed; it must be a "
         "number of images without a decimal point, or a share below 1."),
        ("model = {name = 'simple-cnn', channels = [16, 'a']}", "model.channels: [16, 'a'] is not "
         "allowed; it must be a whole number above 0 or a list of them."),
    ],
)  # fmt: skip
def test_a_value_that_fits_no_kind_of_a_choice_gives_one_sentence(toml: str, sentence: str) -> None:
    assert message(toml) == sentence


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("training.precision = 'bf16'", "training.precision: 'bf16' is not allowed; use auto, "
         "float32 or bfloat16. Did you mean 'bfloat16'?"),
        ("training.device = 'gpu'", "training.device: 'gpu' is not allowed; use auto, cpu, cuda, "
         "cuda:0 or mps. Did you mean 'cuda'?"),
        ("training.device = 'cup'", "training.device: 'cup' is not allowed; use auto, cpu, cuda, "
         "cuda:0 or mps. Did you mean 'cpu'?"),
        ("model.activation = 'ReLU'", "model.activation: 'ReLU' is not allowed; use relu, "
         "leaky-relu, elu, gelu, silu, tanh or sigmoid. Did you mean 'relu'?"),
        ("model = {name = 'resnet', depth = 20}", "model.depth: 20 is not allowed; use 18, 34, 50 "
         "or 101. Did you mean 18?"),
        ("model = {name = 'resnet', depth = 45.5}", "model.depth: 45.5 is not allowed; use 18, 34, "
         "50 or 101. Did you mean 50?"),
        ("model = {name = 'resnet', depth = '9999'}", "model.depth: '9999' is not allowed; use 18, "
         "34, 50 or 101. Did you mean 101?"),
        ("model = {name = 'resnet', depth = inf}", "model.depth: inf is not allowed; use 18, 34, "
         "50 or 101."),
        ("model = {name = 'resnet', depth = 'deep'}", "model.depth: 'deep' is not allowed; use 18, "
         "34, 50 or 101."),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_answered_with_the_choices_and_the_nearest(
    toml: str, sentence: str
) -> None:
    assert message(toml) == sentence


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("optimizer = {name = 'sgd', nesterov = true}",
         "optimizer: nesterov needs a momentum above 0."),
        ("model = {name = 'simple-cnn', convolutions = 3, channels = [1, 2]}",
         "model: channels needs one value for each convolution: 3, not 2."),
    ],
)  # fmt: skip
def test_fields_that_do_not_fit_together_are_named(toml: str, sentence: str) -> None:
    assert message(toml) == sentence


def test_a_component_without_a_default_needs_its_name() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(RunConfig, {"data": {"name": "mnist"}, "model": {"hidden": 3}})
    assert caught.value.message == (
        f"model: the field name is needed. Valid names: {', '.join(sorted(MODELS))}."
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("title = 'x'", "name: this field is needed, "),
        ("name = 'A B/c'", "name: 'A B/c' is not allowed; it must be "),
    ],
)
def test_the_name_of_a_row_is_answered_with_its_rule_and_an_example(
    home: Home, tmp_path: Path, row: str, words: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f"extends = 'quickstart'\n[[rows]]\n{row}\n")
    with pytest.raises(ConfigError) as caught:
        presets.load_all(home, str(path))
    assert caught.value.message == (
        f"{path}: row 1: {words}text of lower-case letters, digits, '.', '_' and '-' that begins "
        "with a letter or a digit, for example 'lr-0.1'."
    )


def test_a_needed_field_that_is_missing_is_named_with_what_it_takes() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(RunConfig, {"model": "lenet", "schedule": "multi-step"})
    assert caught.value.message.splitlines() == [
        "data: this field is needed, a table of fields such as name and validation.",
        "schedule.milestones: this field is needed, a list of whole numbers above 0.",
    ]


def test_each_finding_is_one_line_with_the_file_it_is_in() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(RunConfig, {**SMALLEST, "training": {"epochs": 0, "sead": 1}}, where="my.toml")
    assert caught.value.message.splitlines() == [
        "my.toml: training.epochs: 0 is not allowed; it must be a whole number above 0.",
        "my.toml: training.sead: there is no such field. Did you mean 'seed'?",
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_field_takes_nan_or_infinity(value: float) -> None:
    with pytest.raises(ConfigError, match=r"^optimizer\.lr: .* must be a number above 0\.$"):
        validate(RunConfig, {**SMALLEST, "optimizer": {"name": "adam", "lr": value}})


def test_a_message_cuts_a_long_value_and_writes_out_control_characters() -> None:
    table: dict[str, Any] = {**SMALLEST, "training": {"epochs": "x" * 9999, "\x1b[31m": 1}}
    with pytest.raises(ConfigError) as caught:
        validate(RunConfig, table)
    assert len(caught.value.message) < 400
    assert "\x1b" not in caught.value.message
