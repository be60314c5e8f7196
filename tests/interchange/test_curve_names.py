"""What the names of columns and tags mean, in the spellings of many programs."""

from __future__ import annotations

import pytest

from cnnlab.interchange.curve_names import Meaning, meaning_of


@pytest.mark.parametrize(
    ("names", "meaning"),
    [
        (("loss",), Meaning("loss")),
        (("train_loss", "Loss/train", "trainLoss", "training loss"), Meaning("loss", "train")),
        (("val_acc", "Accuracy/val", "eval_top1", "valid/acc@1", "validation_Accuracy",
          "val_sparse_categorical_accuracy"), Meaning("accuracy", "validation")),
        (("train_loss_step",), Meaning("loss", "train", "step")),
        (("epoch_accuracy",), Meaning("accuracy", "", "epoch")),
        (("evaluation_loss_vs_iterations",), Meaning("loss", "validation", "step")),
        (("lr", "learning_rate", "LearningRate", "lr-Adam", "lr-SGD/pg1", "train/learning_rate"),
         Meaning("lr")),
        (("val_top5", "val/acc@5", "validation/top5_accuracy"),
         Meaning("top5_accuracy", "validation")),
        (("test_last/precision",), Meaning("precision", "test", "", "last")),
    ],
)  # fmt: skip
def test_the_spellings_of_many_programs_are_known(names: tuple[str, ...], meaning: Meaning) -> None:
    for name in names:
        assert meaning_of(name) == meaning, name


@pytest.mark.parametrize(
    "name", ["box_loss", "hp_metric", "gradient norm", "train_val_loss", "accuracy loss", "", "val"]
)
def test_names_with_another_word_are_not_guessed_at(name: str) -> None:
    assert meaning_of(name) is None
