"""Studies: files with rows, and the catalogue of the five reports that cnnlab ships."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from cnnlab.config import presets, studies
from cnnlab.config.differences import differing, fields_in
from cnnlab.config.studies import Study
from cnnlab.config.toml import preset_as_toml
from cnnlab.data.catalog import KNOWN
from cnnlab.errors import ConfigError
from cnnlab.home import Home, shipped

NOWHERE = Home(Path("/nowhere"))
SHIPPED = studies.names(NOWHERE)

SMALL = """
title = "Rates"
assumed = ["training.batch_size"]
[data]
name = "mnist-5k"
[model]
name = "lenet"
[[rows]]
name = "slow"
title = "a slow one"
published = { accuracy = 0.9 }
optimizer.lr = 0.001
[[rows]]
name = "fast"
assumed = ["optimizer.momentum"]
optimizer = { name = "sgd", lr = 0.1, momentum = 0.9 }
"""


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Study]:
    """Every study that is shipped."""
    return {name: studies.load(NOWHERE, name) for name in SHIPPED}


def own(home: Home, text: str, name: str = "mine/rates") -> Path:
    path = home.presets / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(home: Home, text: str) -> str:
    own(home, text)
    with pytest.raises(ConfigError) as caught:
        studies.load(home, "mine/rates")
    return str(caught.value)


# The format


def test_rows_lie_over_what_they_share(home: Home) -> None:
    own(home, SMALL)
    study = studies.load(home, "mine/rates")
    slow, fast = study.rows
    assert (study.report, study.about.title) == ("mine", "Rates")
    assert (slow.title, fast.title) == ("a slow one", "fast")
    assert slow.preset.config.optimizer.name == "adam"
    assert fast.preset.config.optimizer.parameters()["momentum"] == 0.9
    assert slow.preset.config.data == fast.preset.config.data
    assert slow.words.published.accuracy == 0.9
    assert fast.preset.about.assumed == ("training.batch_size", "optimizer.momentum")


def test_a_row_is_a_preset_of_its_own(home: Home) -> None:
    own(home, SMALL)
    preset = presets.load(home, "mine/rates/slow")
    assert preset == studies.load(home, "mine/rates").rows[0].preset
    assert preset.name == "mine/rates/slow"
    assert preset.about.title == "Rates: a slow one"


def test_a_study_can_be_a_file_anywhere(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "here.toml"
    path.write_text(SMALL, encoding="utf-8")
    study = studies.load(home, str(path))
    assert [row.preset.name for row in study.rows] == ["here/slow", "here/fast"]
    assert presets.load(home, f"{path}/fast").config == study.rows[1].preset.config


def test_a_study_is_the_same_however_its_path_is_spelt(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.toml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    inside = own(home, SMALL, "mine/rates")
    spellings = {"here.toml": "here", "./here.toml": "here", str(inside): "mine/rates"}
    for spelling, name in spellings.items():
        study = studies.load(home, spelling)
        assert [row.preset.name for row in study.rows] == [f"{name}/slow", f"{name}/fast"]
        assert presets.load(home, f"{spelling}/fast").name == f"{name}/fast"


def test_a_study_extends_what_another_shares_and_assumes(home: Home) -> None:
    own(home, SMALL, "mine/base")
    own(home, 'extends = "base.toml"\nassumed = ["model.hidden"]\n[[rows]]\nname = "only"\n')
    (row,) = studies.load(home, "mine/rates").rows
    assert row.preset.config.model.name == "lenet"
    assert row.preset.about.assumed == ("model.hidden", "training.batch_size")


def test_what_a_study_says_itself_is_assumed_no_longer(home: Home) -> None:
    own(home, SMALL, "mine/base")
    base = 'extends = "base.toml"\n'
    sizes = "".join(f'[[rows]]\nname = "b{n}"\ntraining.batch_size = {n}\n' for n in (16, 32))
    own(home, base + sizes)
    assert studies.load(home, "mine/rates").about.assumed == ()
    own(home, base + "[training]\nbatch_size = 8\n[[rows]]\nname = 'only'\n")
    assert studies.load(home, "mine/rates").about.assumed == ()
    own(home, base + sizes + "[[rows]]\nname = 'open'\n")
    assert studies.load(home, "mine/rates").about.assumed == ("training.batch_size",)


def test_what_is_no_study_is_told_what_it_is(home: Home) -> None:
    own(home, "[[rows]\n")
    with pytest.raises(ConfigError, match=r"rates\.toml is not valid TOML: .*line 1"):
        studies.load(home, "mine/rates")
    with pytest.raises(ConfigError, match="chen is a report, no study") as report:
        studies.load(home, "chen")
    assert report.value.hint == "See `cnnlab study list --report chen`."
    with pytest.raises(ConfigError, match="chen/width is one") as row:
        studies.load(home, "chen/width/channels-10")
    assert "cnnlab study show chen/width" in row.value.hint


def test_a_study_says_how_its_source_shortens_figures(home: Home) -> None:
    own(home, SMALL, "mine/base")
    assert studies.load(home, "mine/base").about.figures == "rounded"
    own(home, 'figures = "cut"\nextends = "base.toml"\n[[rows]]\nname = "only"\n')
    study = studies.load(home, "mine/rates")
    assert (study.about.figures, study.rows[0].preset.about.figures) == ("cut", "cut")
    assert 'figures = "cut"\n' in preset_as_toml(study.rows[0].preset)
    assert "figures" not in preset_as_toml(studies.load(home, "mine/base").rows[0].preset)
    # It is said of the figures that a file prints itself.
    own(home, 'extends = "rates.toml"\n[[rows]]\nname = "only"\n', "mine/more")
    assert studies.load(home, "mine/more").about.figures == "rounded"
    words = refusal(home, SMALL.replace("title", 'figures = "cutt"\ntitle', 1))
    assert "figures: 'cutt' is not allowed; use rounded or cut. Did you mean 'cut'?" in words


def test_an_assumed_field_that_a_row_has_not_is_not_listed_for_it(home: Home) -> None:
    own(home, SMALL.replace("training.batch_size", "optimizer.momentum", 1))
    slow, fast = studies.load(home, "mine/rates").rows
    assert slow.preset.about.assumed == ()
    assert fast.preset.about.assumed == ("optimizer.momentum",)


def test_studies_and_presets_are_listed_apart(home: Home) -> None:
    own(home, SMALL)
    assert "mine/rates" in studies.names(home)
    assert "mine/rates" not in presets.names(home)
    assert "quickstart" not in studies.names(home)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("lr = 0.001", "lrr = 0.001"), "row slow: optimizer.lrr"),
        (("lr = 0.001", 'lr = "x"'), "row slow: optimizer.lr"),
        (('name = "slow"', 'name = "Slow One"'), "row 1: name"),
        (('name = "slow"\n', ""), "row 1: name: this field is needed"),
        (('name = "slow"', 'name = "fast"'), "two rows named 'fast'"),
        (("optimizer.lr", "optimiser.lr"), "row 1: optimiser: there is no such field"),
        (("accuracy = 0.9", "acuracy = 0.9"), "Did you mean 'accuracy'"),
        (("accuracy = 0.9", "accuracy = 90"), "from 0 to 1"),
        (('name = "mnist-5k"', 'nam = "mnist-5k"'), "row slow: data.nam"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_what_is_wrong_with_a_row_is_named(home: Home, change: tuple[str, str], words: str) -> None:
    assert words in refusal(home, SMALL.replace(*change, 1))


@pytest.mark.parametrize("rows", ["rows = 3", "rows = [1]", "rows = []"])
def test_rows_that_are_none_are_refused(home: Home, rows: str) -> None:
    assert "rows" in refusal(home, f'{rows}\n[data]\nname = "mnist"\n[model]\nname = "lenet"\n')


def test_a_study_is_no_preset_and_a_preset_no_study(home: Home) -> None:
    own(home, SMALL)
    with pytest.raises(ConfigError, match="is a study") as caught:
        presets.load(home, "mine/rates")
    assert "cnnlab run mine/rates/slow" in caught.value.hint
    with pytest.raises(ConfigError, match="no study"):
        studies.load(home, "quickstart")
    with pytest.raises(ConfigError, match=r"Unknown row of mine/rates 'slo'\. Did you mean 'slow'"):
        presets.load(home, "mine/rates/slo")
    with pytest.raises(ConfigError, match="Did you mean 'mine/rates'"):
        studies.load(home, "mine/rate")
    both = presets.load_all(home, "mine/rates")
    assert [preset.name for preset in both] == ["mine/rates/slow", "mine/rates/fast"]
    assert [preset.name for preset in presets.load_all(home, "quickstart")] == ["quickstart"]


def test_chosen_rows_keep_their_order_and_unknown_ones_are_named(home: Home) -> None:
    own(home, SMALL)
    study = studies.load(home, "mine/rates")
    assert [row.name for row in study.chosen(["fast", "slow"])] == ["slow", "fast"]
    assert study.chosen([]) == study.rows
    with pytest.raises(ConfigError, match="'fst'"):
        study.chosen(["fst"])


def test_configs_differ_in_what_they_compute_not_in_where(home: Home) -> None:
    slow = presets.load(home, "quickstart")
    moved = slow.with_settings(["training.seed=3", "training.device=cpu", "data.residence=host"])
    assert differing([slow.config, moved]) == []
    other = slow.with_settings(["optimizer=sgd", "training.epochs=3"])
    assert differing([slow.config, other])[:3] == [
        "optimizer.name", "optimizer.lr", "optimizer.betas",
    ]  # fmt: skip
    asked = ("training.early_stopping", "optimizer.momentum")
    assert fields_in(slow.config, asked) == ("training.early_stopping",)


# The catalogue


def test_the_catalogue_has_every_experiment_of_the_five_reports() -> None:
    rows = {name: len(studies.load(NOWHERE, name).rows) for name in SHIPPED}
    reports = Counter(name.partition("/")[0] for name in SHIPPED)
    assert set(reports) == {"arati", "chen", "giuliani", "park", "zhang"}
    assert [rows[f"arati/table-{number}"] for number in range(1, 8)] == [6, 7, 9, 11, 6, 5, 6]
    assert rows["giuliani/mnist"] == 18
    assert (rows["giuliani/cifar10"], rows["giuliani/cifar10-augmented"]) == (5, 7)
    assert (rows["giuliani/fine-tuning"], rows["giuliani/fine-tuning-224"]) == (6, 9)
    chen = {name: rows[f"chen/{name}"] for name in ("l2", "optimizers", "width", "resnet")}
    assert chen == {"l2": 4, "optimizers": 3, "width": 4, "resnet": 4}
    assert rows["park/alexnet-mnist"] == rows["park/alexnet-cifar10"] == 5
    assert rows["park/resnets-cifar10"] == 5
    zhang = ("activations", "weight-decay", "channels", "optimizers")
    assert [rows[f"zhang/{name}"] for name in zhang] == [3, 4, 3, 4]


def test_figures_are_cut_where_the_code_that_a_report_links_cuts_them(
    catalogue: dict[str, Study],
) -> None:
    """It prints `100 * correct // total`, but for the fine-tuning of tables 6 and 7."""
    cut = [name for name, study in catalogue.items() if study.about.figures == "cut"]
    assert cut == [f"arati/table-{number}" for number in range(1, 6)]
    assert presets.load(NOWHERE, "cifar10/simple-cnn").about.figures == "cut"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_study_says_what_it_is_and_where_it_stands(
    catalogue: dict[str, Study], name: str
) -> None:
    study = catalogue[name]
    assert study.about.title
    assert study.about.description
    assert study.about.source.lower().startswith(study.report)


@pytest.mark.parametrize("name", SHIPPED)
def test_rows_differ_and_assume_fields_that_they_have(
    catalogue: dict[str, Study], name: str
) -> None:
    study = catalogue[name]
    for row in study.rows:
        for field in row.words.assumed:
            assert fields_in(row.preset.config, [field]), f"{row.preset.name}: {field}"
        for figure in ("class_precision", "train_class_precision"):
            values = getattr(row.words.published, figure)
            classes = len(KNOWN[row.preset.config.data.name].classes)
            assert values is None or len(values) == classes
    for field in tomllib.loads(study.path.read_text(encoding="utf-8")).get("assumed", ()):
        assert any(fields_in(row.preset.config, [field]) for row in study.rows), field
    configs = [row.preset.config for row in study.rows]
    for index, config in enumerate(configs):
        assert all(differing([config, other]) for other in configs[index + 1 :])


def test_no_preset_file_is_left_out_of_the_catalogue() -> None:
    folder = shipped("presets")
    found = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.toml")}
    assert found == {*presets.names(NOWHERE), *SHIPPED}
