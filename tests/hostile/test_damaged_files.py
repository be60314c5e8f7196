"""Whatever is in a file from outside: it is used, or refused in words, and nothing else happens.

The long variant, `python -m pytest tests/hostile -m slow -s`, prints what it tried.
"""

from __future__ import annotations

import hashlib
import random
import resource
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from history.samples import add_run, life, record
from hostile.attempts import ATTEMPTS

from cnnlab.config.own_presets import save_preset
from cnnlab.config.run import RunConfig
from cnnlab.data.importing import import_dataset
from cnnlab.errors import CnnlabError
from cnnlab.home import Home
from cnnlab.training.checkpoints import save_checkpoint
from cnnlab.tui.settings import Settings, save_settings
from data import samples

FEW, MANY = 8, 154
"""Tries of each kind of file: about a hundred, and two thousand."""

MOST_SECONDS = 600
"""For one file; so long nothing takes that ends at all."""

MOST_MEMORY = 5 << 30
"""Bytes that one file may have the process ask for; a length of four bytes asks for four at most,
of which nothing is used that the file does not hold."""


@pytest.fixture
def earlier(home: Home, tmp_path: Path) -> Home:
    """A home with a data set, a preset, a checkpoint, settings and a history."""
    import_dataset(home, "old", samples.write_folder(tmp_path / "old", samples.idx_files()))
    config = {"data": {"name": "mnist-5k"}, "model": "lenet"}
    save_preset(home, "old", RunConfig.model_validate(config), None)
    save_settings(home, Settings())
    add_run(home, "old", dataset="old")
    record(home, "old", *life())
    folder = home.checkpoints("old")
    folder.mkdir(parents=True)
    save_checkpoint(folder / "last.pt", {"model": {}})
    return home


@contextmanager
def bounded() -> Iterator[None]:
    """Little memory to ask for, and an end to what never ends."""

    def too_long(*_: object) -> None:
        raise KeyboardInterrupt("it does not end")

    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(
        resource.RLIMIT_AS, (pages * resource.getpagesize() + MOST_MEMORY, before[1])
    )
    handler = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it came from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def state(root: Path) -> dict[str, str]:
    """What is in a folder, but for what is made beside a database that is read."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def kept(home: Home) -> dict[str, str]:
    """What nothing that is brought may change; a sound enough file is imported as `small`."""
    files = state(home.root)
    return {name: files[name] for name in files if name != "datasets/small.safetensors"}


class Tries:
    """Brings hostile files one after another and keeps what happened."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.refused: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.tried = 0

    def try_one(self, kind: str, seed: int) -> None:
        """One file of a kind; the seed makes it again."""
        place = self.folder / "brought"
        place.mkdir()
        attempt, name = ATTEMPTS[kind], f"{kind} {seed}"
        path = attempt.bring(random.Random(name), place)
        self.tried += 1
        try:
            with bounded():
                attempt.use(self.home, path)
        except CnnlabError as error:
            self.refused[kind] += 1
            if any(isinstance(cause, MemoryError) for cause in causes(error)):
                self.wrong.append(f"{name} asks for memory: {error}")
        except BaseException as error:
            self.wrong.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
        shutil.rmtree(place)


@pytest.fixture
def attack(
    earlier: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, int], Tries]:
    """Tries of a kind; what else is on the disk must be as it was."""
    around = tmp_path / "around"
    (around / "folder").mkdir(parents=True)
    (around / "folder" / "mine.txt").write_text("mine")
    monkeypatch.chdir(around / "folder")

    def run(kind: str, count: int) -> Tries:
        tries = Tries(earlier, around / "folder")
        before, files = kept(earlier), state(around)
        for seed in range(count):
            tries.try_one(kind, seed)
        assert kept(earlier) == before, "earlier data was touched"
        assert state(around) == files, "a file was written outside"
        return tries

    return run


@pytest.mark.parametrize("kind", ATTEMPTS)
def test_a_damaged_file_is_used_or_refused_in_words(
    attack: Callable[[str, int], Tries], kind: str
) -> None:
    tries = attack(kind, FEW)
    assert not tries.wrong, "\n".join(tries.wrong)


@pytest.mark.slow
def test_two_thousand_damaged_files_leave_no_traceback_and_no_trace(
    attack: Callable[[str, int], Tries],
) -> None:
    tried, wrong = 0, []
    for kind in ATTEMPTS:
        tries = attack(kind, MANY)
        tried += tries.tried
        wrong += tries.wrong
        print(f"{kind}: {tries.tried} tried, {tries.refused[kind]} refused")
        assert tries.refused[kind] or kind == "settings", "nothing was damaged enough"
    assert not wrong, "\n".join(wrong)
    print(f"{tried} tried, 0 tracebacks, 0 files outside, 0 earlier data touched")
    assert tried > 2000
