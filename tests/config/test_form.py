"""A config under edit: fields from the schema, changes, faults at their fields, own presets."""

from __future__ import annotations

import pytest

from cnnlab.config import presets
from cnnlab.config.form import Form
from cnnlab.config.form_fields import FormField, Path, as_text
from cnnlab.config.own_presets import check_preset_name, save_preset
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import field_paths
from cnnlab.errors import ConfigError
from cnnlab.home import Home

SMALLEST = {"data": {"name": "mnist-5k"}, "model": {"name": "lenet"}}


def form_of(tables: dict[str, object]) -> Form[RunConfig]:
    return Form(RunConfig, tables, tables)


def form_of_preset(home: Home, name: str) -> Form[RunConfig]:
    preset = presets.load(home, name)
    return Form(RunConfig, preset.tables, preset.config.model_dump(mode="json"))


def field_at(form: Form[RunConfig], *path: str | int) -> FormField:
    return next(field for field in form.fields() if field.path == path)


def wrong(form: Form[RunConfig]) -> dict[Path, str]:
    return form.check()[1]


def test_every_field_of_the_schema_is_in_the_form_with_its_help() -> None:
    form = form_of(SMALLEST)
    found: set[str] = set()
    for component in ("model", "optimizer", "schedule", "loss"):
        chooser = field_at(form, component)
        for name in chooser.choices:
            form.write(chooser, name)
            for field in form.fields():
                assert field.help, field.path
                assert field.accepts, field.path
                found.add(".".join(map(str, field.path)))
    components = {f"{each}.name" for each in ("model", "optimizer", "schedule", "loss")}
    tables = {"data", "training", "fine_tuning", "training.early_stopping", "training.checkpoint"}
    assert found == set(field_paths(RunConfig)) - components - tables


def test_every_shipped_preset_comes_out_of_the_form_as_it_went_in(home: Home) -> None:
    for name in presets.names(home):
        preset = presets.load(home, name)
        form = form_of_preset(home, name)
        for field in form.fields():
            if field.kind not in ("component", "components", "entry"):
                form.write(field, as_text(form.value(field)))
        assert form.check() == (preset.config, {}), name
        assert form.changes() == 0, name


def test_a_written_value_is_read_as_the_command_line_reads_it() -> None:
    form = form_of(SMALLEST)
    form.write(field_at(form, "model", "channels"), "[6, 16]")
    form.write(field_at(form, "optimizer", "lr"), " 5e-2 ")
    form.write(field_at(form, "data", "resize"), "32")
    form.write(field_at(form, "fine_tuning", "lr"), "{ head = 0.01 }")
    form.write(field_at(form, "fine_tuning", "parts"), "head")
    form.write(field_at(form, "training", "compile"), "true")
    config, faults = form.check()
    assert not faults
    assert config is not None
    assert config.model.parameters()["channels"] == (6, 16)
    assert config.optimizer.lr == 0.05
    assert config.data.resize == 32
    assert config.fine_tuning.lr == {"head": 0.01}
    assert config.fine_tuning.parts == ("head",)
    assert config.training.compile is True


def test_an_emptied_field_that_may_be_absent_is_absent() -> None:
    form = form_of({**SMALLEST, "training": {"seed": 7}, "fine_tuning": {"parts": ["head"]}})
    form.write(field_at(form, "training", "seed"), "")
    form.write(field_at(form, "fine_tuning", "parts"), "")
    config, _ = form.check()
    assert config is not None
    assert config.training.seed is None
    assert config.fine_tuning.parts == ()


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        (("optimizer", "lr"), "0.0.1", "'0.0.1' is not allowed; it must be a number above 0."),
        (("optimizer", "lr"), "", "'' is not allowed; it must be a number above 0."),
        (("model", "channels"), "[6,", "it must be a list of 2 whole numbers above 0."),
        (("training", "monitor"), "validation_los", "Did you mean 'validation_loss'?"),
        (("training", "device"), "cudda", "Did you mean 'cuda'"),
        (("optimizer",), "adm", "unknown name 'adm'. Did you mean 'adam'"),
    ],
)
def test_what_is_wrong_stands_at_its_field_with_the_nearest_name(
    path: Path, text: str, words: str
) -> None:
    form = form_of(SMALLEST)
    form.write(field_at(form, *path), text)
    faults = wrong(form)
    assert list(faults) == [path]
    assert words in faults[path]


def test_a_fault_between_fields_stands_at_their_component() -> None:
    form = form_of({**SMALLEST, "optimizer": {"name": "sgd"}})
    form.write(field_at(form, "optimizer", "nesterov"), "true")
    assert wrong(form) == {("optimizer",): "nesterov needs a momentum above 0."}


def test_a_needed_field_that_nobody_wrote_is_asked_for() -> None:
    form = form_of(SMALLEST)
    form.write(field_at(form, "schedule"), "multi-step")
    place = ("schedule", "milestones")
    assert wrong(form)[place].startswith("this field is needed")
    form.write(field_at(form, *place), "[2, 4]")
    assert not wrong(form)
    form.write(field_at(form, *place), "")
    assert wrong(form)[place].startswith("this field is needed")


