"""Fine-tuning: what is frozen stays, what is not trains at its own rate, and all of it resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cnnlab.config.fine_tuning import FineTuning
from cnnlab.config.models import AlexNet, ResNet
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.data.store import Dataset
from cnnlab.errors import ConfigError, DataError
from cnnlab.events import (
    CheckpointSaved,
    EpochFinished,
    EvaluationFinished,
    Event,
    Logged,
    RunFinished,
    RunStarted,
)
from cnnlab.models.build import build_model, outline_model
from cnnlab.models.parts import part_of, parts_of
from cnnlab.training.checkpoints import load_checkpoint
from cnnlab.training.evaluation import evaluation_batch
from cnnlab.training.fine_tuning import fine_tune
from cnnlab.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]

PLAIN = {
    "name": "simple-cnn",
    "channels": 4,
    "hidden": 16,
    "linear_layers": 3,
    "batch_norm": True,
    "dropout": 0.2,
}
HEAD = {"parts": ["head"]}


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in trainer.parts.model.state_dict().items()}


def changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def tuned(config: Any, shape: tuple[int, int, int] = (3, 64, 64), **fields: Any) -> Any:
    return fine_tune(outline_model(config, shape, 10), validate(FineTuning, fields))


def test_nothing_is_frozen_unless_asked_for() -> None:
    result = tuned(ResNet())
    assert result.frozen == ()
    assert result.resting == ()
    (group,) = result.groups
    assert set(group) == {"params"}
    assert len(group["params"]) == len(list(result.model.parameters()))


def test_only_the_named_parts_require_a_gradient_and_are_optimised() -> None:
    result = tuned(ResNet(), parts=["head", "layer4"])
    assert result.trained == ("layer4", "head")
    assert result.frozen == ("stem", "layer1", "layer2", "layer3")
    parts = parts_of(result.model)
    for name, weights in result.model.named_parameters():
        assert weights.requires_grad == (part_of(name, parts) in ("layer4", "head"))
    optimised = {id(weights) for group in result.groups for weights in group["params"]}
    assert optimised == {
        id(weights) for weights in result.model.parameters() if weights.requires_grad
    }


def test_there_is_one_group_for_each_learning_rate_and_the_optimizers_own_comes_first() -> None:
    result = tuned(ResNet(), lr={"head": 0.1, "layer4": 0.01, "stem": 0.1})
    assert [group.get("lr") for group in result.groups] == [None, 0.1, 0.01]
    assert sum(len(group["params"]) for group in result.groups) == len(
        list(result.model.parameters())
    )
    # The stem's convolution and norm, and the head's weights and biases.
    assert len(result.groups[1]["params"]) == 5


def test_a_part_may_have_no_learning_rate_of_the_optimizers() -> None:
    result = tuned(AlexNet(), parts=["classifier", "head"], lr={"head": 0.1, "classifier": 0.01})
    assert [group["lr"] for group in result.groups] == [0.01, 0.1]


def test_the_statistics_of_frozen_norms_rest_and_those_of_others_do_not() -> None:
    result = tuned(ResNet(), parts=["layer3", "layer4", "head"])
    result.begin_training()
    modes = {
        name: layer.training
        for name, layer in result.model.named_modules()
        if isinstance(layer, nn.BatchNorm2d)
    }
    assert not any(on for name, on in modes.items() if name.startswith(("bn1", "layer1", "layer2")))
    assert all(on for name, on in modes.items() if name.startswith(("layer3", "layer4")))
    assert tuned(ResNet(), **HEAD, frozen_statistics=False).resting == ()


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        (
            {"parts": ["head", "layr4"]},
            "fine_tuning.parts: the model has no part 'layr4'. Did you mean 'layer4'? Its "
            "parts are stem, layer1, layer2, layer3, layer4, head.",
        ),
        (
            {"lr": {"fc": 0.1}},
            "fine_tuning.lr: the model has no part 'fc'. Its parts are stem, layer1, layer2, "
            "layer3, layer4, head.",
        ),
        (
            {"parts": ["head"], "lr": {"layer4": 0.1}},
            "fine_tuning.lr: the part 'layer4' is frozen, so it has no learning rate. Add it to "
            "fine_tuning.parts, or leave its learning rate out.",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_with_words(
    fields: dict[str, Any], sentences: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        tuned(ResNet(), **fields)
    assert str(caught.value) == sentences


def test_a_part_without_weights_leaves_nothing_to_train() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ConfigError) as caught:
        fine_tune(model, FineTuning(parts=("body",)))
    assert str(caught.value) == (
        "fine_tuning.parts: nothing is left to train, body has no weights. Name other parts, or "
        "none to train all."
    )


@pytest.mark.parametrize("lr", [0, -0.1, "fast"])
def test_a_learning_rate_that_is_none_is_refused(lr: Any) -> None:
    table = {
        "data": {"name": "mnist-5k"},
        "model": "resnet",
        "fine_tuning": {"lr": {"head": lr}},
    }
    with pytest.raises(ConfigError, match=r"fine_tuning\.lr: .* a table of numbers above 0\."):
        validate(RunConfig, table)


# Training


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_frozen_parts_keep_their_bits_and_their_statistics(
    make_trainer: MakeTrainer, optimizer: str
) -> None:
    # Weight decay would move whatever the optimizer holds.
    trainer = make_trainer(
        model=PLAIN,
        optimizer={"name": optimizer, "lr": 0.01, "weight_decay": 0.1},
        fine_tuning=HEAD,
        training={"epochs": 1},
    )
    before = state_of(trainer)
    assert isinstance(list(trainer.train())[-1], RunFinished)
    assert changed(before, state_of(trainer)) == {"linear3.weight", "linear3.bias"}


def test_statistics_of_frozen_parts_adapt_when_asked(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(
        model=PLAIN,
        fine_tuning={**HEAD, "frozen_statistics": False},
        training={"epochs": 1},
    )
    before = state_of(trainer)
    list(trainer.train())
    statistics = {
        f"norm{number}.{name}"
        for number in range(1, 5)
        for name in ("running_mean", "running_var", "num_batches_tracked")
    }
    assert changed(before, state_of(trainer)) == statistics | {"linear3.weight", "linear3.bias"}


def test_a_part_learns_at_its_own_rate(make_trainer: MakeTrainer) -> None:
    fields = {"optimizer": {"name": "sgd", "lr": 0.5}, "model": PLAIN, "training": {"epochs": 1}}
    trainer = make_trainer(**fields, fine_tuning={"lr": {"body": 1e-30}})
    before = state_of(trainer)
    list(trainer.train())
    moved = changed(before, state_of(trainer))
    assert not [name for name in moved if name.startswith("conv")]
    assert {"linear3.weight", "linear3.bias"} <= moved


def test_a_schedule_scales_every_learning_rate(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(
        optimizer={"name": "sgd", "lr": 0.01},
        schedule={"name": "exponential", "gamma": 0.5},
        fine_tuning={"lr": {"head": 0.1}},
    )
    optimizer = trainer.parts.optimizer
    assert [group["lr"] for group in optimizer.param_groups] == [0.01, 0.1]
    events = list(trainer.train())
    assert [e.lr for e in events if isinstance(e, EpochFinished)] == [0.01, 0.005]
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.0025, 0.025])


def test_the_optimizer_stays_fused_with_several_learning_rates(make_trainer: MakeTrainer) -> None:
    optimizer = make_trainer(fine_tuning={"lr": {"head": 0.1}}).parts.optimizer
    assert [group["fused"] for group in optimizer.param_groups] == [True, True]


def test_the_start_counts_all_parameters_and_the_log_those_that_train(
    make_trainer: MakeTrainer,
) -> None:
    events = list(make_trainer(fine_tuning=HEAD, training={"epochs": 1}).train())
    total = sum(w.numel() for w in make_trainer().parts.model.parameters())
    assert isinstance(events[0], RunStarted)
    assert events[0].parameters == total
    assert events[1] == Logged("info", f"Training head: 330 of {total:,} parameters; body frozen.")


def test_a_run_without_fine_tuning_logs_nothing(make_trainer: MakeTrainer) -> None:
    events = list(make_trainer(training={"epochs": 1}).train())
    told = [event.message for event in events if isinstance(event, Logged)]
    assert not [line for line in told if line.startswith(("Weights", "Training"))]


# Pretrained weights in a run


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet-18 for colour images and 1,000 classes."""
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.manual_seed(2)
    torch.save(build_model(ResNet(), (3, 32, 32), 1000).state_dict(), path)
    return path


