"""Exports that were asked for on the screens: one after another, each in a process of its own.

They go on while one looks at other screens, and give way to what trains. A notification tells
where the files are, or why there are none; the status line tells what is under way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlab.amounts import how_many
from cnnlab.errors import HistoryError
from cnnlab.export.format import format_bytes, format_duration, one_line, visible
from cnnlab.history.queries import Reader
from cnnlab.history.records import RunRecord
from cnnlab.tui.background import behind
from cnnlab.tui.own_process import OwnProcess, Stopped

if TYPE_CHECKING:
    from cnnlab.tui.app import CnnlabApp

_NOTICE_SECONDS = 8.0


@dataclass(frozen=True)
class Subject:
    """What is exported: runs in their order, or a study with its runs.

    Attributes:
        title: what it is called, such as the name of the run; plain text.
        study: the name of the study; the runs are then those that the study has.
        baseline: the id of the one of several runs that the others are held against; empty for
            the first one's.
        shown: options whose values are those of what the screen shows.
    """

    title: str
    run_ids: tuple[str, ...] = ()
    study: str = ""
    baseline: str = ""
    shown: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_runs(
        cls, run_ids: Sequence[str], name: str, *, baseline: str = "", **shown: str
    ) -> Subject:
        """One run with its name, or several."""
        title = name if len(run_ids) == 1 else f"{len(run_ids)} runs"
        return cls(title, tuple(run_ids), baseline=baseline, shown=shown)

    @property
    def is_one_run(self) -> bool:
        """Whether it is a single run."""
        return len(self.run_ids) == 1 and not self.study


def runs_of(reader: Reader, subject: Subject) -> list[RunRecord]:
    """The runs that are named; another process may have deleted some since they were shown.

    Raises:
        HistoryError: one is not in the history any more.
    """
    found = reader.runs_among(subject.run_ids)
    gone = len(subject.run_ids) - len(found)
    if not gone:
        return found
    if subject.is_one_run:
        whose = f"The run {one_line(subject.title)} ({subject.run_ids[0]}) is"
    else:
        all_runs = how_many(len(subject.run_ids), "run")
        whose = f"{gone:,} of these {all_runs} {'is' if gone == 1 else 'are'}"
    raise HistoryError(f"{whose} not in the history any more.", "Nothing was written.")


@dataclass(frozen=True)
class ExportRequest:
    """An export to be made.

    Attributes:
        path: the file or folder to write.
        options: values of the options of `cnnlab export` by their names.
        force: whether what is there already is written over.
    """

    subject: Subject
    format: str
    path: Path
    options: Mapping[str, str] = field(default_factory=dict)
    force: bool = False

    def command(self) -> list[str]:
        """The arguments of `cnnlab`."""
        command = ["export", "--format", self.format, "--output", str(self.path), "--json"]
        for name, value in self.options.items():
            command += [f"--{name}", value]
        command += ["--force"] * self.force
        if self.subject.study:
            return [*command, "--study", self.subject.study]
        return [*command, "--", *self.subject.run_ids]


@dataclass(eq=False)
class _Export:
    """An export under way, or one that waits for the others."""

    request: ExportRequest
    process: OwnProcess
    begun: float = field(default_factory=time.monotonic)


class Exports:
    """Makes exports in the order in which they are asked for."""

    def __init__(self, app: CnnlabApp) -> None:
        self._app = app
        self._under_way: list[_Export] = []
        self.last: ExportRequest | None = None
        """What was asked for last: the next one may be alike."""

    @property
    def under_way(self) -> int:
        """How many are made or wait."""
        return len(self._under_way)

    @property
    def words(self) -> str:
        """What is under way, and for how long; empty for nothing."""
        if not self._under_way:
            return ""
        first = self._under_way[0]
        more = f" and {self.under_way - 1} more" if self.under_way > 1 else ""
        seconds = int(time.monotonic() - first.begun)
        took = f" {format_duration(float(seconds))}" if seconds >= 10 else ""
        return f"writing {one_line(first.request.path.name)}{took}{more}, ^x stops"

    def begin(self, request: ExportRequest) -> None:
        """Makes an export as soon as those before it are made."""
        export = _Export(request, OwnProcess(self._app.session.home, gives_way=True))
        self.last = request
        self._under_way.append(export)
        self._app.refresh_bindings()
        if self.under_way == 1:
            self._make_first()

    def stop(self) -> None:
        """Stops all of them; none leaves half a file."""
        for export in self._under_way:
            export.process.interrupt()

    def _make_first(self) -> None:
        """Makes the first of those under way; the end of each begins the next one."""
        export = self._under_way[0]
        export.begun = time.monotonic()
        work = partial(self._make, export)
        behind(self._app, work, partial(self._end, export), partial(self._fail, export))

    def _make(self, export: _Export) -> str:
        with self._app.session.reading() as reader:
            runs_of(reader, export.request.subject)
        return export.process.answer(export.request.command())

    def _end(self, export: _Export, answer: str) -> None:
        self._leave(export)
        words = written_words(export.request.path, answer)
        self._app.notify(words, markup=False, timeout=_NOTICE_SECONDS)

    def _fail(self, export: _Export, error: Exception) -> None:
        self._leave(export)
        if isinstance(error, Stopped):
            self._app.notify(stopped_words(export.request), markup=False)
        else:
            self._app.report(error)

    def _leave(self, export: _Export) -> None:
        self._under_way.remove(export)
        if self._under_way:
            self._make_first()
        self._app.refresh_bindings()


def stopped_words(request: ExportRequest) -> str:
    """What became of an export that was stopped: it may have been whole by then."""
    shown = one_line(str(request.path))
    if request.path.exists() and not request.force:
        return f"Stopped after {shown} was written."
    return f"Stopped: {shown} was not written."


def written_words(path: Path, answer: str) -> str:
    """What was written where, and what a user should know of it.

    Args:
        answer: what `cnnlab export --json` printed.
    """
    written = json.loads(answer)
    files = written["files"]
    several = f"{len(files)} files, " if len(files) > 1 else ""
    size = format_bytes(sum(one["bytes"] for one in files))
    lines = [f"Wrote {one_line(str(path))} ({several}{size}).", *written["told"]]
    return "\n".join(map(visible, lines))