def test_another_component_keeps_what_was_set_and_it_may_take() -> None:
    form = form_of({**SMALLEST, "optimizer": {"name": "sgd", "lr": 0.3, "momentum": 0.9}})
    chooser = field_at(form, "optimizer")
    form.write(chooser, "adadelta")
    assert form.tables["optimizer"] == {
        "name": "adadelta",
        "lr": 0.3,
        "rho": 0.9,
        "eps": 1e-6,
        "weight_decay": 0.0,
    }
    form.write(chooser, "sgd")
    assert form.tables["optimizer"]["momentum"] == 0.9
    assert form.changes() == 0


def test_a_value_that_the_next_component_refuses_is_not_kept() -> None:
    form = form_of(SMALLEST)
    form.write(field_at(form, "model", "channels"), "[6, 16]")
    form.write(field_at(form, "model", "hidden"), "90")
    form.write(field_at(form, "model"), "small-vgg")
    assert form.tables["model"]["channels"] == 64
    assert form.tables["model"]["hidden"] == "90"
    assert not wrong(form)


def test_changes_are_told_from_the_base_and_undone_field_by_field(home: Home) -> None:
    form = form_of_preset(home, "quickstart")
    lr = field_at(form, "optimizer", "lr")
    form.write(lr, "2e-3")
    assert not form.changed(lr), "the same number, written otherwise"
    form.write(lr, "0.1")
    assert form.changed(lr)
    assert form.base_value(lr) == 0.002
    form.reset(lr)
    assert form.changes() == 0
    form.write(field_at(form, "model"), "cifar-resnet")
    assert not form.in_base(field_at(form, "model", "depth"))
    form.reset(field_at(form, "model"))
    assert form.changes() == 0
    assert form.check()[0] == presets.load(home, "quickstart").config


def test_entries_of_a_list_are_added_moved_and_removed() -> None:
    form = form_of(SMALLEST)
    entries = field_at(form, "augmentation")
    form.add(entries, "random-crop")
    form.add(entries, "rotation")
    assert form.value(entries) == ["random-crop", "rotation"]
    form.write(field_at(form, "augmentation", 1, "degrees"), "[10, 5]")
    assert "the smallest value comes first" in wrong(form)["augmentation", 1, "degrees"]
    form.reset(field_at(form, "augmentation", 1))
    assert form.move(field_at(form, "augmentation", 1), -1)
    assert not form.move(field_at(form, "augmentation", 0), -1)
    assert form.value(entries) == ["rotation", "random-crop"]
    form.remove(field_at(form, "augmentation", 0))
    config, _ = form.check()
    assert config is not None
    assert [each.name for each in config.augmentation] == ["random-crop"]


def test_values_of_another_version_are_shown_or_told_to_be_left_out() -> None:
    tables = {
        "data": {"name": "mnist-5k", "folds": 5},
        "model": {"name": "lenett", "hidden": 3},
        "optimizer": {"lr": -1},
        "augmentation": "rotation",
    }
    form = Form(RunConfig, tables, tables)
    assert form.left_out == ["data.folds"]
    assert set(wrong(form)) == {("model",), ("optimizer", "lr")}
    form.write(field_at(form, "model"), "lenet")
    form.write(field_at(form, "optimizer", "lr"), "0.1")
    config, _ = form.check()
    assert config is not None
    assert config.augmentation[0].name == "rotation"


@pytest.mark.parametrize("origin", ["quickstart", "mnist/lenet", "chen/l2/first", None])
def test_a_saved_preset_is_read_back_as_the_same_config(home: Home, origin: str | None) -> None:
    form = form_of(SMALLEST)
    if origin is not None:
        form = form_of_preset(home, origin)
    form.write(field_at(form, "optimizer"), "adagrad")
    form.write(field_at(form, "training", "early_stopping", "patience"), "3")
    form.add(field_at(form, "augmentation"), "rotation")
    config, _ = form.check()
    assert config is not None
    save_preset(home, "my/net", config, origin)
    assert presets.load(home, "my/net").config == config


def test_a_saved_preset_extends_its_origin_and_holds_what_differs(home: Home) -> None:
    form = form_of_preset(home, "quickstart")
    form.write(field_at(form, "training", "epochs"), "3")
    config, _ = form.check()
    assert config is not None
    path = save_preset(home, "short", config, "quickstart")
    assert path.read_text() == 'extends = "quickstart"\n\n[training]\nepochs = 3\n'
    assert presets.load(home, "short").config == config


def test_a_preset_may_take_the_name_of_the_one_it_came_from(home: Home) -> None:
    form = form_of_preset(home, "quickstart")
    form.write(field_at(form, "training", "epochs"), "3")
    config, _ = form.check()
    assert config is not None
    save_preset(home, "quickstart", config, "quickstart")
    assert presets.load(home, "quickstart").config == config
    assert presets.load(home, "quickstart").path == home.presets / "quickstart.toml"


def test_a_field_that_only_the_origin_sets_is_not_inherited(home: Home) -> None:
    seeded = form_of_preset(home, "quickstart")
    seeded.write(field_at(seeded, "training", "seed"), "5")
    config, _ = seeded.check()
    assert config is not None
    save_preset(home, "seeded", config, "quickstart")
    form = form_of_preset(home, "seeded")
    form.write(field_at(form, "training", "seed"), "")
    config, _ = form.check()
    assert config is not None
    save_preset(home, "unseeded", config, "seeded")
    assert presets.load(home, "unseeded").config.training.seed is None


@pytest.mark.parametrize("name", ["", " ", "../x", "/x", "Net", "a//b", "a.toml", "a b", "x" * 200])
def test_a_name_that_no_preset_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        check_preset_name(name)