def pretrained(path: Path, **tables: Any) -> dict[str, Any]:
    return {
        "data": {"validation": 500, "resize": 32, "interpolation": "bicubic"},
        "model": {"name": "resnet", "weights": str(path), "head_layers": 2, "head_hidden": 8},
        "fine_tuning": {"parts": ["layer4", "head"], "lr": {"layer4": 1e-4}},
        "optimizer": {"name": "adam", "lr": 0.01},
        "augmentation": [{"name": "random-crop", "padding": 2}],
        "training": {"epochs": 2, "batch_size": 25},
        **tables,
    }


def stop_after(trainer: Trainer, step: int) -> list[Event]:
    """Trains and asks for a stop while the given step is computed."""

    def stop_at_its_step(*_: Any) -> None:
        if trainer.progress.step + 1 == step:
            trainer.stop.set()

    trainer.parts.optimizer.register_step_post_hook(stop_at_its_step)
    return list(trainer.train())


def test_a_fine_tuned_run_goes_on_with_the_same_bits_and_without_its_weights_file(
    make_trainer: MakeTrainer, few_digits: Dataset, tmp_path: Path, weights_file: Path
) -> None:
    path = tmp_path / "brought.pth"
    path.write_bytes(weights_file.read_bytes())
    tables = pretrained(path)
    undisturbed = make_trainer(**tables)
    expected = list(undisturbed.train())
    origin, trained = expected[1:3]
    assert isinstance(origin, Logged)
    assert isinstance(trained, Logged)
    assert origin.message.startswith(f"Weights from {path} (sha256 ")
    assert origin.message.endswith("); the head is new.")
    assert trained.message.startswith("Training layer4, head: 8,397,")

    folder = tmp_path / "resumed"
    stopped = stop_after(make_trainer(folder, **tables), 6)
    path.unlink()
    saved = [event for event in stopped if isinstance(event, CheckpointSaved)][-1]
    config = undisturbed.parts.config
    resumed = Trainer(config, few_digits, folder, pretrained=False)
    resumed.load_state_dict(load_checkpoint(saved.path))
    went_on = list(resumed.train())

    assert not changed(state_of(undisturbed), state_of(resumed))
    final = [e for e in expected if isinstance(e, EvaluationFinished) and e.checkpoint]
    assert [e for e in went_on if isinstance(e, EvaluationFinished) and e.checkpoint] == final
    assert not [e for e in went_on if isinstance(e, Logged) and "Weights" in e.message]


