"""torchvision's networks for our images and classes: channels, sizes, heads, parts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.config.component import members
from cnnlab.config.models import VGG, AlexNet, LeNet, ModelConfig, Pretrained, ResNet, SimpleCNN
from cnnlab.config.validation import validate
from cnnlab.errors import ConfigError
from cnnlab.models.build import build_model, outline_model
from cnnlab.models.head import build_head
from cnnlab.models.inspection import inspect_model
from cnnlab.models.parts import part_of, parts_of

NETWORKS: list[Pretrained] = [
    *(ResNet(depth=depth) for depth in (18, 34, 50, 101)),
    *(VGG(depth=depth, batch_norm=norm) for depth in (11, 16) for norm in (False, True)),
    AlexNet(),
]
every_network = pytest.mark.parametrize("config", NETWORKS, ids=lambda c: c.torchvision_name)


def own_outline(config: Pretrained, classes: int) -> Any:
    """The network of torchvision itself on the meta device."""
    with torch.device("meta"):
        return getattr(torchvision.models, config.torchvision_name)(num_classes=classes)


@every_network
def test_the_weights_have_torchvisions_names_and_shapes(config: Pretrained) -> None:
    ours = outline_model(config, (3, 224, 224), 10).state_dict()
    theirs = own_outline(config, 10).state_dict()
    assert {name: value.shape for name, value in ours.items()} == {
        name: value.shape for name, value in theirs.items()
    }


@every_network
@pytest.mark.parametrize("shape", [(1, 64, 72), (3, 70, 64)], ids=["grey", "colour"])
def test_grey_and_colour_images_of_other_sizes_fit(
    config: Pretrained, shape: tuple[int, int, int]
) -> None:
    model = outline_model(config, shape, 7)
    summary = inspect_model(model, shape)
    assert summary.layers[0].kind == "Conv2d"
    assert summary.layers[-1].output_shape == (7,)
    first = next(layer for layer in model.modules() if isinstance(layer, nn.Conv2d))
    assert first.in_channels == shape[0]


def test_the_counts_of_resnet18_for_imagenet_are_the_published_ones() -> None:
    summary = inspect_model(outline_model(ResNet(), (3, 224, 224), 1000), (3, 224, 224))
    assert summary.parameters == 11_689_512
    assert summary.flops == pytest.approx(2 * 1.814e9, rel=1e-3)


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (ResNet(), (1, 28, 28)),
        (AlexNet(first_pooling="keep", head_layers=2), (3, 32, 32)),
    ],
)
def test_images_become_logits_and_the_gradient_reaches_every_weight(
    config: ModelConfig, shape: tuple[int, int, int]
) -> None:
    model = build_model(config, shape, 10)
    logits = model(torch.rand(2, *shape))
    assert logits.shape == (2, 10)
    nn.functional.cross_entropy(logits, torch.tensor([1, 2])).backward()
    assert all(weights.grad is not None for weights in model.parameters())


def test_a_new_first_convolution_is_drawn_as_torchvision_draws_it() -> None:
    torch.manual_seed(1)
    grey = build_model(ResNet(), (1, 32, 32), 10).get_submodule("conv1").weight
    assert isinstance(grey, torch.Tensor)
    assert grey.std().item() == pytest.approx((2 / (64 * 49)) ** 0.5, rel=0.05)


@pytest.mark.parametrize(
    ("config", "shape", "sentences"),
    [
        (
            AlexNet(),
            (3, 32, 32),
            "Pooling 3 has a 3x3 window, but its input is only 1x1. Images must be 63x63 or more "
            "(data.resize), or 31x31 with model.first_pooling = 'keep'.",
        ),
        (
            AlexNet(first_pooling="keep"),
            (1, 28, 28),
            "Pooling 3 has a 3x3 window, but its input is only 2x2. Images must be 31x31 or more; "
            "data.resize enlarges them.",
        ),
        (
            AlexNet(),
            (3, 5, 224),
            "Convolution 1 has a 11x11 kernel, but its input is only 5x224 (9x228 with its "
            "padding). Images must be 63x63 or more (data.resize), or 31x31 with "
            "model.first_pooling = 'keep'.",
        ),
        (
            VGG(),
            (1, 28, 28),
            "Pooling 5 has a 2x2 window, but its input is only 1x1. Images must be 32x32 or more; "
            "data.resize enlarges them.",
        ),
    ],
)
def test_images_that_are_too_small_are_refused_with_layer_and_sizes(
    config: ModelConfig, shape: tuple[int, int, int], sentences: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build_model(config, shape, 10)
    assert str(caught.value) == sentences


@pytest.mark.parametrize(
    ("config", "side"),
    [
        (AlexNet(), 63),
        (AlexNet(first_pooling="keep"), 31),
        (AlexNet(first_pooling="none"), 31),
        (VGG(), 32),
        (ResNet(), 1),
    ],
)
def test_the_smallest_images_that_are_said_to_fit_do(config: ModelConfig, side: int) -> None:
    outline_model(config, (3, side, side), 10)
    if side > 1:
        with pytest.raises(ConfigError):
            outline_model(config, (3, side - 1, side - 1), 10)


def test_alexnets_first_pooling_is_halved_kept_or_left_out() -> None:
    sizes = {}
    for first_pooling in ("halve", "keep", "none"):
        config = validate(AlexNet, {"first_pooling": first_pooling})
        layers = inspect_model(outline_model(config, (3, 64, 64), 10), (3, 64, 64)).layers
        sizes[first_pooling] = next(x.output_shape for x in layers if x.name == "features.2")
    assert sizes == {"halve": (64, 7, 7), "keep": (64, 15, 15), "none": (64, 15, 15)}


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_head_is_linear_layers_with_leaky_relu_and_dropout_between(
    layers: int, dropout: float
) -> None:
    head = build_head(20, 5, layers, 8, dropout)
    kinds = [type(layer).__name__ for layer in head.modules() if not list(layer.children())]
    between = ["LeakyReLU", "Dropout"] if dropout else ["LeakyReLU"]
    assert kinds == ["Linear", *[*between, "Linear"] * (layers - 1)]
    assert head(torch.rand(3, 20)).shape == (3, 5)
    linear = [layer for layer in head.modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] == [20, *[8] * (layers - 1)]


@pytest.mark.parametrize(
    ("config", "place"), [(ResNet(), "fc"), (VGG(depth=11), "classifier.6")], ids=["resnet", "vgg"]
)
def test_the_head_stands_where_the_last_linear_layer_stood(config: Any, place: str) -> None:
    longer = config.model_copy(update={"head_layers": 3, "head_hidden": 12, "head_dropout": 0.5})
    head = outline_model(longer, (3, 64, 64), 10).get_submodule(place)
    linear = [layer for layer in head.children() if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [12, 12, 10]
    single = outline_model(config, (3, 64, 64), 10).get_submodule(place)
    assert isinstance(single, nn.Linear)


@pytest.mark.parametrize("fields", [{"head_layers": 0}, {"head_layers": 5}, {"depth": 20}])
def test_a_field_out_of_its_range_is_refused(fields: dict[str, Any]) -> None:
    (name,) = fields
    with pytest.raises(ConfigError, match=f"^{name}: "):
        validate(ResNet, fields)


def test_a_depth_may_come_as_text_from_the_command_line() -> None:
    assert validate(ResNet, {"depth": "50"}).depth == 50
    assert validate(VGG, {"depth": "11"}).depth == 11
    with pytest.raises(ConfigError, match="depth: 20 is not allowed; use 18, 34, 50 or 101"):
        validate(ResNet, {"depth": "20"})


# Parts


@pytest.mark.parametrize("kind", members(ModelConfig).values(), ids=list(members(ModelConfig)))
def test_every_weight_of_every_model_is_in_one_of_its_parts(kind: type[Any]) -> None:
    model = outline_model(kind(), kind.usual_shape, 10)
    parts = parts_of(model)
    found = [part_of(name, parts) for name, _ in model.named_parameters()]
    assert None not in found
    assert "head" in found
    if issubclass(kind, Pretrained):
        assert list(dict.fromkeys(found)) == list(parts)


def test_a_model_that_names_no_parts_has_a_body_and_its_last_linear_layer() -> None:
    model = outline_model(LeNet(), (1, 28, 28), 10)
    parts = parts_of(model)
    head = {name for name, _ in model.named_parameters() if part_of(name, parts) == "head"}
    assert list(parts) == ["body", "head"]
    assert head == {"linear2.weight", "linear2.bias"}


def test_without_a_linear_layer_the_head_is_the_last_layer_with_weights() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 10, 1), nn.Flatten())
    assert parts_of(model)["head"] == ("2",)


def test_a_part_is_found_by_whole_words_of_its_name() -> None:
    parts = {"first": ("layer1",), "rest": ("layer10", "layer1.head")}
    assert part_of("layer1.0.weight", parts) == "first"
    assert part_of("layer10.0.weight", parts) == "rest"
    assert part_of("layer1.head.bias", parts) == "rest"
    assert part_of("layer2.weight", parts) is None


def test_the_origin_of_the_weights_is_no_field_of_the_network() -> None:
    assert "weights" not in ResNet(weights="imagenet").parameters()
    assert "channels" in SimpleCNN().parameters()
