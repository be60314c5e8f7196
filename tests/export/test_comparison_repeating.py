"""The commands in the document of a comparison train the same runs again."""

from __future__ import annotations

import shlex
from pathlib import Path

from export.comparisons import (
    course,
    document,
    finished,
)
from history.samples import STARTED, add_run, record

from cnnlab.config import presets
from cnnlab.config.run import RunConfig
from cnnlab.config.validation import validate
from cnnlab.events import RunFinished
from cnnlab.export.document import Document, Listing
from cnnlab.history.queries import Reader
from cnnlab.home import Home


def repeating(found: Document) -> tuple[list[str], dict[str, str]]:
    """The lines of the commands, and the files that they need by name."""
    (section,) = [one for one in found.sections if one.title == "How to repeat it"]
    listings = [block for block in section.blocks if isinstance(block, Listing)]
    commands, *files = listings
    return commands.text.splitlines(), {one.title: one.text for one in files}


def trained_by(line: str, folder: Path, home: Home) -> RunConfig:
    """The config of what a command of a report trains, but for `--repeat`."""
    cnnlab, run, name, *options = shlex.split(line)
    assert (cnnlab, run) == ("cnnlab", "run")
    pairs = dict(zip(options[::2], options[1::2], strict=True))
    assert set(pairs) <= {"--set", "--seed", "--repeat"}
    settings = [
        value
        for option, value in zip(options[::2], options[1::2], strict=True)
        if option == "--set"
    ]
    preset = presets.load(home, str(folder / name) if name.endswith(".toml") else name)
    return preset.with_settings([*settings, f"training.seed={pairs['--seed']}"])


def test_runs_of_no_shipped_preset_are_repeated_anywhere_by_a_config_in_the_report(
    home: Home, tmp_path: Path, groups: list[str]
) -> None:
    finished(home, "sized", 0.7, "data.resize=[30, 30]", "training.seed=4")
    finished(home, "later", 0.9, "optimizer.lr=0.01", "training.seed=7")
    ids = ["sized", *groups, "later"]
    lines, files = repeating(document(home, ids))
    # No setting takes a size away again: the others have a file of their own.
    assert list(files) == ["run.toml", "run-2.toml"]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    made = [trained_by(line, tmp_path, home) for line in lines if not line.startswith("#")]
    with Reader(home) as reader:
        stored = {run.id: validate(RunConfig, run.config) for run in reader.runs_among(list(ids))}
    assert made == [stored[name] for name in ("sized", "slow-0", "later", "fast")]
    assert [line for line in lines if "--repeat" in line] == [
        "cnnlab run run-2.toml --seed 0 --repeat 3"
    ]
    assert not any("--from" in line for line in lines)


def test_runs_of_shipped_presets_are_repeated_by_these(home: Home) -> None:
    base = presets.load(home, "quickstart")
    for seed in (1, 2):
        for epochs in (1, 2):
            config = base.with_settings([f"training.epochs={epochs}", f"training.seed={seed}"])
            name = f"run-{epochs}-{seed}"
            add_run(
                home, name, name=name, preset="quickstart", config=config.model_dump(mode="json")
            )
            record(home, name, STARTED, course(1, 0.9), RunFinished("done"))
    ids = [f"run-{epochs}-{seed}" for epochs in (1, 2) for seed in (1, 2)]
    lines, files = repeating(document(home, ids))
    assert files == {}
    usual = base.config.training.epochs
    assert lines == [
        line
        for epochs in (1, 2)
        for line in (
            f"# epochs={epochs}",
            "cnnlab run quickstart"
            + (f" --set training.epochs={epochs}" if epochs != usual else "")
            + " --seed 1 --repeat 2",
        )
    ]
