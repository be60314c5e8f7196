"""Pretrained weights: downloaded or read from a file, and fitted into a network.

Files are read as tensors and plain values only (`weights_only=True`): a file that would run code
is refused.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cnnlab.amounts import format_shape
from cnnlab.config.models import ModelConfig, Pretrained
from cnnlab.config.models.pretrained import IMAGENET
from cnnlab.errors import ConfigError, DataError, nearest
from cnnlab.home import expanded
from cnnlab.models.packing import holds_more_than_its_size
from cnnlab.models.parts import Parts, part_of, parts_of

State = dict[str, Tensor]

_GREY, _COLOUR = 1, 3
_COUNTER = "num_batches_tracked"
"""What batch normalisation counts its batches in; older files lack it, nothing depends on it."""


@dataclass(frozen=True)
class LoadedWeights:
    """Where the weights of a network came from.

    Attributes:
        head: whether the head came from there too; otherwise it is fresh.
    """

    path: Path
    sha256: str
    head: bool


def load_weights(model: nn.Module, config: ModelConfig) -> LoadedWeights | None:
    """Puts the weights that a config names into a network on the CPU; None if it names none.

    For grey images, filters for colour images are summed over their input channels: a grey image
    gives what its three equal channels gave. A head of another shape is left fresh.

    Raises:
        DataError: the weights cannot be downloaded or read.
        ConfigError: they belong to another network.
    """
    if not isinstance(config, Pretrained) or not config.weights:
        return None
    if config.weights == IMAGENET:
        path, digest = _official(config)
    else:
        path = expanded(Path(config.weights))
        digest = _sha256(path)
    head = _fit(model, _read(path), f"The weights in {path}", config.torchvision_name)
    return LoadedWeights(path, digest, head)


# Finding and reading


def _official(config: Pretrained) -> tuple[Path, str]:
    """The file of torchvision and its checksum: from torch's cache, else downloaded into it."""
    from torchvision.models import get_model_weights

    url: str = get_model_weights(config.torchvision_name)["IMAGENET1K_V1"].url
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    beginning = path.stem.rpartition("-")[2]
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), hash_prefix=beginning, progress=False)
    # A wrong checksum is a RuntimeError.
    except (RuntimeError, OSError, HTTPException) as error:
        words = str(getattr(error, "reason", error)) or type(error).__name__
        reason = words.splitlines()[0].rstrip(".:")
        raise DataError(
            f"The weights {path.name} cannot be downloaded: {reason}.",
            f'Without a network, bring {url} and set model.weights = "path/of/{path.name}".',
        ) from error
    digest = _sha256(path)
    if not digest.startswith(beginning):
        raise DataError(
            f"The weights {path} are damaged: their checksum does not begin with {beginning}.",
            "Delete the file; it is downloaded again.",
        )
    return path, digest


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    # A path with a zero byte is a ValueError.
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        is_word = isinstance(error, FileNotFoundError) and not path.suffix
        misspelt = is_word and nearest(str(path), [IMAGENET])
        question = f"Did you mean {IMAGENET!r}? " if misspelt else ""
        raise DataError(
            f"The weights {path} cannot be read: {reason}.",
            f'{question}Set model.weights to a file, to "imagenet", or to "" for fresh weights.',
        ) from error


def _read(path: Path) -> State:
    """The state dict in a file.

    Raises:
        DataError: the file holds something else; objects that could run code are named.
    """
    try:
        with path.open("rb") as file:
            # safetensors begins with eight bytes of length and a JSON header.
            if file.read(9)[8:] == b"{":
                return load_file(path)
            if holds_more_than_its_size(file):
                raise DataError(
                    f"The weights {path} would unpack to more than the file holds.",
                    "Save them with torch.save, which packs nothing.",
                )
            return _state_dict(path, torch.load(file, map_location="cpu", weights_only=True))
    except DataError:
        raise
    # A file of another kind makes its readers raise anything.
    except Exception as error:
        wanted = re.search(r"GLOBAL ([\w.]+)", str(error))
        if wanted is None or not isinstance(error, pickle.UnpicklingError):
            raise _no_weights(path) from error
        raise DataError(
            f"The weights {path} hold more than tensors: {wanted[1]}; reading that could run code.",
            "Save the state dict alone: torch.save(model.state_dict(), path).",
        ) from error


def _state_dict(path: Path, content: Any) -> State:
    """The tensors by name; in a checkpoint of cnnlab they are under ``model``."""
    if isinstance(content, Mapping) and isinstance(content.get("model"), Mapping):
        content = content["model"]
    if not isinstance(content, Mapping) or not content:
        raise _no_weights(path)
    if not all(isinstance(value, Tensor) for value in content.values()):
        raise _no_weights(path)
    return {str(name): value for name, value in content.items()}


def _no_weights(path: Path) -> DataError:
    return DataError(
        f"{path} is not a file with weights.",
        "It must hold a state dict (torch.save or safetensors) or be a checkpoint of cnnlab.",
    )


# Fitting


def _fit(model: nn.Module, state: State, source: str, network: str) -> bool:
    """Copies a state into a network; returns whether the head fitted too."""
    own: State = model.state_dict()
    parts = parts_of(model)
    own_head, body = _split(own, parts)
    given_head, given = _split(state, parts)
    given = _for_channels(model, body, given)
    _require_fit(body, given, f"{source} do not fit {network}")
    head = _shapes(own_head) == _shapes(given_head)
    model.load_state_dict({**own, **given, **(given_head if head else {})})
    return head


def _split(state: State, parts: Parts) -> tuple[State, State]:
    """The head's weights, and the others."""
    head = {name: value for name, value in state.items() if part_of(name, parts) == "head"}
    return head, {name: value for name, value in state.items() if name not in head}


def _shapes(state: State) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in state.items()}


def _for_channels(model: nn.Module, own: State, given: State) -> State:
    """The weights with the first convolution's filters summed where images are grey."""
    first = next(name for name, part in model.named_modules() if isinstance(part, nn.Conv2d))
    name = f"{first}.weight"
    filters = given.get(name)
    if filters is None or filters.ndim != 4:
        return given
    if (own[name].shape[1], filters.shape[1]) != (_GREY, _COLOUR):
        return given
    return {**given, name: filters.sum(dim=1, keepdim=True)}


def _require_fit(own: State, given: State, sentence: str) -> None:
    """Raises a ConfigError that names the first weights that differ, with both shapes."""
    for name in [*own, *(name for name in given if name not in own)]:
        here, there = own.get(name), given.get(name)
        if here is not None and there is not None and here.shape == there.shape:
            continue
        if name.endswith(_COUNTER) and (here is None or there is None):
            continue
        begins = ""
        if there is None and given:
            first = next(iter(given))
            begins = f", which begins with {first} ({_shape(given[first])})"
        raise ConfigError(
            f"{sentence}: {name} is {_shape(here)} in the model and {_shape(there)} in the file"
            f"{begins}.",
            "Choose the model and the fields that the weights were trained with, or other weights.",
        )


def _shape(weights: Tensor | None) -> str:
    if weights is None:
        return "absent"
    return format_shape(weights.shape) or "a single number"
