"""Texts that would command a terminal, and a home where everything that has a name is called so."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from history.samples import STARTED, add_run, epoch, evaluated, evaluation, record

from cnnlab.config import presets
from cnnlab.data import store
from cnnlab.data.importing import import_dataset
from cnnlab.events import CheckpointSaved, Logged, RunFailed, RunFinished
from cnnlab.home import Home
from data import samples

FRAGMENTS = (
    "\x1b[31;5;7m",  # colours
    "\x1b[2J",  # clears the screen
    "\x1b]0;owned\x07",  # the title of the window
    "\x1b]8;;http:evil\x1b\\",  # a link
    "\x9b2J",  # the same in one character
    "\x85",
    "\x08",
    "\r",
    "\x7f",
    "\u202e",  # turns the direction of writing
    "\u2066",
    "\u200b",  # unseen
    "\u2028",
    "\ufeff",
    "\U000e0041",
)
EVIL = "wild" + "x".join(FRAGMENTS) + "end"

OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[2K|\x1b\[1A|\r")
"""What Rich itself sends: styles, and the lines of a progress that it draws again."""


def unsafe(text: str, *, terminal: bool) -> list[str]:
    """The hostile fragments in a text, and all else that is no letter and no newline."""
    found = [fragment for fragment in FRAGMENTS if fragment != "\r" and fragment in text]
    rest = OWN.sub("", text) if terminal else text
    return [*found, *(letter for letter in rest if not letter.isprintable() and letter != "\n")]


def fill(home: Home, tmp_path: Path) -> None:
    """Puts runs, data sets and presets into a home, and files into a folder."""
    config = presets.load(home, "quickstart").config.model_dump(mode="json")
    config["data"]["name"] = EVIL
    config["optimizer"][EVIL] = EVIL
    known: dict[str, Any] = {
        "config": config, "name": EVIL, "dataset": EVIL, "model": EVIL, "preset": EVIL,
        "tags": (EVIL,), "note": EVIL, "versions": {EVIL: EVIL}, "monitor": EVIL,
        "git": {"commit": EVIL, "branch": EVIL, "modified": True},
    }  # fmt: skip
    classes = (EVIL, f"{EVIL}2", "plain")
    events = [
        dataclasses.replace(STARTED, device=EVIL, device_name=EVIL, precision=EVIL),
        Logged("warning", EVIL),
        Logged("error", EVIL),
        epoch(1),
        CheckpointSaved("best", 1, 4, tmp_path / EVIL / f"{EVIL}.pt", 9, "0" * 64, 0.5),
        evaluated("test", "best", 4, evaluation(classes)),
    ]
    for run_id, ending in (("aa", RunFinished(EVIL)), ("bb", RunFailed(EVIL, EVIL))):
        add_run(home, run_id, **known)
        record(home, run_id, *events, ending)
    add_run(home, "cc", **known | {"name": "plain"})
    record(home, "cc", *events)
    _data_sets(home, tmp_path)
    _presets(home, tmp_path)


def _data_sets(home: Home, tmp_path: Path) -> None:
    path = samples.write_folder(tmp_path / "plain", samples.idx_files())
    info = import_dataset(home, "small", path)
    stored = store.load(store.dataset_path(home, "small"))
    names = (EVIL, *info.classes[1:])
    info = dataclasses.replace(info, title=EVIL, classes=names, origin=EVIL)
    store.write(home, dataclasses.replace(stored, info=info))
    store.dataset_path(home, EVIL).write_bytes(store.dataset_path(home, "small").read_bytes())
    (home.datasets / f"b{EVIL}.safetensors").write_bytes(b"broken")
    samples.write_folder(tmp_path / EVIL, {f"{EVIL}/0.png": b"no image", "other/0.png": b""})
    (tmp_path / f"{EVIL}.zip").write_bytes(b"no zip")


def _presets(home: Home, tmp_path: Path) -> None:
    quoted = "".join(f"\\U{ord(letter):08x}" for letter in EVIL)
    words = f'title = "{quoted}"\ndescription = "{quoted}"\nsource = "{quoted}"\n'
    tables = '[data]\nname = "mnist-5k"\n[model]\nname = "lenet"\n'
    row = f'[[rows]]\nname = "one"\ntitle = "{quoted}"\nremark = "{quoted}"\n'
    home.presets.mkdir(parents=True)
    for folder in (home.presets, tmp_path):
        (folder / f"other{EVIL}.toml").write_text(words + tables)
        (folder / "sound.toml").write_text(words + tables)
        (folder / f"broken{EVIL}.toml").write_text(f'"{quoted}" = "{quoted}"\nmodel = "{quoted}"')
        (folder / f"study{EVIL}.toml").write_text(words + tables + row)
        (folder / "study.toml").write_text(words + tables + row)
