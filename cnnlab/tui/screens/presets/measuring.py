"""What this machine has of a study: its runs, and its data sets."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.analysis.study_results import StudyResults, study_results
from cnnlab.config.studies import Study
from cnnlab.errors import CnnlabError
from cnnlab.history.queries import Reader
from cnnlab.home import Home


@dataclass(frozen=True)
class Facts:
    """The results of a study, and which of its data sets are not on this machine."""

    results: StudyResults
    absent: frozenset[str]


def read_facts(home: Home, study: Study) -> Facts:
    """Looks a study up.

    Raises:
        HistoryError: the history cannot be read.
    """
    with Reader(home) as reader:
        results = study_results(reader, study, "best")
    names = {row.preset.config.data.name for row in study.rows}
    return Facts(results, frozenset(name for name in names if _is_absent(home, name)))


def _is_absent(home: Home, name: str) -> bool:
    from cnnlab.data import library

    try:
        library.check_name(home, name)
    except CnnlabError:
        return True
    return False
