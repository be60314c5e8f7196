"""What a user does with a file from outside, by the same functions as the commands."""

from __future__ import annotations

import functools
import io
import random
from pathlib import Path

import torch
from hostile import damage
from hostile.bringing import Attempt, file_of
from hostile.damage import Wanted
from hostile.data_set_attempts import DATA_SETS
from hostile.run_attempts import RUNS
from safetensors.torch import save as save_safetensors

from cnnlab.config import presets
from cnnlab.config.models.pretrained import ResNet
from cnnlab.data import library
from cnnlab.home import Home, shipped
from cnnlab.models.build import build_model
from cnnlab.models.weights import load_weights
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.fitting import require_fit
from cnnlab.tui.settings import Settings, load_settings

# Presets and settings


def _preset(chance: random.Random) -> bytes:
    path = chance.choice(sorted(shipped("presets").rglob("*.toml")))
    return damage.damaged_text(path.read_bytes(), chance)


def _use_preset(home: Home, path: Path) -> None:
    for preset in presets.load_all(home, str(path)):
        images = library.described(home, preset.config.data.name)
        require_fit(preset.config, images.shape, len(images.classes))


def _bring_own_preset(chance: random.Random, folder: Path) -> Path:
    own = folder / "home" / "presets"
    own.mkdir(parents=True)
    (own / "mine.toml").write_bytes(_preset(chance))
    (own / "other.toml").write_text("extends = 'mine'\n")
    return own.parent


def _use_own_preset(_: Home, root: Path) -> None:
    home = Home(root)
    presets.names(home)
    presets.load(home, "other")


def _settings(chance: random.Random) -> bytes:
    return damage.damaged_text(Settings().model_dump_json(indent=1).encode(), chance)


# Checkpoints and weights


@functools.cache
def _network() -> torch.nn.Module:
    return build_model(ResNet(), (1, 32, 32), 2)


@functools.cache
def _tensors() -> dict[str, torch.Tensor]:
    return {"features.0.weight": torch.zeros(2, 2), "classifier.6.bias": torch.zeros(4)}


@functools.cache
def _checkpoint(old: bool = False) -> bytes:
    buffer = io.BytesIO()
    state = {"format": 1, "model": _tensors(), "epoch": 3, "numbers": [1.5, "text", None]}
    torch.save(state, buffer, _use_new_zipfile_serialization=not old)
    return buffer.getvalue()


def _saved(chance: random.Random) -> bytes:
    if chance.random() < 0.15:
        buffer = io.BytesIO()
        torch.save({"model": Wanted(chance.choice(("system", "mkdir", "eval")))}, buffer)
        return buffer.getvalue()
    return damage.damaged(_checkpoint(chance.random() < 0.3), chance)


def _use_weights(_: Home, path: Path) -> None:
    load_weights(_network(), ResNet(weights=str(path)))


ATTEMPTS: dict[str, Attempt] = {
    "preset": Attempt(file_of("brought.toml", _preset), _use_preset),
    "own preset": Attempt(_bring_own_preset, _use_own_preset),
    "settings": Attempt(
        file_of("settings.json", _settings), lambda _, path: load_settings(Home(path.parent))
    ),
    **DATA_SETS,
    "checkpoint": Attempt(file_of("last.pt", _saved), lambda _, path: load_checkpoint(path)),
    "weights": Attempt(file_of("weights.pt", _saved), _use_weights),
    "safetensors": Attempt(
        file_of(
            "weights.safetensors",
            lambda chance: damage.damaged(save_safetensors(_tensors()), chance),
        ),
        _use_weights,
    ),
    **RUNS,
}
