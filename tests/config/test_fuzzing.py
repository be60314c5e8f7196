"""Whatever stands in a file or a setting: a valid config or a ConfigError, nothing else."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnlab.config import presets
from cnnlab.config.component import members
from cnnlab.config.overrides import apply_settings
from cnnlab.config.preset_files import PresetFile
from cnnlab.config.presets import Preset
from cnnlab.config.run import RunConfig
from cnnlab.config.toml import preset_as_toml
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.home import Home

few = settings(max_examples=150)


def _names() -> list[str]:
    """Every word that means something in a config: fields, and names of components."""
    words = {"0", "1", "name"}
    for name, field in PresetFile.model_fields.items():
        words.add(name)
        for component, kind in members(field.annotation).items():
            words |= {component, *kind.model_fields}
        words |= set(getattr(field.annotation, "model_fields", {}))
    return sorted(words)


words = st.sampled_from(_names())
texts = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = (
    st.none().map(lambda _: "")
    | words
    | texts
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.integers(min_value=-2, max_value=20)
    | st.floats()
    | st.dates()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | texts, inner, max_size=3),
    max_leaves=8,
)
tables = st.dictionaries(words | texts, values, max_size=6)


def load(content: bytes) -> Preset | None:
    """The preset in a preset file of this content; None if it is refused with words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.toml"
        path.write_bytes(content)
        try:
            return presets.load(Home(Path(folder)), str(path))
        except ConfigError:
            return None


@few
@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8")))
@example(b"data.name = 'mnist'\nmodel = 'lenet'")
@example(b"a" + b".a" * 3000 + b" = 1")
@example(b"training" + b".a" * 3000 + b" = 1")
def test_random_bytes_are_a_config_or_an_error_with_words(content: bytes) -> None:
    load(content)


@few
@given(tables)
def test_random_tables_are_a_config_or_an_error_with_words(table: dict[str, Any]) -> None:
    load(tomlkit.dumps(table).encode("utf-8"))


@few
@given(st.sampled_from(["model", "optimizer", "schedule", "training", "data"]), tables)
def test_a_config_with_one_random_table_is_valid_and_can_be_written_or_is_refused(
    section: str, table: dict[str, Any]
) -> None:
    whole = {"data": {"name": "mnist"}, "model": {"name": "lenet"}}
    whole[section] = {**whole.get(section, {}), **table}
    preset = load(tomlkit.dumps(whole).encode("utf-8"))
    if preset is not None:
        again = load(preset_as_toml(preset).encode("utf-8"))
        assert again is not None
        assert again.config == preset.config


paths = st.lists(words | texts, min_size=1, max_size=4).map(".".join)
setting_values = scalars.map(str) | values.map(repr) | texts


@few
@given(st.lists(st.builds("{}={}".format, paths, setting_values) | texts, max_size=4))
@example(["model.hidden=" + "9" * 5000])
@example(["model=[" + "[" * 3000])
@example(["optimizer={lr=1}", "optimizer.lr.x=2"])
def test_random_settings_are_applied_or_refused_with_words(changes: Sequence[str]) -> None:
    base = {"data": {"name": "mnist"}, "model": "lenet", "augmentation": ["random-crop"]}
    with contextlib.suppress(ConfigError):
        validate(RunConfig, apply_settings(base, changes))
