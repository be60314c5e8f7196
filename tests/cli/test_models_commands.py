"""`cnnlab models`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from cnnlab.config.component import members
from cnnlab.config.models import ModelConfig

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_the_list_names_every_model_with_its_defaults(cnnlab: Cnnlab, inside: Cnnlab) -> None:
    done = cnnlab("models", "list")
    assert done.returncode == 0
    assert "LeNet: two blocks of convolution and max pooling" in done.stdout
    assert "channels=[20,50]  kernel_size=5  hidden=500  activation=relu" in done.stdout
    listed = json.loads(inside("models", "list", "--json").stdout)
    assert [model["name"] for model in listed] == list(members(ModelConfig))


def test_a_model_is_shown_with_its_fields_and_layers(cnnlab: Cnnlab) -> None:
    done = cnnlab("models", "show", "lenet")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["conv2", "Conv2d", "50x8x8", "25,050", "3,200,000"] in lines
    assert ["relu1", "ReLU", "20x24x24"] in lines
    assert ["total", "431,080", "4,586,000"] in lines
    assert "(a list of 2 whole numbers above 0)" in done.stdout


def test_a_model_is_shown_as_it_would_be_with_other_images_and_settings(inside: Cnnlab) -> None:
    done = inside(
        *("models", "show", "simple-cnn", "--shape", "1x40x30", "--classes", "7"),
        *("--set", "channels=[4,6]", "--set", "model.batch_norm=true", "--json"),
    )
    shown = json.loads(done.stdout)
    assert shown["config"]["batch_norm"] is True
    assert (shown["shape"], shown["classes"]) == ([1, 40, 30], 7)
    assert shown["layers"][0]["output_shape"] == [4, 36, 26]
    assert shown["layers"][-1]["output_shape"] == [7]
    fields = {field["name"]: field for field in shown["fields"]}
    assert fields["dropout"]["type"] == "a number of at least 0 and below 1"


def test_shape_and_classes_can_be_those_of_a_data_set(inside: Cnnlab) -> None:
    shown = json.loads(inside("models", "show", "lenet", "--data-set", "cifar100", "--json").stdout)
    assert (shown["shape"], shown["classes"]) == ([3, 32, 32], 100)


def test_a_model_of_any_size_is_shown_without_building_it(inside: Cnnlab) -> None:
    done = inside("models", "show", "lenet", "--set", "hidden=1000000000000")
    assert done.returncode == 0
    assert "811,000,000,025,580" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["lenett"], ["Unknown model 'lenett'.", "Did you mean 'lenet'"]),
        (["lenet", "--set", "chanels=3"], ["lenet has no such field. Did you mean 'channels'?"]),
        (["lenet", "--set", "hidden=0"], ["hidden: '0' is not allowed"]),
        (["lenet", "--shape", "28x28"], ["--shape 28x28 is not a shape.", "3x32x32"]),
        (["lenet", "--shape", "1x9x9"], ["Convolution 2 has a 5x5 kernel", "only 2x2"]),
        (["lenet", "--data-set", "mnst"], ["Unknown data set 'mnst'.", "Did you mean 'mnist'"]),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_the_exit_code_is_2(
    inside: Cnnlab, arguments: list[str], sentences: list[str]
) -> None:
    done = inside("models", "show", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(sentence in done.stderr for sentence in sentences)
    assert "Traceback" not in done.stderr
