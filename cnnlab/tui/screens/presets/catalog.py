"""What the tree of presets holds: entries with their branches, read from files and the history.

Nothing here touches a widget, so that all of it can be read behind the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cnnlab.config import preset_files, presets, studies
from cnnlab.config.preset_files import RowWords
from cnnlab.config.presets import Preset
from cnnlab.config.studies import Study, StudyRow
from cnnlab.errors import CnnlabError
from cnnlab.history.records import RunRecord
from cnnlab.home import Home

START = "quickstart"
"""The preset that stands first, under a name that says so."""

Fingerprint = frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class RowEntry:
    """A preset: the row of a study, or one that stands alone, as a study of a single row."""

    study: Study
    row: StudyRow
    alone: bool = False

    @property
    def rows(self) -> tuple[StudyRow, ...]:
        """What is trained when it is queued."""
        return (self.row,)


@dataclass(frozen=True)
class StudyEntry:
    """A study with its rows."""

    study: Study

    @property
    def rows(self) -> tuple[StudyRow, ...]:
        """What is trained when it is queued."""
        return self.study.rows


@dataclass(frozen=True)
class ReportEntry:
    """A report: the studies that lie in one folder."""

    name: str
    studies: tuple[Study, ...]

    @property
    def rows(self) -> tuple[StudyRow, ...]:
        """What is trained when it is queued."""
        return tuple(row for study in self.studies for row in study.rows)


@dataclass(frozen=True)
class UnreadEntry:
    """A file that was not read yet."""

    name: str


@dataclass(frozen=True)
class BrokenEntry:
    """A file that cannot be used, and why."""

    name: str
    error: str


@dataclass(frozen=True)
class RunEntry:
    """The config of an earlier run."""

    run: RunRecord


@dataclass(frozen=True)
class SectionEntry:
    """A heading in the tree, with a sentence about what stands under it."""

    title: str
    words: str


Entry = RowEntry | StudyEntry | ReportEntry | UnreadEntry | BrokenEntry | RunEntry | SectionEntry


@dataclass(frozen=True)
class Branch:
    """A place in the tree.

    Attributes:
        key: tells it from all others, also after the files were read again.
        words: what a search looks in, in small letters; empty above leaves.
        opened: whether its own branches show from the start.
    """

    key: str
    entry: Entry
    words: str = ""
    branches: tuple[Branch, ...] = ()
    opened: bool = False

    def leaves(self) -> Iterator[Branch]:
        """The ends of this branch; itself if it has none."""
        if not self.branches and not isinstance(self.entry, SectionEntry):
            yield self
        for branch in self.branches:
            yield from branch.leaves()

    def matching(self, words: Sequence[str]) -> Branch | None:
        """The branch with the leaves that hold all words; None if there are none."""
        if not self.branches:
            return self if self.words and all(word in self.words for word in words) else None
        kept = tuple(found for each in self.branches if (found := each.matching(words)))
        return Branch(self.key, self.entry, self.words, kept, opened=True) if kept else None


@dataclass(frozen=True)
class Catalog:
    """All presets and studies.

    Attributes:
        loaded: False for one of which most files were not read yet.
        presets: those that can be trained, by name; rows of studies among them.
    """

    branches: tuple[Branch, ...] = ()
    presets: Mapping[str, Preset] = field(default_factory=dict)
    fingerprint: Fingerprint = frozenset()
    loaded: bool = False


def first_catalog(home: Home) -> Catalog:
    """The tree with the names of files, of which only the first is read: quick to make."""
    return Catalog(_branches(home, _unread))


def load_catalog(home: Home) -> Catalog:
    """All presets and studies; a file that cannot be used stands in its place with its error."""
    fingerprint = fingerprint_of(home)
    branches = _branches(home, lambda name, study: (_study if study else _single)(home, name))
    named = {
        leaf.entry.row.preset.name: leaf.entry.row.preset
        for branch in branches
        for leaf in branch.leaves()
        if isinstance(leaf.entry, RowEntry)
    }
    return Catalog(branches, named, fingerprint, loaded=True)


def _branches(home: Home, of_file: Callable[[str, bool], Branch]) -> tuple[Branch, ...]:
    """The tree of all files.

    Args:
        of_file: the branch of a file, from its name and whether it is a study.
    """
    files = presets.files(home)
    start = [_single(home, START)] if files.pop(START, None) is not None else []
    is_study = {name: preset_files.is_study(path) for name, path in files.items()}
    reports: dict[str, list[Branch]] = {
        _report_of(name): [] for name in sorted(files) if is_study[name] and _report_of(name)
    }
    own: list[Branch] = []
    single: list[Branch] = []
    for name, path in sorted(files.items()):
        branch = of_file(name, is_study[name])
        if path.is_relative_to(home.presets):
            own.append(branch)
        else:
            reports.get(_report_of(name), single).append(branch)
    return (
        *start,
        *_section("Own presets", f"Files in {home.presets}.", own),
        *(_report(name, found) for name, found in reports.items() if found),
        *_section("Single presets", "Presets that belong to no report.", single),
    )


def _report_of(name: str) -> str:
    """The folder of a file; empty for one that lies in none."""
    return name.rpartition("/")[0]


def fingerprint_of(home: Home) -> Fingerprint:
    """What changes when a file of presets does, or when one comes or goes.

    A file elsewhere that one of them extends by its path is not among them.
    """
    found = set()
    for path in presets.files(home).values():
        with suppress(OSError):
            stat = path.stat()
            found.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(found)


def recent_branch(runs: Sequence[RunRecord]) -> tuple[Branch, ...]:
    """The heading of recent configs; none where there are no runs."""
    words = "The configs that were trained last, each by its newest run."
    return _section("Recent", words, [_run(run) for run in runs])


def _section(title: str, words: str, branches: list[Branch]) -> tuple[Branch, ...]:
    if not branches:
        return ()
    entry = SectionEntry(title, words)
    return (Branch(f"section {title}", entry, "", tuple(branches), opened=True),)


def _report(name: str, branches: list[Branch]) -> Branch:
    found = (branch.entry for branch in branches)
    loaded = tuple(entry.study for entry in found if isinstance(entry, StudyEntry))
    return Branch(f"report {name}", ReportEntry(name, loaded), "", tuple(branches))


def _study(home: Home, name: str) -> Branch:
    try:
        study = studies.load(home, name)
    except CnnlabError as error:
        return _broken(f"study {name}", name, error)
    rows = tuple(_row(RowEntry(study, row)) for row in study.rows)
    return Branch(f"study {name}", StudyEntry(study), "", rows)


def _single(home: Home, name: str) -> Branch:
    try:
        preset = presets.load(home, name)
    except CnnlabError as error:
        return _broken(f"preset {name}", name, error)
    about = preset.about
    # Not validated: a file may have a name that no row could have.
    words = RowWords.model_construct(
        name=name.rpartition("/")[2],
        title=about.title,
        published=about.published,
        assumed=(),
        remark="",
    )
    row = StudyRow(words, preset)
    return _row(RowEntry(Study(name, preset.path, about, (row,)), row, alone=True))


def _row(entry: RowEntry) -> Branch:
    preset = entry.row.preset
    config = preset.config
    words = (preset.name, preset.about.title, entry.row.title, config.data.name, config.model.name)
    return Branch(f"preset {preset.name}", entry, " ".join(words).casefold())


def _broken(key: str, name: str, error: CnnlabError) -> Branch:
    return Branch(key, BrokenEntry(name, str(error)), name.casefold())


def _unread(name: str, study: bool) -> Branch:
    """The branch of a file that was not read, under the key that it has once it is."""
    return Branch(f"{'study' if study else 'preset'} {name}", UnreadEntry(name), name.casefold())


def _run(run: RunRecord) -> Branch:
    words = (run.name, run.preset or "", run.dataset, run.model)
    return Branch(f"run {run.id}", RunEntry(run), " ".join(words).casefold())
