"""`cnnlab export`, as a user and as a script start it: real runs, real files."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from history.samples import add_run
from waiting import SECONDS, still_runs, wait_until

from cnnlab.export.formats import FORMATS
from cnnlab.history.edits import add_note, rename_run
from cnnlab.home import Home

PROGRAM = str(Path(sys.executable).with_name("cnnlab"))
Cnnlab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with a run named `digits` in the home."""
    del run_id
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_a_run_and_says_where(inside: Cnnlab, here: Path, name: str) -> None:
    done = inside("export", "digits", "--format", name)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    (made,) = names(here)
    assert made.startswith("digits")
    assert made.endswith(FORMATS[name].suffix)
    assert f"Wrote {made} (" in done.stderr


def test_what_is_there_already_is_written_over_with_force_alone(inside: Cnnlab, here: Path) -> None:
    (here / "digits.json").write_text("mine")
    again = inside("export", "digits", "--format", "json")
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert "Traceback" not in again.stderr
    assert (here / "digits.json").read_text() == "mine"
    forced = inside("export", "digits", "--format", "json", "--force")
    assert forced.returncode == 0, forced.stderr
    assert json.loads((here / "digits.json").read_text())["runs"][0]["name"] == "digits"
    assert names(here) == ["digits.json"]


def test_a_model_is_exported_by_a_process_that_ends_well(cnnlab: Cnnlab, here: Path) -> None:
    done = cnnlab("export", "digits", "-o", "a.onnx")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1].startswith("Wrote a.onnx (")
    assert names(here) == ["a.onnx"]


