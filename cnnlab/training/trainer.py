"""The training of one run, as a generator of events.

Features: whole data sets on the device as uint8 or streamed from the host; augmentation on the
device with a draw for each image; mixed precision and channels_last; validation every so many
steps or each epoch; best and last checkpoint; early stopping; the test split evaluated once, at
the end, with the best and with the last weights. On the CPU the same config gives the same
bits, also when it goes on from a checkpoint in the middle of an epoch.

Limits: one device; classification with one label for each image.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Generator, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnnlab.config.run import RunConfig
from cnnlab.data.store import Dataset
from cnnlab.errors import CnnlabError, DiskFullError
from cnnlab.events import (
    SPLITS,
    CheckpointKind,
    Command,
    EpochFinished,
    Evaluation,
    EvaluationFinished,
    Event,
    Intervened,
    Logged,
    RunFailed,
    RunFinished,
    Split,
    StepsFinished,
)
from cnnlab.training.assembly import assemble
from cnnlab.training.checkpoints import CheckpointFiles, best_named_by, load_checkpoint
from cnnlab.training.evaluation import evaluate, evaluation_batch
from cnnlab.training.full_disk import FullDisk
from cnnlab.training.inbox import Inbox
from cnnlab.training.introduction import introduction
from cnnlab.training.meter import StepMeter
from cnnlab.training.optimizers import current_lr
from cnnlab.training.progress import (
    Progress,
    is_better,
    monitored_value,
    note_for_early_stopping,
    patience_is_over,
    steps_in_epoch,
)


class _StopRequested(Exception):  # noqa: N818 - it asks for an end, it reports no error
    """Unwinds to the end of the run after `stop` was set."""


class Trainer:
    """Builds everything a run needs, then trains it.

    Args:
        config: complete, with its seed drawn.
        dataset: the images that `config.data` names.
        folder: where checkpoints go; must exist when training begins.
        pretrained: whether to load the pretrained weights that the config names; not needed where
            `load_state_dict` follows.

    Raises:
        DataError: the pretrained weights cannot be downloaded or read.
        ConfigError: the model does not fit the images, or the machine lacks the device.

    Set `stop` from any thread to end the run after the step under way; `inbox` takes the
    other commands.
    """

    def __init__(
        self, config: RunConfig, dataset: Dataset, folder: Path, *, pretrained: bool = True
    ) -> None:
        self.settings = config.training
        self.files = CheckpointFiles(folder)
        self.parts = assemble(config, dataset, pretrained=pretrained)
        self.inbox = Inbox()
        self.stop = self.inbox.stop
        self.disk = FullDisk(self.stop)
        self.progress = Progress()
        self.meter = StepMeter()
        self._order_state = self.parts.order_generator.get_state()
        self._begun = 0.0
        self._saved_at = time.monotonic()
        self._saved: tuple[int, int] | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Steps in each epoch of the run."""
        return steps_in_epoch(len(self.parts.data.train_indices), self.settings.batch_size)

    # The run

    def train(self) -> Iterator[Event]:
        """Trains from where `progress` stands; ends with exactly one ending."""
        try:
            yield from introduction(self.parts)
            reason = yield from self._epochs()
            if self._saved != self._position():
                yield from self._save("last")
            yield from self._final_evaluations()
            yield RunFinished(reason)
            self.files.drop_previous()
        except _StopRequested:
            yield from self._end_stopped()
        except torch.OutOfMemoryError as error:
            message = "The device ran out of memory; try a smaller training.batch_size."
            yield RunFailed(message, str(error))
        except CnnlabError as error:
            yield RunFailed(str(error))
        except Exception as error:
            yield RunFailed(f"{type(error).__name__}: {error}", traceback.format_exc())

    def _end_stopped(self) -> Iterator[Event]:
        """Writes the last checkpoint where it stands, unless that is on disk already."""
        try:
            yield from self._drain()
            if self._saved != self._position():
                yield from self._write("last")
        except DiskFullError as error:
            yield Logged("warning", f"{error.message} The run ends without it.")
        except CnnlabError as error:
            yield RunFailed(str(error))
            return
        yield self.inbox.ending(self.progress.step)

    def _epochs(self) -> Generator[Event, None, str]:
        """Trains epoch by epoch; returns why it came to its end."""
        settings, progress = self.settings, self.progress
        # Asked first, since a checkpoint may have been written right when patience was over.
        while not patience_is_over(progress, settings.early_stopping):
            if progress.epoch >= settings.epochs + progress.added_epochs:
                return "all epochs trained"
            yield from self._epoch()
        return (
            f"early stopping after epoch {progress.epoch}: {settings.monitor} "
            f"has not improved for {progress.waited_epochs} epochs"
        )

    # One epoch

    def _epoch(self) -> Iterator[Event]:
        """Trains to the end of the epoch under way and validates."""
        self._begun = self._clock() - self.progress.seconds
        self.meter.restart_clock()
        for images, labels in self._remaining_batches():
            if self._validation_is_due():
                yield from self._drain()
                yield from self._validate()
                self.meter.restart_clock()
            self._step(images, labels)
            self.progress.seconds = self._clock() - self._begun
            if self.stop.is_set():
                raise _StopRequested
            if self.inbox:
                yield from self._obey()
            elif self.meter.is_due():
                yield from self._drain()
            if self._checkpoint_is_due():
                yield from self._drain()
                yield from self._save("last")
                self.meter.restart_clock()
        yield from self._drain()
        validation = yield from self._validate()
        yield from self._end_epoch(validation, self._clock() - self._begun)

    def _clock(self) -> float:
        """Seconds from some moment on, those in which the run waits for room not counted."""
        return time.perf_counter() - self.disk.waited

    def _obey(self) -> Iterator[Event]:
        """Carries out what was asked during the step."""
        yield from self._drain()
        for command in self.inbox:
            yield from self._carry_out(command)

    def _carry_out(self, command: Command) -> Iterator[Event]:
        progress = self.progress
        if command.kind == "continue":
            return
        if command.kind == "checkpoint":
            yield from self._save("last")
        elif command.kind == "scale_lr":
            self.parts.schedule.scale *= command.value
        elif command.kind == "add_epochs":
            progress.added_epochs += int(command.value)
        yield from self._tell(command)
        if command.kind == "pause":
            yield from self._pause()

    def _pause(self) -> Iterator[Event]:
        """Waits, and obeys, until it is told to go on; the wait is no part of the epoch's time."""
        begun = self._clock()
        while (command := self.inbox.awaited()) is not None and command.kind != "continue":
            if command.kind != "pause":
                yield from self._carry_out(command)
        if command is None:
            raise _StopRequested
        self._begun += self._clock() - begun
        self.meter.restart_clock()
        yield from self._tell(command)

    def _tell(self, command: Command) -> Iterator[Event]:
        """Tells what was done; the line for the log first, as it waits for the next event."""
        step = self.progress.step
        yield Logged("info", f"{command.in_words()} after step {step}.")
        yield Intervened(command, self._epoch_of(step), step)

    def _remaining_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of this epoch from where it stands, in an order drawn for the epoch."""
        data, size = self.parts.data, self.settings.batch_size
        self._order_state = self.parts.order_generator.get_state()
        order = torch.randperm(len(data.train_indices), generator=self.parts.order_generator)
        rest = order[self.progress.step_in_epoch * size : self.steps_per_epoch * size]
        if len(rest):
            yield from data.training.batches(data.train_indices[rest], size)

    def _step(self, images: Tensor, labels: Tensor) -> None:
        loss, correct = self.parts.step(images, labels)
        self.meter.add(loss, correct, len(labels), current_lr(self.parts.optimizer))
        self.progress.step += 1
        self.progress.step_in_epoch += 1

    def _drain(self) -> Iterator[Event]:
        """Tells the steps since the last drain and adds them to the epoch's sums."""
        stretch = self.meter.drain()
        if stretch is None:
            return
        progress = self.progress
        was_finite = math.isfinite(progress.loss_sum)
        progress.loss_sum = stretch.added_to(progress.loss_sum)
        progress.correct += sum(stretch.correct)
        progress.images += stretch.images
        progress.train_seconds += stretch.seconds
        if was_finite and not math.isfinite(progress.loss_sum):
            yield Logged(
                "warning",
                f"The loss is not finite in epoch {progress.epoch + 1}; try a lower optimizer.lr.",
            )
        yield StepsFinished(
            epoch=progress.epoch + 1,
            first_step=progress.step - len(stretch.losses) + 1,
            losses=stretch.losses,
            accuracies=stretch.accuracies,
            lrs=stretch.lrs,
            images_per_second=stretch.images / max(stretch.seconds, 1e-9),
        )

    def _validation_is_due(self) -> bool:
        """Whether it is time to validate in the middle of an epoch; its end always does."""
        every, progress = self.settings.evaluate_every, self.progress
        if every == "epoch" or progress.step_in_epoch == 0:
            return False
        return progress.step % every == 0 and progress.validated_step != progress.step

    def _end_epoch(self, validation: Evaluation, seconds: float) -> Iterator[Event]:
        settings, progress = self.settings, self.progress
        lr = current_lr(self.parts.optimizer)
        train_loss = progress.loss_sum / progress.images
        self.parts.schedule.end_epoch(train_loss=train_loss, validation_loss=validation.loss)
        yield EpochFinished(
            epoch=progress.epoch + 1,
            step=progress.step,
            train_loss=train_loss,
            train_accuracy=progress.correct / progress.images,
            validation_loss=validation.loss,
            validation_accuracy=validation.accuracy,
            lr=lr,
            seconds=seconds,
            images_per_second=progress.images / max(progress.train_seconds, 1e-9),
        )
        value = monitored_value(settings.monitor, validation)
        note_for_early_stopping(progress, settings.early_stopping, settings.monitor, value)
        progress.begin_epoch()
        if progress.epoch % settings.checkpoint.epochs == 0:
            yield from self._save("last")

    # Evaluation

    def _evaluate(self, split: Split) -> Evaluation:
        parts = self.parts
        parts.model.eval()
        source, indices = parts.data.split(split)
        size = evaluation_batch(parts.data.shape, self.settings.batch_size)
        batches = self._until_stopped(source.batches(indices, size))
        return evaluate(parts.logits, parts.loss_function, batches, parts.data.classes)

    def _until_stopped(
        self, batches: Iterator[tuple[Tensor, Tensor]]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in batches:
            if self.stop.is_set():
                raise _StopRequested
            yield batch

    def _validate(self) -> Generator[Event, None, Evaluation]:
        """Validates, and keeps the weights if they are the best so far."""
        progress, monitor = self.progress, self.settings.monitor
        before = replace(progress)
        evaluation = self._evaluate("validation")
        step = progress.validated_step = progress.step
        yield EvaluationFinished("validation", None, self._epoch_of(step), step, evaluation)
        value = monitored_value(monitor, evaluation)
        progress.value = value
        if is_better(monitor, value, progress.best_value):
            progress.best_value, progress.best_step = value, step
            try:
                yield from self._save("best")
            except _StopRequested:
                # There was no room for them: a run that goes on from here must find them again.
                self.progress = before
                raise
        return evaluation

    def _final_evaluations(self) -> Iterator[Event]:
        """Evaluates every split with the last and with the best weights."""
        if self.files.best is None:  # lost, and nothing was validated since
            yield from self._validate()
        yield Logged("info", "Evaluating the last and the best checkpoint on every split.")
        step, best_step = self.progress.step, self.progress.best_step
        results: dict[Split, Evaluation] = {}
        for split in SPLITS:
            results[split] = self._evaluate(split)
            yield EvaluationFinished(split, "last", self._epoch_of(step), step, results[split])
        if best_step != step and (best := self.files.best) is not None:
            self.parts.model.load_state_dict(load_checkpoint(best)["model"])
            results = {}
        for split in SPLITS:
            result = results.get(split) or self._evaluate(split)
            yield EvaluationFinished(split, "best", self._epoch_of(best_step), best_step, result)

    def _epoch_of(self, step: int) -> int:
        """The epoch that a step belongs to."""
        return -(-step // self.steps_per_epoch)

    # Checkpoints

    def _checkpoint_is_due(self) -> bool:
        """Whether the newest `last` checkpoint is so old that the epoch's end is too late."""
        minutes = self.settings.checkpoint.minutes
        return minutes > 0 and time.monotonic() - self._saved_at >= 60 * minutes

    def _position(self) -> tuple[int, int]:
        return self.progress.epoch, self.progress.step

    def _save(self, kind: CheckpointKind) -> Iterator[Event]:
        """Writes a checkpoint, as soon as there is room for it."""
        try:
            yield from self.disk.until_written(lambda: self._write(kind))
        except DiskFullError as error:
            raise _StopRequested from error

    def _write(self, kind: CheckpointKind) -> Iterator[Event]:
        progress = self.progress
        yield from self.files.save(
            kind,
            epoch=self._epoch_of(progress.step),
            step=progress.step,
            value=progress.value,
            state=self.state_dict(),
        )
        if kind == "last":
            self._saved, self._saved_at = self._position(), time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on from here: plain values and tensors."""
        state = self.parts.state_dict()
        if self.progress.step_in_epoch:
            # The order of an epoch under way is drawn again from where its generator was.
            state["random"]["order"] = self._order_state
        return {**state, "progress": asdict(self.progress)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes back to where a checkpoint in `folder` was written.

        Raises:
            CheckpointError: the checkpoint belongs to a run with another config.
        """
        self.parts.load_state_dict(state)
        self.progress = Progress(**state["progress"])
        self._saved = self._position()
        self.files.best = best_named_by(state, self.files.folder)

    def forget_best(self) -> None:
        """Goes on without the best checkpoint, which is lost; the best from now on counts."""
        self.files.best = None
        self.progress.best_value, self.progress.best_step = None, 0
