"""An export that cannot be written is told by its own name, whichever format it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from history import samples
from history.samples import add_run

from cnnlab.errors import StorageError
from cnnlab.export.formats import export_format
from cnnlab.export.job import ExportJob
from cnnlab.export.writing import write_whole
from cnnlab.home import Home


def is_full(folder: Path) -> bool:
    return not os.statvfs(folder).f_bavail


@pytest.mark.parametrize("name", ["archive", "csv", "json", "html", "tensorboard"])
def test_a_full_disk_is_told_with_the_name_that_was_given(
    home: Home, tiny_disk: Path, name: str
) -> None:
    add_run(home, "aaaa0001")
    samples.record(home, "aaaa0001", samples.steps(1, (0.5,) * 200))
    with (tiny_disk / "full").open("wb", buffering=0) as file:
        while not is_full(tiny_disk):
            file.write(bytes(1024))
    writer, job = export_format(name).load(), ExportJob(home, ("aaaa0001",))
    with pytest.raises(StorageError) as told:
        write_whole(tiny_disk / "mine", lambda path: writer(job, path))
    assert told.value.message == f"{tiny_disk / 'mine'} cannot be written: No space left on device."
    assert told.value.hint == "Free some space."
    assert [path.name for path in tiny_disk.iterdir()] == ["full"]
