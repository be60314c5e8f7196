"""A preset written back as TOML, complete with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit

from cnnlab.config.presets import Preset


def preset_as_toml(preset: Preset) -> str:
    """A file that gives the same config when it is read; what it extends is written out."""
    about = preset.about.model_dump(mode="json", exclude_none=True, exclude={"extends"})
    config = preset.config.model_dump(mode="json", exclude_none=True)
    if not config["augmentation"]:
        del config["augmentation"]
    words = {key: value for key, value in about.items() if value}
    return tomlkit.dumps(_with_readable_text({**words, **config}))


def _with_readable_text(table: Mapping[str, Any]) -> dict[str, Any]:
    """Texts of several lines as such, not as one line with escapes.

    A carriage return must be escaped: read as it stands, it is part of the line's end.
    """
    return {
        key: tomlkit.string(value, multiline=True)
        if isinstance(value, str) and "\n" in value and "\r" not in value
        else value
        for key, value in table.items()
    }