def test_a_run_whose_weights_are_missing_is_not_built(
    make_trainer: MakeTrainer, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"missing\.pth cannot be read: No such file"):
        make_trainer(model={"name": "resnet", "weights": str(tmp_path / "missing.pth")})


def test_the_model_sees_resized_images_of_every_split(make_trainer: MakeTrainer) -> None:
    sizes: set[tuple[int, ...]] = set()
    trainer = make_trainer(data={"resize": [20, 36]}, training={"epochs": 1})
    trainer.parts.model.register_forward_hook(lambda _, images, __: sizes.add(images[0].shape[1:]))
    events = list(trainer.train())
    assert isinstance(events[-1], RunFinished)
    assert sizes == {(1, 20, 36)}
    flops = make_trainer(training={"epochs": 1}).parts.summary.flops
    assert trainer.parts.summary.flops < flops


@pytest.mark.parametrize(("side", "images"), [(28, 500), (64, 500), (224, 50), (96, 222)])
def test_an_evaluation_step_holds_fewer_large_images_and_never_less_than_training(
    make_trainer: MakeTrainer, side: int, images: int
) -> None:
    trainer = make_trainer(data={"resize": side}, model=PLAIN, training={"batch_size": 50})
    size = evaluation_batch(trainer.parts.data.shape, trainer.settings.batch_size)
    assert size == images
