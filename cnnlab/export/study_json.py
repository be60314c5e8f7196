"""A study as JSON: published against measured, for scripts.

`cnnlab study show STUDY --json` prints:

    name, report, title, source, description, assumed, remark, checkpoint (best or last),
    which (newest or best), varies,
    rows: [{name, title, preset, status (measured, not comparable, not run), settings: {field:
            value} of the fields that vary or are assumed, published: {figure: value},
            measured: {figure: {mean, std, n, minimum, maximum}}, changed: {field: [value of the
            row, value of the runs]}, runs: [id], diverged (how many of them), failure (why the
            newest run failed, where none finished), assumed, remark}]

`figure` is one of accuracy, train_accuracy, validation_accuracy, top5_accuracy, precision_macro,
train_precision_macro, class_precision, train_class_precision (both a list, one entry a class) and
seconds. `std` is the sample standard deviation, null for a single run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnnlab.analysis.study_results import RowResult, StudyResults
from cnnlab.config.differences import flat


def results_as_json(results: StudyResults) -> dict[str, Any]:
    """The results as the module's docstring says."""
    study, about = results.study, results.study.about
    return {
        "name": study.name,
        "report": study.report,
        "title": about.title,
        "source": about.source,
        "description": about.description,
        "assumed": list(about.assumed),
        "remark": about.remark,
        "checkpoint": results.checkpoint,
        "which": results.which,
        "varies": list(results.varies),
        "rows": [
            _row_as_json(row, dict.fromkeys((*results.varies, *about.assumed)))
            for row in results.rows
        ],
    }


def _row_as_json(result: RowResult, shown: Iterable[str]) -> dict[str, Any]:
    row, values = result.row, flat(result.row.preset.config)
    one = {name: vars(measured) for name, measured in result.figures.items()}
    many = {name: [vars(each) for each in classes] for name, classes in result.classes.items()}
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
        "diverged": result.diverged,
        "failure": result.failure,
        "assumed": list(row.words.assumed),
        "remark": row.words.remark,
    }
