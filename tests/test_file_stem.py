"""What a name from outside becomes as the name of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlab.file_stem import file_stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("lenet-1", "lenet-1"),
        ("a/b: c", "a-b-c"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("Ärger 🎉\n", "Ärger"),
        ("🎉", "run"),
        ("\ud800", "run"),
        ("x" * 300, "x" * 150),
        ("x" * 149 + "é", "x" * 149),
        ("x" * 149 + "-y", "x" * 149),
    ],
)
def test_a_name_becomes_a_file_name_that_stays_in_its_folder(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_a_long_name_in_any_script_leaves_room_for_more(tmp_path: Path) -> None:
    path = tmp_path / f".0123abcd-{file_stem('漢字' * 100)}-confusion.cnnlab.zip"
    path.write_text("written")
    assert path.read_text() == "written"
