"""Runs with all that a comparison takes of them, and which of them become one group."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Literal

from cnnlab.analysis.evaluated_runs import EvaluatedRun
from cnnlab.config.differences import flat_stored
from cnnlab.events import CheckpointKind, CommandKind
from cnnlab.history.queries import Reader
from cnnlab.history.records import EpochRecord, ValidationExtremes

CHANGES_THE_COURSE: frozenset[CommandKind] = frozenset({"stop", "scale_lr", "add_epochs"})
"""What people do to a run after which it is not the one that was planned."""


@dataclass(frozen=True)
class Sample(EvaluatedRun):
    """One run, as far as its figures go."""

    fields: Mapping[str, Any]
    epochs: Sequence[EpochRecord]
    validations: ValidationExtremes
    intact: bool
    """Whether it came to its end by itself."""

    def images_per_second(self) -> float | None:
        """Training images a second over the epochs whose pace is known; None without any.

        It is their harmonic mean, as all epochs have as many images. An epoch's seconds say
        nothing here: they count its validation.
        """
        paces = [epoch.images_per_second for epoch in self.epochs]
        known = [pace for pace in paces if pace is not None and 0 < pace < math.inf]
        return statistics.harmonic_mean(known) if known else None

    def extreme(
        self,
        figure: Literal["validation_loss", "validation_accuracy"],
        of: Callable[[list[float]], float],
    ) -> float | None:
        """The largest or smallest of a figure of the validations; None where none is known.

        Those within an epoch are among them; imported curves tell of those at their ends alone.
        """
        told = [getattr(one, figure) for one in (self.validations, *self.epochs)]
        values = [value for value in told if value is not None]
        return of(values) if values else None


def samples_of(reader: Reader, run_ids: Sequence[str]) -> list[Sample]:
    """Those of the runs that are in the history, each once, in their order."""
    runs = reader.runs_among(list(dict.fromkeys(run_ids)))
    ids = [run.id for run in runs]
    evaluations, epochs = reader.final_evaluations(ids), reader.epochs(ids)
    validations, interventions = reader.validation_extremes(ids), reader.interventions(ids)
    return [
        Sample(
            run,
            evaluations.get(run.id, []),
            flat_stored(run.config),
            epochs.get(run.id, []),
            validations.get(run.id, ValidationExtremes()),
            run.status == "finished"
            and not any(one.kind in CHANGES_THE_COURSE for one in interventions.get(run.id, [])),
        )
        for run in runs
    ]


def folded(
    samples: Sequence[Sample], fields: Sequence[str], checkpoint: CheckpointKind, *, fold: bool
) -> list[list[Sample]]:
    """The samples in groups, each at the place of its first member.

    Args:
        fields: the paths of the config that tell groups apart.
        fold: whether runs become one group at all.
    """
    groups: dict[str, list[Sample]] = {}
    for one in samples:
        own = [one.fields.get(path) for path in fields]
        # A value that is absent differs from one that is null, as it does in `unlike`.
        own.append([path for path in fields if path not in one.fields])
        own.append(astuple(one.tested(checkpoint)))
        key = json.dumps(own) if fold and one.intact and one.run.config else one.run.id
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def chosen(samples: Sequence[Sample], grouped: Sequence[Sequence[str]]) -> list[list[Sample]]:
    """The samples in the groups that their ids are in."""
    by_id = {one.run.id: one for one in samples}
    groups = [[by_id[run_id] for run_id in ids if run_id in by_id] for ids in grouped]
    return [members for members in groups if members]
