"""Pretrained weights: read, fitted, or refused with words."""

from __future__ import annotations

import collections
import hashlib
import os
import urllib.error
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import torchvision
from pydantic import ValidationError
from torch import Tensor, nn

from cnnlab.config.models import AlexNet, LeNet, ResNet
from cnnlab.data.store import Dataset
from cnnlab.errors import CnnlabError, ConfigError, DataError
from cnnlab.models.build import build_model
from cnnlab.models.weights import load_weights

COLOUR = (3, 32, 32)
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def official() -> State:
    """A state dict as torchvision publishes it: ResNet-18, 1,000 classes, random numbers."""
    torch.manual_seed(5)
    model = torchvision.models.resnet18()
    for name, value in model.named_buffers():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
    return {name: value.detach() for name, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def official_file(official: State, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(official, path)
    return path


def loaded(path: Path, shape: tuple[int, int, int] = COLOUR, **fields: Any) -> nn.Module:
    """A network with the weights of a file."""
    config = ResNet(weights=str(path), **fields)
    model = build_model(config, shape, 10)
    load_weights(model, config)
    return model


def refusal(path: Path, kind: type[CnnlabError], **fields: Any) -> CnnlabError:
    with pytest.raises(kind) as caught:
        loaded(path, **fields)
    return caught.value


def assert_body(model: nn.Module, expected: State) -> None:
    state = model.state_dict()
    for name, value in expected.items():
        if not name.startswith("fc."):
            assert torch.equal(state[name], value), name


def test_a_fresh_network_needs_no_file() -> None:
    assert load_weights(build_model(LeNet(), (1, 28, 28), 10), LeNet()) is None
    assert load_weights(nn.Identity(), ResNet()) is None


def test_an_official_file_gives_all_but_its_head_of_1000_classes(
    official: State, official_file: Path
) -> None:
    config = ResNet(weights=str(official_file))
    model = build_model(config, COLOUR, 10)
    fresh = model.state_dict()["fc.weight"].clone()
    origin = load_weights(model, config)
    assert_body(model, official)
    assert torch.equal(model.state_dict()["fc.weight"], fresh)
    assert origin is not None
    assert origin.path == official_file
    assert origin.sha256 == hashlib.sha256(official_file.read_bytes()).hexdigest()
    assert not origin.head


@pytest.mark.parametrize("layers", [2, 4])
def test_another_head_stays_fresh(official: State, official_file: Path, layers: int) -> None:
    model = loaded(official_file, head_layers=layers, head_hidden=16, head_dropout=0.2)
    assert_body(model, official)
    assert model(torch.rand(2, *COLOUR)).shape == (2, 10)


def test_each_layer_of_a_head_can_have_its_width() -> None:
    model = build_model(ResNet(head_layers=3, head_hidden=(12, 8)), COLOUR, 10)
    head = model.get_submodule("fc")
    widths = [layer.out_features for layer in head.modules() if isinstance(layer, nn.Linear)]
    assert widths == [12, 8, 10]
    with pytest.raises(ValidationError, match=r"one width for each linear layer .* 2, not 3"):
        ResNet(head_layers=3, head_hidden=(12, 8, 4))


def test_a_head_that_fits_is_taken_over(official: State, tmp_path: Path) -> None:
    path = tmp_path / "cifar.pt"
    head = {"fc.weight": torch.rand(10, 512), "fc.bias": torch.rand(10)}
    torch.save({**official, **head}, path)
    config = ResNet(weights=str(path))
    model = build_model(config, COLOUR, 10)
    origin = load_weights(model, config)
    assert origin is not None
    assert origin.head
    assert torch.equal(model.state_dict()["fc.bias"], head["fc.bias"])


def test_a_grey_image_gives_what_its_three_equal_channels_gave(
    official: State, official_file: Path, few_digits: Dataset
) -> None:
    grey = torch.from_numpy(few_digits.train_images[:8]).float() / 255
    colour_network, grey_network = loaded(official_file), loaded(official_file, (1, 28, 28))
    first = grey_network.get_submodule("conv1")
    expected = colour_network.get_submodule("conv1")(grey.repeat(1, 3, 1, 1))
    torch.testing.assert_close(first(grey), expected, rtol=1e-4, atol=1e-5)
    assert_body(grey_network, {n: v for n, v in official.items() if n != "conv1.weight"})


def test_older_files_without_batch_counters_fit(official: State, tmp_path: Path) -> None:
    path = tmp_path / "older.pth"
    older = {n: v for n, v in official.items() if not n.endswith("num_batches_tracked")}
    torch.save(collections.OrderedDict(older), path, _use_new_zipfile_serialization=False)
    assert_body(loaded(path), older)


def test_safetensors_are_read_whatever_the_file_is_called(official: State, tmp_path: Path) -> None:
    path = tmp_path / "resnet18.bin"
    safetensors.torch.save_file(official, path)
    assert_body(loaded(path), official)


def test_a_checkpoint_of_a_run_holds_its_weights_under_model(
    official: State, tmp_path: Path
) -> None:
    path = tmp_path / "best.pt"
    torch.save({"format": 1, "config": "{}", "model": official, "progress": {"step": 3}}, path)
    assert_body(loaded(path), official)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"depth": 50},
            "do not fit resnet50: layer1.0.conv1.weight is 64x64x1x1 in the model and 64x64x3x3 "
            "in the file.",
        ),
        (
            {"depth": 34},
            "do not fit resnet34: layer1.2.conv1.weight is 64x64x3x3 in the model and absent "
            "in the file, which begins with conv1.weight (64x3x7x7).",
        ),
    ],
)
def test_weights_of_another_depth_name_the_first_that_differ(
    official_file: Path, fields: dict[str, Any], sentence: str
) -> None:
    error = refusal(official_file, ConfigError, **fields)
    assert error.message == f"The weights in {official_file} {sentence}"
    assert "Choose the model" in error.hint


