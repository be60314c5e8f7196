"""`cnnlab data`, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from data import samples

Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


def test_the_list_tells_what_is_here_and_what_could_be(
    cnnlab: Cnnlab, inside: Cnnlab, tmp_path: Path
) -> None:
    inside(
        "data", "import", "small", str(samples.write_folder(tmp_path / "b", samples.idx_files()))
    )
    done = cnnlab("data", "list")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "yes" in lines["small"]
    assert "1x6x6" in lines["small"]
    assert "download or import" in lines["cifar10"]
    assert "shipped" in lines["mnist-5k"]
    rows = {row["name"]: row for row in json.loads(inside("data", "list", "--json").stdout)}
    assert rows["small"]["present"] is True
    assert rows["mnist"]["train_images"] == 60_000


def test_show_tells_counts_moments_and_where_it_lies(inside: Cnnlab) -> None:
    done = inside("data", "show", "mnist-5k")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["7", "400", "100"] in lines
    assert ["mean", "0.1315"] in lines
    assert ["std", "0.3088"] in lines
    assert "mnist-5k.safetensors" in done.stdout
    assert "▄" not in done.stdout  # pictures are for terminals
    shown = json.loads(inside("data", "show", "mnist-5k", "--json").stdout)
    assert Path(shown["path"]).is_file()
    assert shown["train_counts"] == [400] * 10


def test_show_draws_sample_images_on_a_terminal(terminal: Callable[..., str]) -> None:
    shown = terminal("data", "show", "mnist-5k")
    assert shown.count("▄") == 10 * 18 * 9  # ten digits of 18 x 18 pixels


def test_images_of_ones_own_import_and_are_removed_again(cnnlab: Cnnlab, tmp_path: Path) -> None:
    path = samples.write_folder(tmp_path / "flowers", samples.class_folders(count=5))
    done = cnnlab("data", "import", "my-flowers", str(path), "--size", "8x10")
    assert done.returncode == 0, done.stderr
    assert "8 training and 2 test images" in done.stderr
    assert "cnnlab data show my-flowers" in done.stderr
    shown = json.loads(cnnlab("data", "show", "my-flowers", "--json").stdout)
    assert shown["shape"] == [3, 8, 10]
    kept = cnnlab("data", "remove", "my-flowers", input="n\n")
    assert kept.returncode == 1
    gone = cnnlab("data", "remove", "my-flowers", "--yes")
    assert gone.returncode == 0
    assert "my-flowers" not in cnnlab("data", "list").stdout


def test_bad_input_is_a_sentence_and_an_exit_code(inside: Cnnlab, tmp_path: Path) -> None:
    for arguments, code, words in (
        (("show", "mnits"), 2, "Did you mean"),
        (("show", "cifar10"), 1, "cnnlab data download cifar10"),
        (("download", "cifar-10"), 2, "Did you mean 'cifar10'"),
        (("remove", "cifar10", "--yes"), 1, "not on this machine"),
        (("import", "x", str(tmp_path / "nowhere")), 1, "nothing at"),
        (("import", "x", str(tmp_path), "--size", "big"), 2, "is not a size"),
    ):
        done = inside("data", *arguments)
        assert done.returncode == code, arguments
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
