"""What the result screen knows of its run, read once when it opens."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.events import SPLITS, CheckpointKind, Split
from cnnlab.export.format import format_time, one_line
from cnnlab.export.run_words import origin_words
from cnnlab.history.queries import Reader
from cnnlab.history.records import (
    CheckpointRecord,
    EpochRecord,
    EvaluationRecord,
    LogRecord,
    NoteRecord,
    RunRecord,
    evaluation_of,
)


@dataclass(frozen=True)
class Choice:
    """Whose figures are shown: the images of a split, with the weights of a checkpoint.

    `later` is the number of an evaluation that was made after the run, of those weights on images
    of that split of some data set; None for those of the run itself.
    """

    split: Split = "test"
    checkpoint: CheckpointKind = "best"
    later: int | None = None

    def of_the_run(self) -> Choice:
        """The same split and checkpoint, on the images of the run itself."""
        return Choice(self.split, self.checkpoint)

    def with_next_split(self) -> Choice:
        """The same with the split that follows, the first one after the last."""
        place = (SPLITS.index(self.split) + 1) % len(SPLITS)
        return Choice(SPLITS[place], self.checkpoint)

    def with_other_checkpoint(self) -> Choice:
        """The same with the other checkpoint."""
        return Choice(self.split, "last" if self.checkpoint == "best" else "best")


@dataclass(frozen=True)
class Facts:
    """The rows of one run; `class_names` is empty before its first evaluation.

    `later` are the evaluations that were made after the run, the oldest first.
    """

    run: RunRecord
    epochs: tuple[EpochRecord, ...]
    evaluations: tuple[EvaluationRecord, ...]
    later: tuple[EvaluationRecord, ...]
    checkpoints: tuple[CheckpointRecord, ...]
    notes: tuple[NoteRecord, ...]
    log: tuple[LogRecord, ...]
    class_names: tuple[str, ...]

    def evaluation(self, choice: Choice) -> EvaluationRecord | None:
        """The final or later evaluation that is chosen; None if the run did not come to it."""
        if choice.later is not None:
            return next((one for one in self.later if one.id == choice.later), None)
        return evaluation_of(self.evaluations, choice.split, choice.checkpoint)

    def in_words(self, choice: Choice) -> str:
        """What is chosen, such as `test images, best checkpoint (epoch 7)`."""
        later = self.evaluation(choice) if choice.later is not None else None
        if later is not None:
            return later_words(later)
        kept = next((one for one in self.checkpoints if one.kind == choice.checkpoint), None)
        epoch = f" (epoch {kept.epoch})" if kept is not None else ""
        return f"{choice.split} images, {choice.checkpoint} checkpoint{epoch}"

    def why_nothing(self, words: str) -> str:
        """Why a tab has nothing to show: what its import lacks, else some words."""
        origin = "" if self.run.config else origin_words(self.run)
        return f"This run was {origin}." if origin else words

    def first_choice(self) -> Choice:
        """What is shown first: the test images, or what there is."""
        for one in reversed(self.evaluations):
            if one.checkpoint == "best" and one.split == "test":
                return Choice()
        if self.later:
            return chosen_later(self.later[-1])
        return Choice("validation", _kind(self.checkpoints))


def _kind(checkpoints: tuple[CheckpointRecord, ...]) -> CheckpointKind:
    kinds = {one.kind for one in checkpoints}
    return "last" if "last" in kinds and "best" not in kinds else "best"


def chosen_later(evaluation: EvaluationRecord) -> Choice:
    """The choice of an evaluation that was made after the run."""
    split: Split = next(split for split in SPLITS if split == evaluation.split)
    kind: CheckpointKind = "last" if evaluation.checkpoint == "last" else "best"
    return Choice(split, kind, evaluation.id)


def later_words(evaluation: EvaluationRecord) -> str:
    """What an evaluation after the run was of: `pets: test images, best checkpoint (epoch 7)`."""
    weights = f"{evaluation.checkpoint} checkpoint (epoch {evaluation.epoch})"
    when = f"evaluated {format_time(evaluation.evaluated_at)}"
    return f"{one_line(evaluation.dataset or '')}: {evaluation.split} images, {weights}, {when}"


def counted(part: int, whole: int) -> str:
    """A number of images and what share of all that is, such as `132 of 1,000 (13.2 %)`."""
    return f"{part:,} of {whole:,} ({100 * part / max(whole, 1):.1f} %)"


def read_facts(reader: Reader, run_id: str) -> Facts:
    """Reads a run.

    Raises:
        ConfigError: there is no such run.
    """
    run = reader.run(run_id)
    evaluations = reader.final_evaluations([run_id])[run_id]
    told = evaluations or reader.validations([run_id])[run_id]
    return Facts(
        run,
        tuple(reader.epochs([run_id])[run_id]),
        tuple(evaluations),
        tuple(reader.later_evaluations([run_id])[run_id]),
        tuple(reader.checkpoints([run_id])[run_id]),
        tuple(reader.notes([run_id])[run_id]),
        tuple(reader.log(run_id)),
        tuple(metrics.name for one in told[:1] for metrics in one.classes),
    )
