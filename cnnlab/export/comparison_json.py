"""A comparison as JSON, for scripts.

`cnnlab runs compare RUN RUN… --json` prints:

    checkpoint (best or last), baseline (the number of a group, from 0), same_images (whether the
    figures of all groups are of the same images; null where a data set is not known),
    fields: [paths of the config that differ between groups],
    machine_fields: [paths of the seed, the device and the like that differ between runs],
    figures: [{key, name, unit (share, loss, count, seconds, rate), larger_is_better,
               best: [numbers of the groups with the best mean; none where figures do not
               compare: of different images, which those of validation and training are for
               other seeds, too; times and images/s of different devices; times, too, where a run
               did not train to its end]}],
    groups: [{name, runs: [{id, name, status, seed}] that count, one a seed,
              repeats: [ids of older runs of the same seeds, which do not count],
              changed (whether a person changed its course, or it did not come to its end),
              settings: {field: value} of the fields that differ,
              machine: {field: [value of each run, then of each of the repeats]} of the machine's
              fields that differ,
              figures: {key: {mean, std, n, minimum, maximum, best}} of those that are known,
              classes: [{name, f1, precision, recall}], each of the three like a figure; of the
              test images,
              verdict: {kind, difference, p, images, error, words}, null for the baseline}]

`std` is the sample standard deviation, null for a single run and of infinite figures; `best` of a
figure is that of the best run. A verdict tells how far the group's test accuracy lies from the
baseline's. Its kind is `within` or `beyond` the noise of the seeds by Welch's t-test with this
`p`; `one seed`, or `no spread` where all seeds of a side came to one figure, where that noise is
not known, and `p` is null; `other images` where they were tested on others, `images not known`
where a data set is not known; `unknown` where a figure is missing. `difference` is a share, as is
`error`, the standard error that so many test images alone leave: 1.96 of it either side are the
95 % interval that the words tell. A number that is not finite is null. More keys may follow in
later versions.
"""

from __future__ import annotations

from typing import Any

from cnnlab.analysis.comparison import CLASS_FIGURES, Comparison, Figure, Group
from cnnlab.analysis.evaluated_runs import Measured
from cnnlab.export.comparison_words import labels, verdict_words
from cnnlab.export.json_text import finite
from cnnlab.history.records import RunRecord


def comparison_as_json(comparison: Comparison, baseline: int) -> dict[str, Any]:
    """The comparison as the module's docstring says.

    Args:
        baseline: the place of the group that the others are held against; the comparison has the
            verdicts against it.
    """
    names = labels(comparison)
    told: dict[str, Any] = {
        "checkpoint": comparison.checkpoint,
        "baseline": baseline,
        "same_images": comparison.same_images,
        "fields": list(comparison.fields),
        "machine_fields": list(comparison.machine_fields),
        "figures": [
            {
                "key": key_of(figure),
                "name": figure.name,
                "unit": figure.unit,
                "larger_is_better": figure.larger_is_better,
                "best": sorted(comparison.best(figure)),
            }
            for figure in comparison.figures
        ],
        "groups": [
            {
                "name": names[place],
                **_group(comparison, group),
                "verdict": _verdict(comparison, baseline, place),
            }
            for place, group in enumerate(comparison.groups)
        ],
    }
    known: dict[str, Any] = finite(told)
    return known


def key_of(figure: Figure) -> str:
    """The name of a figure as a key: `test_accuracy`, `images_per_second`."""
    plain = figure.name.lower().replace("/s", " per second").replace("-", "")
    return plain.replace(" ", "_")


def _group(comparison: Comparison, group: Group) -> dict[str, Any]:
    return {
        "runs": [_run(run) for run in group.runs],
        "repeats": [run.id for run in group.repeats],
        "changed": group.changed,
        "settings": dict(group.settings),
        "machine": {path: list(values) for path, values in group.machine.items()},
        "figures": {
            key_of(figure): _measured(group.figures[figure.name], figure.larger_is_better)
            for figure in comparison.figures
            if figure.name in group.figures
        },
        "classes": [
            {"name": name, **{key: _measured(group.classes[key][at]) for key in CLASS_FIGURES}}
            for at, name in enumerate(group.class_names)
        ],
    }


def _run(run: RunRecord) -> dict[str, Any]:
    return {"id": run.id, "name": run.name, "status": run.status, "seed": run.seed}


def _measured(value: Measured, larger_is_better: bool = True) -> dict[str, Any]:
    return {**vars(value), "best": value.best(larger_is_better=larger_is_better)}


def _verdict(comparison: Comparison, baseline: int, place: int) -> dict[str, Any] | None:
    verdict = comparison.verdicts.get((baseline, place))
    if verdict is None:
        return None
    groups = comparison.groups
    ours, theirs = len(groups[place].accuracies), len(groups[baseline].accuracies)
    return {**vars(verdict), "words": verdict_words(verdict, ours, theirs)}
