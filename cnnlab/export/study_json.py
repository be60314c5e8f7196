"""A study as JSON: published against measured, for scripts.

`cnnlab study show STUDY --json` prints:

    name, report, title, source, description, assumed, remark, figures (how the source shortens
    them: rounded or cut), checkpoint (best or last), which (newest or best), varies,
    trained (how many rows are measured), not_comparable (how many were trained otherwise alone),
    rows: [{name, title, preset, status (measured, not comparable, not run), settings: {field:
            value} of the fields that vary or are assumed, published: {figure: value},
            measured: {figure: {mean, std, n, minimum, maximum, best, outside}},
            changed: {field: [value of the row, value of the runs]}, runs: [id], other_settings:
            [id] and other_images: [id] (finished runs that do not count), diverged (how many of
            `runs`), failure (why the newest run failed, where none finished), assumed, remark}]

`figure` is one of accuracy, train_accuracy, validation_accuracy, top5_accuracy, precision_macro,
train_precision_macro, class_precision, train_class_precision (both a list, one entry a class) and
seconds. `std` is the sample standard deviation, null for a single run and of infinite figures;
`best` is that of the best run: the least for seconds, else the largest. `outside` tells whether the
published figure lies outside [minimum, maximum], rounded to as many digits as the source prints
(two at least), a half either way, or cut to them where the source cuts; it is null where nothing
can be said: without one, for a single run, for runs that do not compare, and for seconds. A number
that is not finite is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnnlab.analysis.evaluated_runs import Measured
from cnnlab.analysis.study_results import RowResult, StudyResults, best_of
from cnnlab.analysis.trained_rows import count_of
from cnnlab.config.differences import flat
from cnnlab.export.json_text import finite


def results_as_json(results: StudyResults) -> dict[str, Any]:
    """The results as the module's docstring says."""
    study, about = results.study, results.study.about
    trained = count_of(row.status for row in results.rows)
    return {
        "name": study.name,
        "report": study.report,
        "title": about.title,
        "source": about.source,
        "description": about.description,
        "assumed": list(about.assumed),
        "remark": about.remark,
        "figures": about.figures,
        "checkpoint": results.checkpoint,
        "which": results.which,
        "varies": list(results.varies),
        "trained": trained.as_said,
        "not_comparable": trained.otherwise,
        "rows": [
            _row_as_json(row, dict.fromkeys((*results.varies, *about.assumed)))
            for row in results.rows
        ],
    }


def _row_as_json(result: RowResult, shown: Iterable[str]) -> dict[str, Any]:
    row, values = result.row, flat(result.row.preset.config)
    one = {
        name: _measured(name, measured, result.outside(name))
        for name, measured in result.figures.items()
    }
    many = {
        name: [
            _measured(name, each, outside)
            for each, outside in zip(classes, result.classes_outside(name), strict=True)
        ]
        for name, classes in result.classes.items()
    }
    return {
        "name": row.name,
        "title": row.title,
        "preset": row.preset.name,
        "status": result.status,
        "settings": {path: values[path] for path in shown if path in values},
        "published": row.words.published.model_dump(mode="json", exclude_none=True),
        "measured": {**one, **many},
        "changed": {path: list(pair) for path, pair in result.changed.items()},
        "runs": [run.id for run in result.runs],
        "other_settings": [run.id for run in result.hidden],
        "other_images": [run.id for run in result.other_images],
        "diverged": result.diverged,
        "failure": result.failure,
        "assumed": list(row.words.assumed),
        "remark": row.words.remark,
    }


def _measured(name: str, value: Measured, outside: bool | None) -> dict[str, Any]:
    known: dict[str, Any] = finite({**vars(value), "best": best_of(name, value)})
    return {**known, "outside": outside}
