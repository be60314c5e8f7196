"""The losses a config can name.

Each target is a module class with the fields as keyword arguments, from logits (N, classes) and
int64 labels (N,) to their mean loss; one that takes `counts` is given the number of training
images of each class. The same function is the loss on every split, smoothing and weights
included: training and validation curves then show the same quantity, and a gap between them is
generalisation.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnlab.config.component import Component

Smoothing = Annotated[float, Field(ge=0, lt=1)]


class CrossEntropy(Component):
    """Cross-entropy between the softmax of the model's output and the class."""

    target: ClassVar[str] = "torch.nn:CrossEntropyLoss"

    name: Literal["cross-entropy"] = "cross-entropy"
    label_smoothing: Smoothing = 0.0
    """Share of the target spread evenly over all classes (Szegedy et al. 2016), in training and
    in evaluation."""


class BalancedCrossEntropy(Component):
    """Cross-entropy in which each class counts the same, however many images it has.

    Each image is weighted by images / (classes * images of its class), counted in the training
    split (King and Zeng 2001; scikit-learn's "balanced").
    """

    target: ClassVar[str] = "cnnlab.training.losses:BalancedCrossEntropy"

    name: Literal["balanced-cross-entropy"] = "balanced-cross-entropy"
    label_smoothing: Smoothing = 0.0
    """Share of the target spread evenly over all classes (Szegedy et al. 2016), in training and
    in evaluation."""


LossConfig = Annotated[CrossEntropy | BalancedCrossEntropy, Field(discriminator="name")]
