"""Which runs a command is about: those that are named, those of a study, those a filter lets by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlab.cli.filtering import query_of
from cnnlab.errors import ConfigError
from cnnlab.home import Home

if TYPE_CHECKING:
    from cnnlab.config.studies import Study
    from cnnlab.history.queries import Reader


@dataclass(frozen=True)
class Selection:
    """The ids of the chosen runs, each once.

    Attributes:
        run_ids: those that were named, in their order; then those of a study in the order of its
            rows, or those of a filter; each of these from the oldest to the newest. Empty only for
            a study that was asked for alone and has no runs yet.
        study: the study, where all of it and nothing else was asked for.
    """

    run_ids: tuple[str, ...]
    study: Study | None = None

    def require_runs(self) -> None:
        """Checks that there are runs.

        Raises:
            ConfigError: there are none, of a study.
        """
        if not self.run_ids and self.study is not None:
            name = self.study.name
            raise ConfigError(
                f"The study {name} has no runs yet.", f"`cnnlab study run {name}` trains them."
            )


def selected(
    reader: Reader, home: Home, runs: Sequence[str], filter_text: str = "", study_name: str = ""
) -> Selection:
    """The runs that a user chose.

    Args:
        runs: ids, names, unique prefixes or `latest`.
        filter_text: terms as `cnnlab runs list --filter` takes them; with a study, which of its
            runs are meant, else which of the whole history outside the trash.
        study_name: all runs of the rows of this study, outside the trash.

    Raises:
        ConfigError: nothing was asked for, nothing matches, or there is no such run or study.
    """
    from cnnlab.config import studies

    if not (runs or filter_text or study_name):
        raise ConfigError(
            "No run is named.",
            "Name runs by id or name, or choose them with --filter TERMS or --study NAME.",
        )
    named = [reader.resolve(text) for text in runs]
    study = studies.load(home, study_name) if study_name else None
    chosen = _chosen(reader, filter_text, study)
    if filter_text and not chosen:
        raise _nothing_matches(filter_text, study)
    ids = tuple(dict.fromkeys([*named, *chosen]))
    return Selection(ids, None if runs or filter_text else study)


def passing(reader: Reader, filter_text: str = "") -> list[str]:
    """The runs outside the trash that a filter lets by, or all of them, the oldest first."""
    from cnnlab.history.queries import RunFilter

    return reader.run_ids(RunFilter(query=query_of(filter_text)), ascending=True)


def baseline_among(reader: Reader, name: str, run_ids: Sequence[str]) -> str:
    """The id of the run that others are held against; empty where none is named.

    Raises:
        ConfigError: there is no such run, or it is none of these.
    """
    base = reader.resolve(name) if name else ""
    if base and base not in run_ids:
        raise ConfigError(
            f"The baseline {name!r} is none of the runs that are compared.",
            "Name it among the runs, too.",
        )
    return base


def _chosen(reader: Reader, filter_text: str, study: Study | None) -> list[str]:
    """The runs of a filter and of a study, which were not named."""
    if study is None and not filter_text:
        return []
    found = passing(reader, filter_text)
    if study is None:
        return found
    presets = reader.presets()
    of_rows: dict[str | None, list[str]] = {row.preset.name: [] for row in study.rows}
    for run_id in found:
        of_rows.get(presets.get(run_id), []).append(run_id)
    return [run_id for ids in of_rows.values() for run_id in ids]


def _nothing_matches(filter_text: str, study: Study | None) -> ConfigError:
    within = "" if study is None else f" of the study {study.name}"
    return ConfigError(
        f"No run{within} matches the filter {filter_text!r}.",
        "`cnnlab runs list --filter TERMS` shows what does.",
    )
