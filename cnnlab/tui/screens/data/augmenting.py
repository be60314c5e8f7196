"""What augmentations make of an image.

torch is imported here, inside functions that run on a thread of their own. The draws come from a
generator of their own: torch's global random state belongs to a training in this process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.config import preset_files, presets
from cnnlab.config.augmentation import AugmentationConfig, Base, Strong, Stronger
from cnnlab.config.component import Component
from cnnlab.config.run import DataConfig, RunConfig
from cnnlab.data.store import Images
from cnnlab.errors import CnnlabError
from cnnlab.export.run_words import components
from cnnlab.home import Home


@dataclass(frozen=True)
class Recipe:
    """An augmentation to be shown.

    Attributes:
        key: a name of its own.
        title: where it is from.
        short: the names of its parts.
        words: its parts with their fields.
        data: how its preset resizes images before; None leaves them as they are.
    """

    key: str
    title: str
    short: str
    words: str
    parts: tuple[AugmentationConfig, ...]
    data: DataConfig | None = None


def recipes(home: Home) -> list[Recipe]:
    """The three strengths, then the augmentations of presets, each once for a study."""
    found: dict[str, Recipe] = {
        one.name: Recipe(
            one.name, one.name, _names(one.parts), components(_plain(one.parts)), (one,)
        )
        for one in (Base(), Strong(), Stronger())
    }
    for name in presets.files(home):
        try:
            for preset in presets.load_all(home, name):
                recipe = _of_preset(home, name, preset.name, preset.config)
                if recipe is not None:
                    found.setdefault(recipe.key, recipe)
        except CnnlabError:
            continue  # Another screen tells of presets that cannot be read.
    return list(found.values())


def _of_preset(home: Home, source: str, name: str, config: RunConfig) -> Recipe | None:
    if not config.augmentation:
        return None
    resize = config.data.resize
    resized = f", after resizing to {resize}" if resize else ""
    words = components(_plain(config.augmentation)) + resized
    short = _names(config.augmentation) + resized
    path = presets.file_named(home, source)
    title = source if path is not None and preset_files.is_study(path) else name
    return Recipe(f"{title}: {words}", title, short, words, config.augmentation, config.data)


def _names(parts: Sequence[Component]) -> str:
    return ", ".join(str(part.model_dump()["name"]) for part in parts)


def _plain(parts: Sequence[Component]) -> list[dict[str, object]]:
    return [part.model_dump(mode="json") for part in parts]


def draws(image: Images, recipe: Recipe, count: int, seed: int) -> list[Images]:
    """An image as a training sees it: first without the augmentation, then `count` draws of it.

    Args:
        image: uint8 (C, H, W).
    """
    import torch

    from cnnlab.data.augmentation import build_augmentations
    from cnnlab.data.resizing import size_after

    images = torch.from_numpy(image.copy())[None]
    if recipe.data is not None and recipe.data.resize is not None:
        from torchvision.transforms.v2 import InterpolationMode, functional

        height, width = images.shape[2:]
        size = size_after(recipe.data.resize, (height, width))
        mode = InterpolationMode(recipe.data.interpolation)
        images = functional.resize_image(images, list(size), mode, antialias=True)
    generator = torch.Generator().manual_seed(seed)
    changed = images.repeat(count, 1, 1, 1)
    for augmentation in build_augmentations(recipe.parts):
        changed = augmentation(changed, generator)
    return [images[0].numpy(), *changed.numpy()]
