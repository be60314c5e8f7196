"""Studies that a user wrote."""

from __future__ import annotations

from cnnlab.config import studies
from cnnlab.config.studies import Study
from cnnlab.home import Home


def own_study(home: Home, text: str, name: str = "rates") -> Study:
    """The study of a preset file with this text."""
    path = home.presets / f"{name}.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return studies.load(home, name)
