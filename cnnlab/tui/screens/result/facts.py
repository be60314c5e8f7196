"""What the result screen knows of its run, read once when it opens."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.events import SPLITS, CheckpointKind, Split
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
    """Whose figures are shown: the images of a split, with the weights of a checkpoint."""

    split: Split = "test"
    checkpoint: CheckpointKind = "best"

    def with_next_split(self) -> Choice:
        """The same with the split that follows, the first one after the last."""
        place = (SPLITS.index(self.split) + 1) % len(SPLITS)
        return Choice(SPLITS[place], self.checkpoint)

    def with_other_checkpoint(self) -> Choice:
        """The same with the other checkpoint."""
        return Choice(self.split, "last" if self.checkpoint == "best" else "best")


@dataclass(frozen=True)
class Facts:
    """The rows of one run; `class_names` is empty before its first evaluation."""

    run: RunRecord
    epochs: tuple[EpochRecord, ...]
    evaluations: tuple[EvaluationRecord, ...]
    checkpoints: tuple[CheckpointRecord, ...]
    notes: tuple[NoteRecord, ...]
    log: tuple[LogRecord, ...]
    class_names: tuple[str, ...]

    def evaluation(self, choice: Choice) -> EvaluationRecord | None:
        """The final evaluation that is chosen; None if the run did not come to it."""
        return evaluation_of(self.evaluations, choice.split, choice.checkpoint)

    def in_words(self, choice: Choice) -> str:
        """What is chosen, such as `test images, best checkpoint (epoch 7)`."""
        kept = next((one for one in self.checkpoints if one.kind == choice.checkpoint), None)
        epoch = f" (epoch {kept.epoch})" if kept is not None else ""
        return f"{choice.split} images, {choice.checkpoint} checkpoint{epoch}"

    def first_choice(self) -> Choice:
        """What is shown first: the test images, or what there is."""
        for one in reversed(self.evaluations):
            if one.checkpoint == "best" and one.split == "test":
                return Choice()
        return Choice("validation", _kind(self.checkpoints))


def _kind(checkpoints: tuple[CheckpointRecord, ...]) -> CheckpointKind:
    kinds = {one.kind for one in checkpoints}
    return "last" if "last" in kinds and "best" not in kinds else "best"


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
        tuple(reader.checkpoints([run_id])[run_id]),
        tuple(reader.notes([run_id])[run_id]),
        tuple(reader.log(run_id)),
        tuple(metrics.name for one in told[:1] for metrics in one.classes),
    )
