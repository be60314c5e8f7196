"""`cnnlab models`, run as a user runs it."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Command


def test_the_list_names_every_model_with_its_defaults(cnnlab: Command) -> None:
    done = cnnlab("models", "list")
    assert done.code == 0
    assert "LeNet: two blocks of convolution and max pooling" in done.out
    assert "channels=[20,50]  kernel_size=5  hidden=500  activation=relu" in done.out
    assert [model["name"] for model in json.loads(cnnlab("models", "list", "--json").out)] == [
        "lenet",
        "simple-cnn",
    ]


def test_a_model_is_shown_with_its_fields_and_layers(cnnlab: Command) -> None:
    done = cnnlab("models", "show", "lenet")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["conv2", "Conv2d", "50x8x8", "25,050", "3,200,000"] in lines
    assert ["relu1", "ReLU", "20x24x24"] in lines
    assert ["total", "431,080", "4,586,000"] in lines
    assert "(a list of 2 whole numbers above 0)" in done.out


def test_a_model_is_shown_as_it_would_be_with_other_images_and_settings(cnnlab: Command) -> None:
    done = cnnlab(
        *("models", "show", "simple-cnn", "--shape", "1x40x30", "--classes", "7"),
        *("--set", "channels=[4,6]", "--set", "model.batch_norm=true", "--json"),
    )
    shown = json.loads(done.out)
    assert shown["config"]["batch_norm"] is True
    assert (shown["shape"], shown["classes"]) == ([1, 40, 30], 7)
    assert shown["layers"][0]["output_shape"] == [4, 36, 26]
    assert shown["layers"][-1]["output_shape"] == [7]
    fields = {field["name"]: field for field in shown["fields"]}
    assert fields["dropout"]["type"] == "a number of at least 0 and below 1"


def test_shape_and_classes_can_be_those_of_a_data_set(cnnlab: Command) -> None:
    shown = json.loads(cnnlab("models", "show", "lenet", "--data-set", "cifar100", "--json").out)
    assert (shown["shape"], shown["classes"]) == ([3, 32, 32], 100)


def test_a_model_of_any_size_is_shown_without_building_it(cnnlab: Command) -> None:
    done = cnnlab("models", "show", "lenet", "--set", "hidden=1000000000000")
    assert done.code == 0
    assert "800,001,000,000,000"[:11] in done.out


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["lenett"], ["Unknown model 'lenett'.", "Did you mean 'lenet'?"]),
        (["lenet", "--set", "chanels=3"], ["lenet has no such field. Did you mean 'channels'?"]),
        (["lenet", "--set", "hidden=0"], ["hidden: '0' is not allowed"]),
        (["lenet", "--shape", "28x28"], ["--shape 28x28 is not a shape.", "3x32x32"]),
        (["lenet", "--shape", "1x9x9"], ["Convolution 2 has a 5x5 kernel", "only 2x2"]),
        (["lenet", "--data-set", "mnst"], ["Unknown data set 'mnst'.", "Did you mean 'mnist'"]),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_the_exit_code_is_2(
    cnnlab: Command, arguments: list[str], sentences: list[str]
) -> None:
    done = cnnlab("models", "show", *arguments)
    assert (done.code, done.out) == (2, "")
    assert all(sentence in done.err for sentence in sentences)
    assert "Traceback" not in done.err