@pytest.mark.parametrize(
    ("output", "format_name"),
    [
        ("a.json", "json"), ("a.jsonl", "jsonl"), ("a.md", "markdown"), ("a.tex", "latex"),
        ("a.html", "html"), ("a.PNG", "png"), ("a.svg", "svg"), ("a.onnx", "onnx"),
        ("a.safetensors", "safetensors"),
    ],
)  # fmt: skip
def test_the_ending_of_the_output_tells_the_format(
    inside: Cnnlab, here: Path, output: str, format_name: str
) -> None:
    done = inside("export", "digits", "--output", output, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["format"] == format_name
    assert told["files"] == [{"path": output, "bytes": (here / output).stat().st_size}]


def test_one_table_is_a_file_and_may_go_to_stdout(
    cnnlab: Cnnlab, inside: Cnnlab, here: Path
) -> None:
    done = cnnlab("export", "digits", "-f", "csv", "--table", "epochs", "-o", "-")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert not names(here)
    done = inside("export", "digits", "-o", "epochs.csv", "--table", "epochs")
    assert done.returncode == 0, done.stderr
    assert (here / "epochs.csv").is_file()
    # A folder may have any name, such as one that a table of the other format has not.
    done = inside("export", "digits", "-f", "csv", "-o", "all.tables")
    assert done.returncode == 0, done.stderr
    assert (here / "all.tables" / "epochs.csv").is_file()


def test_what_cannot_be_written_to_stdout_is_told(here: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [PROGRAM, "export", "digits", "-f", "json", "-o", "-"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=here)
    assert done.returncode == 1
    assert "cnnlab: Standard output cannot be written: No space left" in done.stderr
    assert "Unexpected" not in done.stderr


def limited_to_64_kib() -> None:
    """Of the files that a process writes, as `ulimit -f 64` does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))


@pytest.mark.parametrize("form", [("json",), ("csv", "--table", "notes")])
def test_a_file_limit_ends_what_goes_to_stdout_in_a_sentence(
    cnnlab: Cnnlab, here: Path, home: Home, run_id: str, form: tuple[str, ...]
) -> None:
    add_note(home, run_id, "x" * 2**17)
    aside = here / "aside"
    aside.mkdir()
    done = cnnlab(
        "export", "--all", "-o", "-", "-f", *form,
        env=os.environ | {"TMPDIR": str(aside)}, preexec_fn=limited_to_64_kib,
    )  # fmt: skip
    assert (done.returncode, done.stdout, names(aside)) == (1, "", [])
    assert " ".join(done.stderr.split()) == (
        f"cnnlab: The temporary folder {aside} cannot be written: File too large. Raise the limit "
        "that `ulimit -f` shows, or name a file system for larger files. Or name a file with -o, "
        "or another folder in TMPDIR."
    )


def test_a_full_temporary_disk_ends_what_goes_to_stdout_in_a_sentence(
    cnnlab: Cnnlab, tiny_disk: Path, home: Home, run_id: str
) -> None:
    add_note(home, run_id, "x" * 2**21)
    done = cnnlab(
        "export", "digits", "-f", "json", "-o", "-", env=os.environ | {"TMPDIR": str(tiny_disk)}
    )
    assert (done.returncode, done.stdout, names(tiny_disk)) == (1, "", [])
    assert " ".join(done.stderr.split()) == (
        f"cnnlab: The temporary folder {tiny_disk} cannot be written: No space left on device. "
        "Free some space. Or name a file with -o, or another folder in TMPDIR."
    )


@pytest.mark.usefixtures("run_id")
def test_a_temporary_folder_that_is_not_there_is_told(
    inside: Cnnlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(**named: object) -> str:
        # Only so long: pytest makes temporary files of its own.
        with monkeypatch.context() as patch:
            for name, value in named.items():
                patch.setattr(f"tempfile.{name}", value)
            done = inside("export", "digits", "-f", "json", "-o", "-")
        assert (done.returncode, done.stdout) == (1, "")
        return " ".join(done.stderr.split())

    gone = tmp_path / "gone"
    assert f"folder {gone} cannot be written: No such file" in told(tempdir=str(gone))
    none = told(tempdir=None, _candidate_tempdir_list=list)
    assert none.startswith("cnnlab: A temporary folder cannot be written: No usable temporary")
    assert "Check that it can be written. Or name a file with -o" in none


def test_a_format_may_be_named_by_its_ending(inside: Cnnlab, here: Path) -> None:
    assert inside("export", "digits", "-f", "md").returncode == 0
    assert names(here) == ["digits.md"]


def test_json_on_stdout_is_the_file(cnnlab: Cnnlab, inside: Cnnlab, here: Path) -> None:
    piped = cnnlab("export", "digits", "-f", "jsonl", "-o", "-")
    assert piped.returncode == 0, piped.stderr
    assert inside("export", "digits", "-o", "a.jsonl").returncode == 0
    assert (here / "a.jsonl").read_text() == piped.stdout


def test_the_name_of_stdout_in_the_file_system_means_it(inside: Cnnlab, here: Path) -> None:
    shown = inside("export", "digits", "-f", "markdown", "-o", "/dev/stdout")
    assert (shown.returncode, names(here)) == (0, [])
    assert shown.stdout == inside("export", "digits", "-f", "markdown", "-o", "-").stdout
    assert shown.stdout.startswith("# digits\n")


def test_an_output_that_is_a_folder_takes_the_file(inside: Cnnlab, here: Path) -> None:
    (here / "results").mkdir()
    done = inside("export", "digits", "-f", "markdown", "-o", "results")
    assert done.returncode == 0, done.stderr
    assert names(here / "results") == ["digits.md"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["digit", "-f", "csv"], "Did you mean 'digits'"),
        (["digits", "-f", "parket"], "Unknown format 'parket'. Did you mean 'parquet'"),
        (["digits"], "No format is named"),
        (["digits", "-o", "what.docx"], "No format has the ending .docx"),
        (["-f", "csv"], "No run is named"),
        (["digits", "-f", "png", "-o", "a.svg"], "ends as svg does, and the format is png"),
        (["digits", "-o", "a.html", "--table", "epochs"], "--table is for csv and parquet"),
        (
            ["digits", "-o", "a.json", "--plot", "lr"],
            "--plot is for png, svg and pdf, not for json",
        ),
        (["digits", "-f", "json", "-o", "nowhere/"], "There is no folder nowhere/"),
        (["digits", "-f", "csv", "--table", "epoch"], "Did you mean 'epochs'"),
        (["digits", "-f", "png", "--plot", "confusions"], "Did you mean 'confusion'"),
        (["digits", "-f", "json", "--checkpoint", "bst"], "Did you mean 'best'"),
        (["digits", "-f", "json", "--split", "tset"], "Did you mean 'test'"),
        (["digits", "-f", "png", "-o", "-"], "cannot go to stdout"),
        (
            ["digits", "-f", "csv", "-o", "-"],
            "cannot go to stdout. Choose one with --table, or name a folder.",
        ),
        (["digits", "-f", "parquet", "-o", "-"], "cannot go to stdout. Name a folder."),
        (["digits", "-f", "archive", "-o", "/dev/stdout"], "cannot go to stdout. Name a file."),
        (["digits", "--all", "-f", "csv"], "--all is every run"),
        (["--filter", "acc>2", "-f", "csv"], "No run matches the filter"),
        (["--study", "chen/width", "-f", "csv"], "has no runs yet"),
        (["digits", "-f", "json", "-o", "no/where.json"], "There is no folder no"),
        (
            ["digits", "-o", "x.csv"],
            "as with -o x; or choose one table, as with --table runs -o x.csv",
        ),
        (["digits", "-f", "csv", "-o", "x.Parquet"], "with --table runs -o x.csv"),
        (["digits", "-o", "x.htm"], "No format has the ending .htm. Did you mean 'html'?"),
        (["digits", "-f", "csv", "--table", "epochs, runs"], "--table epochs --table runs"),
        (["digits", "-o", "x.csv", "--table", "runs", "--table", "epochs"], "--table"),
        (["digits", "-o", "~nosuchuser/a.json"], "There is no home folder for ~nosuchuser"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence_and_nothing_is_written(
    inside: Cnnlab, here: Path, arguments: list[str], words: str
) -> None:
    done = inside("export", *arguments)
    assert done.returncode == 2, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not names(here)


def test_a_study_has_its_own_table_where_it_is_chosen_alone(
    inside: Cnnlab, here: Path, home: Home
) -> None:
    for number, row in enumerate(("channels-10", "channels-25")):
        add_run(home, f"aaaa000{number}", name=row, preset=f"chen/width/{row}")
    left_out = "The study's own table is of all its runs: only --study alone writes it."
    study = ("export", "--study", "chen/width", "--force")
    alone = inside(*study, "-o", "a.md")
    assert left_out not in alone.stderr
    assert "Published against measured" in (here / "a.md").read_text()
    for more in (["--filter", "name:channels*"], ["digits"]):
        done = inside(*study, *more, "-o", "a.md")
        assert done.returncode == 0, done.stderr
        assert left_out in done.stderr
        assert "Published against measured" not in (here / "a.md").read_text()
    data = inside(*study, "--filter", "name:channels*", "-f", "json", "-o", "a.json")
    assert left_out not in data.stderr


@pytest.mark.parametrize("form", ["json", "csv", "png"])
def test_a_name_that_is_too_long_is_told(inside: Cnnlab, here: Path, form: str) -> None:
    done = inside("export", "digits", "-f", form, "-o", "x" * 300)
    assert done.returncode == 1
    told = " ".join(done.stderr.split())
    assert told.endswith("cannot be written: File name too long. Choose a shorter name.")
    assert not names(here)


def test_a_model_is_of_one_run(inside: Cnnlab, here: Path, home: Home) -> None:
    add_run(home, "aaaa0001", name="other")
    done = inside("export", "digits", "other", "-f", "onnx")
    assert done.returncode == 2
    assert "takes one run, not 2" in done.stderr
    assert not names(here)


def test_a_run_of_any_name_stays_in_the_folder(
    inside: Cnnlab, here: Path, home: Home, run_id: str
) -> None:
    rename_run(home, run_id, '../../"a", b_c & 🎉\nd')
    done = inside("export", run_id, "-f", "json")
    assert done.returncode == 0, done.stderr
    assert names(here) == ["a-b_c-d.json"]
    assert json.loads((here / "a-b_c-d.json").read_text())["runs"][0]["name"].endswith("🎉\nd")


def test_the_formats_are_listed_with_what_they_need(inside: Cnnlab) -> None:
    done = inside("export", "--formats")
    assert done.returncode == 0
    assert all(name in done.stdout for name in FORMATS)
    told = json.loads(inside("export", "--formats", "--json").stdout)
    assert {each["name"]: each["installed"] for each in told} == dict.fromkeys(FORMATS, True)


IN_CRUMBS = """
from cnnlab.cli.main import main
from cnnlab.interchange import archive_writing
archive_writing._PIECE = 16
main()
"""
"""The command, which copies so little at once that 16 GiB take hours on any machine."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_ended_leaves_no_half(
    here: Path, home: Home, run_id: str, number: signal.Signals
) -> None:
    """Ended while it copies a checkpoint of 16 GiB, of which the disk holds none."""
    with (home.checkpoints(run_id) / "best-epoch0009-step0000009.pt").open("wb") as large:
        large.truncate(2**34)
    command = [sys.executable, "-c", IN_CRUMBS, "export", "digits", "-f", "archive"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        wait_until(
            lambda: sum(path.stat().st_size for path in here.iterdir()) >= 2**20,
            "a mebibyte",
            see=lambda: still_runs(process),
        )
        (half,) = names(here)
        assert re.fullmatch(r"\.digits\.cnnlab\.zip\.\w+\.part", half)
        process.send_signal(number)
        process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == {signal.SIGINT: 130}.get(number, 128 + number)
    assert not names(here)
