"""The tidy tables of what was measured: steps, epochs, evaluations, classes, confusions."""

from __future__ import annotations

from cnnlab.events import CHECKPOINTS, SPLITS
from cnnlab.export.tidy.columns import Column, TidyTable
from cnnlab.history.origins import COUNTS_EPOCHS_ALONE, IS_DATED

RUN_ID = Column("run_id", "text", "Id of the run")

STAGES = ("during", "end", "after")

_SHARE = "from 0 to 1"


def share(name: str, what: str, *, sql: str = "", empty: bool = False) -> Column:
    """A column of shares."""
    return Column(name, "number", f"{what}, {_SHARE}", sql=sql, empty=empty)


def known_steps(sql: str) -> str:
    """A count of steps as SQL, empty where nobody told it; `runs` has the row of the run."""
    return f"iif({COUNTS_EPOCHS_ALONE}, null, {sql})"


NOT_TOLD = "none for imported curves that count epochs alone"

_STEP = Column("step", "integer", "Optimizer updates since the start of the run")
_EPOCH = Column("epoch", "integer", "Epoch, counted from 1; 0 before the first step")
_LR = Column(
    "lr",
    "number",
    "Learning rate; of several parameter groups, that of the first; none if not known",
    empty=True,
)

STEPS = TidyTable(
    "steps",
    "an optimizer update",
    (
        RUN_ID,
        Column("step", "integer", "Number of the update, counted from 1 over the whole run"),
        Column("epoch", "integer", "Epoch that the update belongs to, counted from 1"),
        Column("loss", "number", "Mean loss of the batch; none where it was no number",
               empty=True),
        share("accuracy", "Share of the batch that was classified rightly", empty=True),
        _LR,
    ),
    rows="steps",
    of_run="run_id",
    own="steps",
    key=("run_id", "step"),
    order="step",
)  # fmt: skip

EPOCHS = TidyTable(
    "epochs",
    "an epoch",
    (
        RUN_ID,
        Column("epoch", "integer", "Number of the epoch, counted from 1"),
        Column("step", "integer", "Optimizer updates since the start of the run, at its end; "
               f"{NOT_TOLD}", sql=known_steps("epochs.step"), empty=True),
        Column("train_loss", "number", "Mean loss over the training images, as they were trained"
               " on", empty=True),
        share("train_accuracy", "Accuracy on the training images, as they were trained on",
              empty=True),
        Column("validation_loss", "number", "Mean loss over the validation images", empty=True),
        share("validation_accuracy", "Accuracy on the validation images", empty=True),
        Column("lr", "number", "Learning rate of its last step; of several parameter groups,"
               " that of the first; none if not known", empty=True),
        Column("seconds", "number", "Time that it took, validations included; none if not known",
               "s", empty=True),
        Column("images_per_second", "number", "Training images in a second, without the time of"
               " validations; none if not known", "1/s", empty=True),
    ),
    rows="epochs join runs on runs.id = epochs.run_id",
    of_run="epochs.run_id",
    own="epochs",
    key=("run_id", "epoch"),
    order="epochs.epoch",
)  # fmt: skip

_EVALUATION_ID = Column(
    "evaluation_id", "integer", "Number of the evaluation in this history", sql="evaluations.id"
)
_OF_WHAT = (
    Column("stage", "text", "When it was made: during the run (a validation on the way), at its"
           " end (with a checkpoint), or after it (by `cnnlab evaluate`)",
           sql="case when evaluations.dataset is not null then 'after'"
           " when evaluations.checkpoint is null then 'during' else 'end' end",
           allowed=STAGES),
    Column("dataset", "text", "Name of the data set that the images are of",
           sql="coalesce(evaluations.dataset, runs.dataset)"),
    Column("split", "text", "Split of the data set that the images are of",
           sql="evaluations.split", allowed=SPLITS),
    Column("checkpoint", "text", "Whose weights were evaluated; none for those of the moment,"
           " during the run", sql="evaluations.checkpoint", empty=True, allowed=CHECKPOINTS),
    Column("epoch", "integer", f"{_EPOCH.meaning}; that of the weights", sql="evaluations.epoch"),
    Column("step", "integer", f"{_STEP.meaning}; those of the weights; {NOT_TOLD}",
           sql=known_steps("evaluations.step"), empty=True),
)  # fmt: skip
_WITH_RUN = "evaluations join runs on runs.id = evaluations.run_id"

EVALUATIONS = TidyTable(
    "evaluations",
    "an evaluation of the model on a split",
    (
        Column("run_id", "text", RUN_ID.meaning),
        _EVALUATION_ID,
        *_OF_WHAT,
        Column("loss", "number", "Mean loss over the images", empty=True),
        share("accuracy", "Share of the images that was classified rightly"),
        share("top5_accuracy", "Share of the images whose class is among the five likeliest;"
              " none for fewer than six classes", empty=True),
        share("precision_macro", "Mean of the classes' precisions"),
        share("recall_macro", "Mean of the classes' recalls"),
        share("f1_macro", "Mean of the classes' F1 scores"),
        Column("evaluated_at", "time", "When it was made; none for imported curves without"
               " times", sql=f"iif({IS_DATED}, evaluations.evaluated_at, null)", empty=True),
    ),
    rows=_WITH_RUN,
    of_run="evaluations.run_id",
    own="evaluations",
    key=("evaluation_id",),
    order="evaluations.id",
)  # fmt: skip

CLASS_METRICS = TidyTable(
    "class_metrics",
    "a class in an evaluation",
    (
        Column("run_id", "text", RUN_ID.meaning, sql="evaluations.run_id"),
        _EVALUATION_ID,
        *_OF_WHAT,
        Column("class_index", "integer", "Number of the class, counted from 0"),
        Column("class_name", "text", "Name of the class"),
        share("precision", "Share of the images taken for the class that are of it"),
        share("recall", "Share of the images of the class that were taken for it"),
        share("f1", "Harmonic mean of precision and recall"),
        Column("support", "integer", "Images of the class"),
    ),
    rows=f"{_WITH_RUN} join class_metrics on class_metrics.evaluation_id = evaluations.id",
    of_run="evaluations.run_id",
    own="class_metrics",
    key=("evaluation_id", "class_index"),
    order="evaluations.id, class_metrics.class_index",
)  # fmt: skip

CONFUSION = TidyTable(
    "confusion",
    "a pair of classes in an evaluation with images of the one taken for the other, or for their"
    " own; pairs without images are left out",
    (
        Column("run_id", "text", RUN_ID.meaning, sql="evaluations.run_id"),
        _EVALUATION_ID,
        *_OF_WHAT,
        Column("true_index", "integer", "Number of the class that they are of, counted from 0"),
        Column("true_class", "text", "Name of the class that they are of",
               sql="truth.class_name", empty=True),
        Column("predicted_index", "integer", "Number of the class that they were taken for"),
        Column("predicted_class", "text", "Name of the class that they were taken for",
               sql="answer.class_name", empty=True),
        Column("images", "integer", "How many they are"),
    ),
    rows=f"{_WITH_RUN} join confusion on confusion.evaluation_id = evaluations.id"
    " left join class_metrics truth on truth.evaluation_id = evaluations.id"
    " and truth.class_index = confusion.true_index"
    " left join class_metrics answer on answer.evaluation_id = evaluations.id"
    " and answer.class_index = confusion.predicted_index",
    of_run="evaluations.run_id",
    own="confusion",
    key=("evaluation_id", "true_index", "predicted_index"),
    order="evaluations.id, confusion.true_index, confusion.predicted_index",
)  # fmt: skip
