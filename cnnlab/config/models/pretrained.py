"""torchvision's networks, fresh or with pretrained weights: what a config can say of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from cnnlab.config.models.base import (
    Architecture,
    Dropout,
    ImageShape,
    NumberFromText,
    Widths,
    check_widths,
)

IMAGENET = "imagenet"
"""What `weights` calls torchvision's weights IMAGENET1K_V1."""

HeadLayers = Annotated[int, Field(ge=1, le=4)]

ResNetDepth = Annotated[Literal[18, 34, 50, 101], NumberFromText]
VGGDepth = Annotated[Literal[11, 16], NumberFromText]


class Pretrained(Architecture):
    """A network of torchvision, whose last linear layer is replaced by a head for our classes."""

    usual_shape: ClassVar[ImageShape] = (3, 224, 224)

    weights: str = ""
    """Where the weights come from: empty for fresh ones; `imagenet` for torchvision's
    IMAGENET1K_V1, trained on ImageNet; or the path of a file (a state dict, safetensors, or a
    checkpoint of cnnlab)."""
    head_layers: HeadLayers = 1
    """Number of linear layers in the head, the last one (to the classes) included."""
    head_hidden: Widths = 256
    """Width of each linear layer of the head but the last: one number for all, or a list."""
    head_dropout: Dropout = 0.0
    """Probability to drop a unit between the linear layers of the head."""

    @field_validator("weights")
    @classmethod
    def _no_blanks_around(cls, weights: str) -> str:
        return weights.strip()

    @model_validator(mode="after")
    def _head_has_one_width_a_layer(self) -> Self:
        check_widths("head_hidden", self.head_hidden, self.head_layers)
        return self

    @property
    @abstractmethod
    def torchvision_name(self) -> str:
        """What `torchvision.models` calls the network."""

    def parameters(self) -> dict[str, Any]:
        """The fields that the network is built from: all but the origin of its weights."""
        return {field: value for field, value in super().parameters().items() if field != "weights"}


class ResNet(Pretrained):
    """ResNet for ImageNet (He et al. 2016), from torchvision; takes images of any size.

    Parts for fine-tuning: stem, layer1, layer2, layer3, layer4, head. The head's linear layers
    have LeakyReLU and dropout between them.
    """

    target: ClassVar[str] = "cnnlab.models.torchvision_models:resnet"

    name: Literal["resnet"] = "resnet"
    depth: ResNetDepth = 18
    """Number of layers with weights."""

    @property
    def torchvision_name(self) -> str:
        """What `torchvision.models` calls the network."""
        return f"resnet{self.depth}"


class AlexNet(Pretrained):
    """AlexNet (Krizhevsky 2014), from torchvision; needs images of 63x63 or more.

    With another first pooling images of 31x31 fit. Parts for fine-tuning: features, classifier
    (the linear layers before the head), head. The head's linear layers have LeakyReLU and
    dropout between them.
    """

    target: ClassVar[str] = "cnnlab.models.torchvision_models:alexnet"

    name: Literal["alexnet"] = "alexnet"
    first_pooling: Literal["halve", "keep", "none"] = "halve"
    """First max pooling, with a 3x3 window: `halve` is AlexNet's own, with stride 2; `keep` has
    stride 1 and padding 1, so the size stays and images of 32x32 fit; `none` leaves it out."""

    @property
    def torchvision_name(self) -> str:
        """What `torchvision.models` calls the network."""
        return "alexnet"


class VGG(Pretrained):
    """VGG (Simonyan and Zisserman 2015), from torchvision; needs images of 32x32 or more.

    Parts for fine-tuning: features, classifier (the linear layers before the head), head. The
    head's linear layers have LeakyReLU and dropout between them.
    """

    target: ClassVar[str] = "cnnlab.models.torchvision_models:vgg"

    name: Literal["vgg"] = "vgg"
    depth: VGGDepth = 16
    """Number of layers with weights."""
    batch_norm: bool = False
    """Batch normalisation after each convolution."""

    @property
    def torchvision_name(self) -> str:
        """What `torchvision.models` calls the network."""
        return f"vgg{self.depth}{'_bn' if self.batch_norm else ''}"
