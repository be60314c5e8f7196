"""The architectures a config can name, with their parameters: one module a kind of family.

Each target takes ``(shape, classes, **parameters)``: the shape of one image as
(channels, height, width), and the number of classes. To add one is to add its class to a module
here and to the union below.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cnnlab.config.models.base import Activation, Architecture
from cnnlab.config.models.plain import (
    BlockCNN,
    FullyConnected,
    LeNet,
    SimpleCNN,
    SmallAlexNet,
    SmallVGG,
)
from cnnlab.config.models.pretrained import VGG, AlexNet, Pretrained, ResNet
from cnnlab.config.models.residual import CifarResNet, SmallResNet

ModelConfig = Annotated[
    LeNet
    | SimpleCNN
    | FullyConnected
    | BlockCNN
    | SmallAlexNet
    | SmallVGG
    | CifarResNet
    | SmallResNet
    | ResNet
    | AlexNet
    | VGG,
    Field(discriminator="name"),
]

__all__ = [
    "VGG",
    "Activation",
    "AlexNet",
    "Architecture",
    "BlockCNN",
    "CifarResNet",
    "FullyConnected",
    "LeNet",
    "ModelConfig",
    "Pretrained",
    "ResNet",
    "SimpleCNN",
    "SmallAlexNet",
    "SmallResNet",
    "SmallVGG",
]