def test_weights_that_the_model_has_no_place_for_are_refused(
    official: State, tmp_path: Path
) -> None:
    path = tmp_path / "more.pth"
    torch.save({**official, "layer1.2.conv1.weight": torch.rand(64, 64, 3, 3)}, path)
    assert refusal(path, ConfigError).message == (
        f"The weights in {path} do not fit resnet18: layer1.2.conv1.weight is absent in the model "
        "and 64x64x3x3 in the file."
    )


def test_weights_of_another_architecture_are_refused(official_file: Path) -> None:
    config = AlexNet(weights=str(official_file), first_pooling="keep")
    with pytest.raises(ConfigError, match=r"do not fit alexnet: features\.0\.weight is 64x3x11x11"):
        load_weights(build_model(config, COLOUR, 10), config)


def test_a_refused_file_leaves_the_network_as_it_was(official_file: Path) -> None:
    config = ResNet(depth=34, weights=str(official_file))
    model = build_model(config, COLOUR, 10)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ConfigError):
        load_weights(model, config)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


# Files that are none


class Payload:
    """What a hostile file would run."""

    def __reduce__(self) -> Any:
        return os.system, ("echo run > ran",)


def test_a_pickle_that_would_run_code_is_refused_by_name_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hostile.pth"
    torch.save({"conv1.weight": Payload()}, path)
    error = refusal(path, DataError)
    assert error.message == (
        f"The weights {path} hold more than tensors: {os.system.__module__}.system; reading that "
        "could run code."
    )
    assert not (tmp_path / "ran").exists()


def test_a_whole_pickled_network_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "network.pth"
    torch.save(nn.Linear(2, 2), path)
    error = refusal(path, DataError)
    assert "hold more than tensors: torch.nn.modules.linear.Linear" in error.message
    assert "torch.save(model.state_dict(), path)" in error.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 no archive",
        b"not a pickle at all",
        (100).to_bytes(8, "little") + b'{"half a header',
        bytes(range(256)) * 10,
    ],
    ids=["empty", "zip", "text", "safetensors", "bytes"],
)
def test_a_file_without_weights_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    error = refusal(path, DataError)
    assert error.message == f"{path} is not a file with weights."
    assert "state dict" in error.hint


@pytest.mark.parametrize("content", [{}, [1, 2], {"epoch": 3}, torch.rand(2), {"model": {"a": 1}}])
def test_a_file_with_something_else_is_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "other.pth"
    torch.save(content, path)
    assert refusal(path, DataError).message == f"{path} is not a file with weights."


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pth"
    assert refusal(missing, DataError).message == (
        f"The weights {missing} cannot be read: No such file or directory."
    )
    assert refusal(missing, DataError).hint == (
        'Set model.weights to a file, to "imagenet", or to "" for fresh weights.'
    )
    assert "cannot be read: Is a directory" in refusal(tmp_path, DataError).message


@pytest.mark.parametrize("word", ["imagnet", "ImageNet", "IMAGENET1K_V1"])
def test_a_misspelt_imagenet_is_asked_about(word: str) -> None:
    error = refusal(Path(word), DataError)
    assert error.message == f"The weights {word} cannot be read: No such file or directory."
    assert error.hint.startswith("Did you mean 'imagenet'? Set model.weights to a file")


def test_a_file_is_read_even_if_its_name_is_near_imagenet(
    official: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(official, "imagnet")
    assert_body(loaded(Path("imagnet")), official)


@pytest.mark.parametrize("name", ["image.pth", "folder/of/others", "checkpoint"])
def test_what_is_not_near_imagenet_is_not_asked_about(name: str) -> None:
    assert "Did you mean" not in refusal(Path(name), DataError).hint


# torchvision's own


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torch.hub."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


def test_without_a_network_the_file_to_bring_is_named(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_args: Any, **_options: Any) -> None:
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    with pytest.raises(DataError) as caught:
        load_weights(nn.Identity(), ResNet(depth=50, weights="imagenet"))
    assert caught.value.message == (
        "The weights resnet50-0676ba61.pth cannot be downloaded: no route."
    )
    assert caught.value.hint == (
        "Without a network, bring https://download.pytorch.org/models/resnet50-0676ba61.pth and "
        'set model.weights = "path/of/resnet50-0676ba61.pth".'
    )
    assert not list(hub.glob("*"))


def test_imagenet_downloads_the_v1_weights_once(
    hub: Path, official: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(url: str, path: str, hash_prefix: str, progress: bool) -> None:
        asked.append((url, hash_prefix, progress))
        torch.save(official, path)

    def checksum(_path: Path) -> str:
        return "f37072fd" + "0" * 56

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    monkeypatch.setattr("cnnlab.models.weights._sha256", checksum)
    config = ResNet(weights="imagenet")
    for _ in range(2):
        model = build_model(config, COLOUR, 10)
        origin = load_weights(model, config)
        assert_body(model, official)
    assert asked == [
        ("https://download.pytorch.org/models/resnet18-f37072fd.pth", "f37072fd", False)
    ]
    assert origin is not None
    assert origin.path == hub / "resnet18-f37072fd.pth"


def test_a_damaged_file_in_the_cache_is_not_used(hub: Path, official: State) -> None:
    hub.mkdir(parents=True)
    torch.save(official, hub / "resnet18-f37072fd.pth")
    with pytest.raises(DataError, match="are damaged: their checksum does not begin with f37072fd"):
        load_weights(nn.Identity(), ResNet(weights="imagenet"))
