"""What the names of curves mean: tags of TensorBoard and columns of CSV files, in one table.

A name is taken apart into words, such as ``val_acc``, ``Loss/train``, ``epoch_accuracy`` or
``lr-Adam``. It is known where every word is; a name with any other word, such as ``box_loss``, is
none of the curves that a history holds, and is not guessed at. So the spellings of Keras, PyTorch,
Lightning, fastai, timm and cnnlab itself are read without being listed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cnnlab.errors import ConfigError, known_name, suggestion

_QUANTITIES = {
    "loss": ("loss", "entropy", "crossentropy", "nll"),
    "accuracy": ("accuracy", "acc", "acc1", "top1"),
    "top5_accuracy": ("top5", "acc5"),
    "lr": ("lr", "lrate"),
    "precision": ("precision",),
    "recall": ("recall",),
    "f1": ("f1",),
}
_SPLITS = {
    "train": ("train", "training", "trn", "tr"),
    "validation": ("validation", "valid", "val", "dev", "eval", "evaluation"),
    "test": ("test", "testing"),
}
_GRAINS = {
    "step": ("step", "steps", "batch", "iter", "iteration", "iterations"),
    "epoch": ("epoch", "epochs"),
}
_CHECKPOINTS = {"best": ("best",), "last": ("last",)}
_SILENT = {
    *("metrics", "metric", "categorical", "sparse", "binary", "multiclass", "macro", "score"),
    *("mean", "avg", "average", "running", "current", "cross", "ce", "vs", "top", "log", "logs"),
    *("0", "1", "pg0", "pg1", "pg2", "optimizer", "adam", "adamw", "nadam", "rmsprop", "sgd"),
}
"""Words that change nothing of what a name means here."""

_WHOLE = {
    "epoch": "epoch",
    "epochs": "epoch",
    "train/epoch": "epoch",
    "step": "step",
    "steps": "step",
    "global_step": "step",
    "iter": "step",
    "iteration": "step",
    "train/global_step": "step",
    "wall time": "time",
    "wall_time": "time",
    "timestamp": "time",
    "seconds": "seconds",
    "time": "seconds",
    "epoch_time": "seconds",
    "speed/epoch_seconds": "seconds",
    "images_per_second": "images_per_second",
    "speed/images_per_second": "images_per_second",
}
"""Names that mean something as a whole: where a value belongs, and how long an epoch took."""

AXES = ("epoch", "step", "time")

_KINDS = {
    word: (kind, meaning)
    for kind, table in (
        ("quantity", _QUANTITIES),
        ("split", _SPLITS),
        ("grain", _GRAINS),
        ("checkpoint", _CHECKPOINTS),
    )
    for meaning, words in table.items()
    for word in words
}


@dataclass(frozen=True)
class Meaning:
    """What a curve is of.

    Attributes:
        quantity: loss, accuracy, lr, …; or what `_WHOLE` says.
        split: train, validation or test; empty where the name does not tell.
        grain: whether each value is of a step or of an epoch; empty where the name does not tell.
        checkpoint: best or last; empty for a value on the way.
    """

    quantity: str
    split: str = ""
    grain: str = ""
    checkpoint: str = ""

    @property
    def label(self) -> str:
        """The name of the field, as a user writes it."""
        return f"{self.split}_{self.quantity}" if self.split else self.quantity


FIELDS: dict[str, Meaning] = {
    "epoch": Meaning("epoch"),
    "step": Meaning("step"),
    "train_loss": Meaning("loss", "train"),
    "train_accuracy": Meaning("accuracy", "train"),
    "validation_loss": Meaning("loss", "validation"),
    "validation_accuracy": Meaning("accuracy", "validation"),
    "lr": Meaning("lr"),
    "seconds": Meaning("seconds"),
}
"""What a user can name a column or tag for."""


def meaning_of(name: str) -> Meaning | None:
    """What a name means by itself; None where a word of it is not known."""
    plain = name.strip()
    if plain.lower() in _WHOLE:
        return Meaning(_WHOLE[plain.lower()])
    found: dict[str, str] = {}
    for word in _words(plain):
        if word in _SILENT:
            continue
        kind, meaning = _KINDS.get(word, ("", ""))
        if not kind or not _fits(found, kind, meaning):
            return None
    if "quantity" not in found:
        return None
    quantity = found["quantity"]
    split = "" if quantity == "lr" else found.get("split", "")
    return Meaning(quantity, split, found.get("grain", ""), found.get("checkpoint", ""))


def is_split(name: str) -> bool:
    """Whether a name is that of a split, and nothing else."""
    return _KINDS.get(name.lower(), ("", ""))[0] == "split"


def _fits(found: dict[str, str], kind: str, meaning: str) -> bool:
    """Takes what a word means beside the words before it; whether they go together."""
    known = found.setdefault(kind, meaning)
    if {known, meaning} == {"accuracy", "top5_accuracy"}:
        found[kind] = "top5_accuracy"
        return True
    return known == meaning


def _words(name: str) -> list[str]:
    """The words of a name, in small letters: at signs, between them, and at capitals."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    joined = re.sub(r"learning[\W_]*rate", "lr", apart.lower())
    joined = re.sub(r"(acc|accuracy|top|prec)[\s@_-]*([15])(?![0-9])", r" top\2 ", joined)
    return [word for word in re.split(r"[\W_]+", joined) if word]


def require_names(by_hand: Mapping[str, str], names: Collection[str]) -> None:
    """Checks what a user says of names.

    Raises:
        ConfigError: there is no such field, or no such name.
    """
    for field, name in by_hand.items():
        known_name("field of a curve", field, FIELDS)
        if name not in names:
            raise ConfigError(
                f"There is no column or tag {name!r} for {field}.", suggestion(name, names)
            )


def read_names(names: Collection[str], by_hand: Mapping[str, str]) -> dict[str, Meaning]:
    """What the names of one run mean, each by itself and beside the others.

    Args:
        by_hand: names by the fields that a user gave them for; those that are not there are no
            matter.
    """
    found = {name: meaning for name in names if (meaning := meaning_of(name)) is not None}
    found = _with_splits(found)
    for field, name in by_hand.items():
        if name in names:
            said = FIELDS[field]
            found = {other: one for other, one in found.items() if one.label != said.label}
            found[name] = said
    return {name: found[name] for name in names if name in found}


def _with_splits(found: dict[str, Meaning]) -> dict[str, Meaning]:
    """The same with the splits that names leave out.

    A bare ``accuracy`` is that of training, as Keras writes it; beside a ``train_loss`` that says
    so, it is that of validation, as fastai writes it.
    """
    known = {meaning.label for meaning in found.values()}
    fastai = "train_loss" in known and "validation_accuracy" not in known
    for name, meaning in found.items():
        if meaning.quantity in _QUANTITIES and meaning.quantity != "lr" and not meaning.split:
            split = "validation" if fastai and meaning.quantity != "loss" else "train"
            found[name] = replace(meaning, split=split)
    return found
