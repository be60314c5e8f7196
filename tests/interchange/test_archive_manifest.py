"""A manifest that is none, or says what is not so, has its archive refused in a sentence."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from interchange.harmed_archives import (
    LAST,
    refused,
    restate,
)

from cnnlab.home import Home

SENSELESS: dict[str, Callable[[dict[str, Any]], object]] = {
    "format": lambda stated: stated.update(format="another"),
    "version": lambda stated: stated.update(version="1"),
    "version 0": lambda stated: stated.update(version=0),
    "history": lambda stated: stated.update(history="m003_other"),
    "runs": lambda stated: stated.update(runs={}),
    "no runs": lambda stated: stated.update(runs=[]),
    "a run twice": lambda stated: stated["runs"].append(stated["runs"][0]),
    "a further run": lambda stated: stated["runs"].append({"id": "bbbb0001", "name": "x"}),
    "an evil run": lambda stated: stated["runs"].append({"id": "../evil", "name": "x"}),
    "a number as id": lambda stated: stated["runs"][0].update(id=5),
    "members": lambda stated: stated.update(members=[]),
    "no member": lambda stated: stated["members"].pop(LAST),
    "a further member": lambda stated: stated["members"].update(x={"bytes": 0, "sha256": "0" * 64}),
    "bytes": lambda stated: stated["members"][LAST].update(bytes=-1),
    "more bytes": lambda stated: stated["members"][LAST].update(bytes=10**15),
    "yes for bytes": lambda stated: stated["members"][LAST].update(bytes=True),
    "sha256": lambda stated: stated["members"][LAST].update(sha256="x"),
    "more": lambda stated: stated.update(more=1),
    "less": lambda stated: stated.pop("made_at"),
}  # fmt: skip


@pytest.mark.parametrize("what", SENSELESS)
def test_a_manifest_that_makes_no_sense_is_refused(used: Home, archive: Path, what: str) -> None:
    restate(archive, SENSELESS[what])
    refused(used, archive, r"makes no sense|does not hold what|of no cnnlab")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b"9" * 9999]
)
def test_a_manifest_that_is_none_is_refused(used: Home, archive: Path, content: bytes) -> None:
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("manifest.json", content)
    refused(used, archive, "makes no sense")


@pytest.mark.parametrize("newer", [{"version": 2}, {"history": "m999_future"}])
def test_an_archive_of_a_newer_cnnlab_is_told_as_such(
    used: Home, archive: Path, newer: dict[str, object]
) -> None:
    restate(archive, lambda stated: stated.update(newer, cnnlab="9.9", more=1))
    refused(used, archive, r"was made by a newer cnnlab \('9\.9'\)")


def test_a_manifest_that_is_too_large_is_refused(used: Home, archive: Path) -> None:
    restate(archive, lambda stated: stated.update(cnnlab=" " * (33 << 20)))
    refused(used, archive, "a manifest that is too large")
