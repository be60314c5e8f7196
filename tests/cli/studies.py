"""Studies that the tests of commands take."""

from __future__ import annotations

from collections.abc import Mapping

from cnnlab.home import Home

RATES = "mine/rates"


def write_rates(home: Home, rates: Mapping[str, float], *, published: float) -> None:
    """A study of learning rates, a row for each; the first has a published accuracy."""
    rows = [f'[[rows]]\nname = "{name}"\noptimizer.lr = {rate}\n' for name, rate in rates.items()]
    rows[0] += f"published = {{ accuracy = {published} }}\n"
    path = home.presets / f"{RATES}.toml"
    path.parent.mkdir(parents=True)
    fixed = 'title = "Rates"\n[data]\nname = "mnist-5k"\n[model]\nname = "lenet"\n'
    path.write_text(fixed + "".join(rows), encoding="utf-8")
