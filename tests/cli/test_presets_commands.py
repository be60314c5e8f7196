"""`cnnlab presets`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

from cnnlab.config import presets
from cnnlab.home import Home

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def own(home: Home, name: str, text: str) -> Path:
    home.presets.mkdir(parents=True, exist_ok=True)
    path = home.presets / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_list_shows_data_set_model_and_published_accuracy(cnnlab: Cnnlab) -> None:
    lines = [line.split() for line in cnnlab("presets", "list").stdout.splitlines()]
    assert ["mnist/lenet", "mnist", "lenet", "0.9901", "LeNet", "on", "MNIST"] in lines


def test_a_broken_preset_of_ones_own_does_not_hide_the_others(inside: Cnnlab, home: Home) -> None:
    own(home, "mine", "data.name = ")
    done = inside("presets", "list")
    assert done.returncode == 0
    assert "broken" in next(line for line in done.stdout.splitlines() if line.startswith("mine"))
    assert "mnist/lenet" in done.stdout
    listed = {
        entry["name"]: entry for entry in json.loads(inside("presets", "list", "--json").stdout)
    }
    assert "not valid TOML" in listed["mine"]["error"]
    assert listed["quickstart"]["dataset"] == "mnist-5k"


def test_what_show_prints_into_a_file_is_the_same_preset(
    cnnlab: Cnnlab, inside: Cnnlab, home: Home, tmp_path: Path
) -> None:
    for command, name in ((cnnlab, "quickstart"), (inside, "mnist/lenet")):
        copy = tmp_path / "my.toml"
        copy.write_text(command("presets", "show", name).stdout, encoding="utf-8")
        assert command("presets", "check", str(copy)).stdout == f"{copy}: ok\n"
        mine, shipped = presets.load(home, str(copy)), presets.load(home, name)
        assert mine.config == shipped.config
        assert mine.about == shipped.about


def test_show_writes_the_defaults_out_and_what_it_extends(inside: Cnnlab, home: Home) -> None:
    own(home, "mine", 'extends = "quickstart"\n[training]\nepochs = 1\n')
    shown = tomllib.loads(inside("presets", "show", "mine").stdout)
    assert "extends" not in shown
    assert shown["training"]["epochs"] == 1
    assert shown["optimizer"]["betas"] == [0.9, 0.999]
    assert "seed" not in shown["training"]


def test_show_as_json_has_words_and_config(inside: Cnnlab) -> None:
    shown = json.loads(inside("presets", "show", "mnist/lenet", "--json").stdout)
    assert shown["published"] == {"accuracy": 0.9901, "precision_macro": 0.9901}
    schedule = {"name": "exponential", "warmup_epochs": 0.0, "gamma": 0.85}
    assert shown["config"]["schedule"] == schedule
    assert shown["config"]["training"]["seed"] is None


def test_an_unknown_preset_is_answered_with_the_nearest(cnnlab: Cnnlab) -> None:
    done = cnnlab("presets", "show", "quickstrat")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Unknown preset 'quickstrat'." in done.stderr
    assert "Did you mean 'quickstart'?" in done.stderr


def test_check_goes_through_all_files_and_names_every_fault(inside: Cnnlab, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('data.name = "mnist"\nmodel = "lenet"\n', encoding="utf-8")
    bad.write_text('model = "lenett"\n[training]\nepoch = 3\n', encoding="utf-8")
    gone, study = tmp_path / "gone.toml", tmp_path / "study.toml"
    study.write_text(
        'data.name = "cifar10"\n[[rows]]\nname = "fits"\nmodel = "small-alexnet"\n'
        '[[rows]]\nname = "large"\nmodel = "alexnet"\n'
        '[[rows]]\nname = "part"\nmodel = "resnet"\nfine_tuning.parts = ["layer5"]\n',
        encoding="utf-8",
    )
    done = inside("presets", "check", str(bad), str(gone), str(good), str(study))
    assert done.returncode == 2
    assert f"{good}: ok" in done.stdout
    assert f"{bad}: data: this field is needed" in done.stderr
    assert f"{bad}: model.name: unknown name 'lenett'" in done.stderr
    assert f"{bad}: training.epoch: there is no such field." in done.stderr
    assert f"There is no preset file {gone}." in done.stderr
    assert f"{study}: row large: Pooling 3 has a 3x3 window" in done.stderr
    assert "3 of 4 presets cannot be used." in done.stderr
    study.write_text(study.read_text(encoding="utf-8").replace('"alexnet"', '"lenet"'))
    part = inside("presets", "check", str(study)).stderr
    assert "row part: fine_tuning.parts: the model has no part 'layer5'." in part
    assert "Did you mean 'layer4'?" in part


def test_schema_is_json_for_editors(cnnlab: Cnnlab) -> None:
    schema = json.loads(cnnlab("presets", "schema").stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"title", "extends", "data", "model", "training"} <= set(schema["properties"])
