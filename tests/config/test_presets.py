"""Preset files: found by name or path, extended, checked, written back."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cnnlab.config import presets
from cnnlab.config.toml import preset_as_toml
from cnnlab.errors import ConfigError
from cnnlab.home import Home

SHIPPED = ("cifar10/simple-cnn", "mnist/lenet", "quickstart")
"""The presets that stand alone; the rows of studies have tests of their own."""

SMALLEST = 'data.name = "mnist"\nmodel = "lenet"\n'


def own(home: Home, name: str, text: str) -> Path:
    """A preset of the user's own."""
    path = home.presets / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(home: Home, name: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        presets.load(home, name)
    return caught.value


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_preset_is_valid_and_says_what_it_is(home: Home, name: str) -> None:
    preset = presets.load(home, name)
    assert preset.about.title
    assert preset.about.description
    for field in preset.about.assumed:
        value: Any = preset.config
        for part in field.split("."):
            value = getattr(value, part)


def test_shipped_and_own_presets_are_listed_by_name(home: Home) -> None:
    own(home, "mine/first", SMALLEST)
    (home.presets / "a folder.toml").mkdir()
    assert presets.names(home) == sorted([*SHIPPED, "mine/first"])


def test_an_own_preset_wins_over_a_shipped_one_of_the_same_name(home: Home) -> None:
    path = own(home, "quickstart", SMALLEST)
    preset = presets.load(home, "quickstart")
    assert preset.path == path
    assert preset.config.data.name == "mnist"


def test_an_unknown_name_is_answered_with_the_nearest(home: Home) -> None:
    error = refusal(home, "quickstrat")
    assert error.message == "Unknown preset 'quickstrat'."
    assert error.hint == "Did you mean 'quickstart'? See `cnnlab presets list`."


@pytest.mark.parametrize(
    "name",
    ["../outside", "mine/../../outside", "/outside", "", ".", "a\0b", "x" * 300, "x/" * 3000],
)
def test_names_lead_nowhere_but_into_the_folders_of_presets(home: Home, name: str) -> None:
    own(home, "mine/first", SMALLEST)
    (home.presets.parent / "outside.toml").write_text(SMALLEST, encoding="utf-8")
    assert refusal(home, name).message.startswith("Unknown preset")


def test_a_path_names_a_file_of_the_users_own(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text(SMALLEST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert presets.load(home, "mine.toml").name == "mine"
    assert presets.load(home, str(tmp_path / "mine.toml")).config.model.name == "lenet"
    assert refusal(home, "yours.toml").message == "There is no preset file yours.toml."


def test_a_file_that_is_not_called_toml_is_told_so(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(SMALLEST, encoding="utf-8")
    assert refusal(home, str(path)).hint == "Its name must end in .toml."


def test_a_preset_extends_another_by_name(home: Home) -> None:
    own(home, "slow", 'extends = "quickstart"\n[optimizer]\nlr = 0.5\n')
    preset, parent = presets.load(home, "slow"), presets.load(home, "quickstart")
    assert preset.config.optimizer.lr == 0.5
    assert preset.config.model_copy(update={"optimizer": parent.config.optimizer}) == parent.config
    assert preset.about.title == ""


def test_a_preset_extends_a_file_relative_to_its_own_place(home: Home, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.toml").write_text(SMALLEST, encoding="utf-8")
    child = tmp_path / "sub" / "child.toml"
    child.write_text('extends = "../base.toml"\ntraining.epochs = 3\n', encoding="utf-8")
    config = presets.load(home, str(child)).config
    assert (config.data.name, config.training.epochs) == ("mnist", 3)


def test_extension_goes_over_several_files_and_the_nearest_wins(home: Home) -> None:
    own(home, "a", SMALLEST + "[training]\nepochs = 1\nbatch_size = 1\nseed = 1\n")
    own(home, "b", 'extends = "a"\ntraining = {epochs = 2, batch_size = 2}\n')
    own(home, "c", 'extends = "b"\ntraining.epochs = 3\n')
    training = presets.load(home, "c").config.training
    assert (training.epochs, training.batch_size, training.seed) == (3, 2, 1)


def test_a_child_with_another_model_does_not_inherit_the_fields_of_the_first(home: Home) -> None:
    own(home, "a", 'data.name = "mnist"\nmodel = {name = "lenet", hidden = 9}\n')
    own(home, "b", 'extends = "a"\nmodel.name = "simple-cnn"\n')
    assert presets.load(home, "b").config.model.parameters()["hidden"] == 128


def test_a_preset_that_extends_itself_is_refused(home: Home) -> None:
    own(home, "a", 'extends = "a"\n')
    assert refusal(home, "a").message.endswith("a.toml extends itself: a extends a.")


def test_a_circle_of_presets_is_refused(home: Home) -> None:
    own(home, "start", 'extends = "a"\n')
    own(home, "a", 'extends = "b"\n')
    own(home, "b", 'extends = "a"\n')
    assert refusal(home, "start").message.endswith("a.toml extends itself: a extends b extends a.")


def test_a_missing_parent_is_named_with_the_file_that_asks_for_it(home: Home) -> None:
    path = own(home, "child", 'extends = "quickstar"\n')
    error = refusal(home, "child")
    assert error.message == f"{path}: extends: Unknown preset 'quickstar'."
    assert "'quickstart'" in error.hint


def test_a_fault_of_the_parent_is_named_with_the_parents_file(home: Home) -> None:
    parent = own(home, "parent", SMALLEST + "trainig = {}\n")
    own(home, "child", 'extends = "parent"\n')
    assert refusal(home, "child").message == (
        f"{parent}: trainig: there is no such field. Did you mean 'training'?"
    )


@pytest.mark.parametrize(
    "content",
    [b"title = ", b"\xff\xfe", b"a = " + b"[" * 5000, b"a = " + b"9" * 5000, b"#" * 1_000_001],
    ids=["cut", "not UTF-8", "deep", "long number", "large"],
)
def test_a_file_that_is_no_toml_is_refused(home: Home, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    assert str(path) in refusal(home, str(path)).message


def test_words_and_config_of_a_preset_are_checked_at_once(home: Home) -> None:
    faults = "title = 3\npublished = {accuracy = 57, recall = 1}\ntraining.epochs = 0\n"
    path = own(home, "x", SMALLEST + faults)
    assert set(refusal(home, "x").message.splitlines()) == {
        f"{path}: title: 3 is not allowed; it must be text.",
        f"{path}: published.accuracy: 57 is not allowed; it must be a number from 0 to 1.",
        f"{path}: published.recall: there is no such field. "
        "Valid names: "
        "accuracy, class_precision, precision_macro, seconds, top5_accuracy, train_accuracy, "
        "train_class_precision, train_precision_macro, validation_accuracy.",
        f"{path}: training.epochs: 0 is not allowed; it must be a whole number above 0.",
    }


def test_a_preset_to_be_extended_may_leave_out_what_a_run_needs(home: Home) -> None:
    own(home, "base", "training.epochs = 3\n")
    own(home, "child", 'extends = "base"\n' + SMALLEST)
    assert presets.load(home, "child").config.training.epochs == 3
    assert "data: this field is needed" in refusal(home, "base").message


def test_settings_change_a_preset(home: Home) -> None:
    preset = presets.load(home, "quickstart")
    assert preset.with_settings([]) == preset.config
    assert preset.with_settings(["training.epochs=1"]).training.epochs == 1
    with pytest.raises(ConfigError, match=r"training\.epoch: there is no such field"):
        preset.with_settings(["training.epoch=1"])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_preset_written_back_as_toml_is_the_same_preset(
    home: Home, tmp_path: Path, name: str
) -> None:
    preset = presets.load(home, name)
    path = tmp_path / "copy.toml"
    path.write_text(preset_as_toml(preset), encoding="utf-8")
    copy = presets.load(home, str(path))
    assert copy.config == preset.config
    assert copy.about == preset.about.model_copy(update={"extends": ""})


@pytest.mark.parametrize(
    "text",
    ["two\nlines", "\"\"\"\n\\u '''", "\nfirst\n\n", "tab\tand\x1b\nescape", "\r\n", "ü 漢 🎉\n"],
)
def test_any_text_comes_back_from_toml_as_it_was(home: Home, text: str) -> None:
    preset = presets.load(home, "quickstart")
    about = preset.about.model_copy(update={"title": text, "description": text})
    read = tomllib.loads(preset_as_toml(dataclasses.replace(preset, about=about)))
    assert (read["title"], read["description"]) == (text, text)
