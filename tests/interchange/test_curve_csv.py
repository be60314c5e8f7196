"""CSV files of curves, as programs and spreadsheets write them, as runs."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from history.samples import add_run, life, record
from interchange.imports import Brought, bring

from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.history.queries import Reader
from cnnlab.home import Home
from cnnlab.interchange.readers import readers_of

LOSSES = ("epoch", "train_loss", "validation_loss")


def file(folder: Path, text: str | bytes, name: str = "curves.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def only(home: Home, path: Path, **options: Any) -> Brought:
    (run,) = bring(home, path, **options)
    return run


# What programs write


def test_the_log_of_keras_counts_epochs_from_one_here(home: Home, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"
        "0,0.5,0.01,1.5,0.25,1.75\n1,0.75,0.001,0.5,0.5,0.75\n",
    )
    run = only(home, path)
    assert run.epochs(*LOSSES, "train_accuracy", "validation_accuracy", "lr") == [
        (1, 1.5, 1.75, 0.5, 0.25, 0.01),
        (2, 0.5, 0.75, 0.75, 0.5, 0.001),
    ]
    about = run.series.run
    assert (about.name, about.origin, about.epochs_planned) == ("curves", "csv", 2)
    assert (about.best_epoch, about.best_value, about.duration_s) == (2, 0.5, None)
    assert run.epochs("seconds", "images_per_second") == [(None, None)] * 2
    assert [one.label for one in run.series.curves("lr", "epoch")] == ["training"]
    assert run.series.curves("loss", "time") == []


def test_the_sparse_rows_of_lightning_are_joined(home: Home, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "epoch,lr-SGD,step,train_loss_epoch,train_loss_step,val_acc,val_loss\n"
        "0,,4,,2.0,,\n0,0.1,4,,,,\n0,,9,,1.0,,\n0,,9,,,0.5,0.75\n0,,9,1.5,,,\n"
        "1,,14,,0.5,,\n1,0.01,14,,,,\n1,,19,,0.25,,\n1,,19,,,0.625,0.5\n1,,19,0.375,,,\n",
        "metrics.csv",
    )
    run = only(home, path)
    assert run.epochs(*LOSSES, "validation_accuracy", "step", "lr") == [
        (1, 1.5, 0.75, 0.5, 10, 0.1),
        (2, 0.375, 0.5, 0.625, 20, 0.01),
    ]
    # The learning rate was logged with two of the four steps, and held for the next one.
    assert [(step, loss) for step, loss, *_ in run.steps()] == [
        (5, 2.0), (10, 1.0), (15, 0.5), (20, 0.25),
    ]  # fmt: skip


def test_fastai_means_validation_by_a_bare_accuracy(home: Home, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "epoch,train_loss,valid_loss,accuracy,time\n0,1.5,1.0,0.5,01:05\n1,1.0,0.5,0.75,00:55\n",
    )
    run = only(home, path)
    assert run.epochs(*LOSSES, "train_accuracy", "validation_accuracy", "seconds") == [
        (1, 1.5, 1.0, None, 0.5, 65.0),
        (2, 1.0, 0.5, None, 0.75, 55.0),
    ]


def test_a_spreadsheet_of_another_country_is_read(home: Home, tmp_path: Path) -> None:
    path = file(tmp_path, "﻿Epoch;Train Loss;Val Acc\r\n1;0,5;81,5 %\r\n2;0,25;92\r\n".encode())
    run = only(home, path)
    assert run.epochs("epoch", "train_loss", "validation_accuracy") == [
        (1, 0.5, 0.815),
        (2, 0.25, 0.92),
    ]
    assert "'Val Acc' is in percent and kept as a share of 1." in run.remarks


@pytest.mark.parametrize(
    ("cells", "shares", "told"),
    [
        (
            ["1.1,0.9", "2.1,1.3"],
            [(0.011, 0.009), (0.021, 0.013)],
            ("'train_acc' is in percent", "'val_acc' is in percent, as 'train_acc' is,"),
        ),
        (
            ["0.5%,0.4 %", "0.8%,1.3"],
            [(0.005, 0.004), (0.008, 0.013)],
            ("'train_acc' is in percent", "'val_acc' is in percent"),
        ),
        (["50%,0.5", "60%,0.625"], [(0.5, 0.5), (0.6, 0.625)], ("'train_acc' is in percent",)),
        (["0.5,0.5", "0.5,1.3"], [(0.5, 0.5), (0.5, 1.3)], ()),
    ],
)
def test_accuracies_of_one_logger_are_in_percent_together(
    home: Home,
    tmp_path: Path,
    cells: list[str],
    shares: list[tuple[float, float]],
    told: tuple[str, ...],
) -> None:
    rows = "".join(f"{epoch},{both}\n" for epoch, both in enumerate(cells, start=1))
    run = only(home, file(tmp_path, f"epoch,train_acc,val_acc\n{rows}"))
    found = run.epochs("train_accuracy", "validation_accuracy")
    assert found == [pytest.approx(both) for both in shares]
    assert run.remarks[1:] == tuple(f"{one} and kept as a share of 1." for one in told)


def test_precisions_in_percent_say_nothing_of_accuracies(home: Home, tmp_path: Path) -> None:
    text = "epoch,val_acc,val_precision,val_recall,val_f1\n1,0.75,75,50,1.5\n"
    run = only(home, file(tmp_path, text))
    (validation,) = run.series.validations
    assert (validation.accuracy, validation.precision_macro) == (0.75, 0.75)
    assert (validation.recall_macro, validation.f1_macro) == (0.5, 0.015)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_spreadsheets_are_read(home: Home, tmp_path: Path, encoding: str) -> None:
    path = file(tmp_path, "epoch\ttrain_loss\té\n1\t0.5\t\n".encode(encoding), "table.tsv")
    run = only(home, path)
    assert run.epochs("train_loss") == [(0.5,)]
    assert "Not read: 'é'; --column FIELD=NAME says what one is." in run.remarks


def test_steps_that_are_counted_within_each_epoch_go_on(home: Home, tmp_path: Path) -> None:
    rows = [f"{epoch},{batch},{epoch + batch / 4}" for epoch in (1, 2) for batch in range(4)]
    run = only(home, file(tmp_path, "epoch,iter,loss\n" + "\n".join(rows)))
    assert [(step, loss) for step, loss, *_ in run.steps()] == [
        (number + 1, 1 + number // 4 + number % 4 / 4) for number in range(8)
    ]
    assert run.epochs("epoch", "step", "train_loss") == [(1, 4, 1.375), (2, 8, 2.375)]


@pytest.mark.parametrize("epochs", [(0, 1, 1, 2), (0, 1, 2, 1, 2), (0, 1, 2, 0, 1, 2)])
def test_in_the_log_of_a_resumed_training_the_later_row_counts(
    home: Home, tmp_path: Path, epochs: tuple[int, ...]
) -> None:
    losses = [8.0 - place for place in range(len(epochs))]
    rows = [f"{epoch},{loss},{loss / 2}" for epoch, loss in zip(epochs, losses, strict=True)]
    run = only(home, file(tmp_path, "epoch,loss,val_loss\n" + "\n".join(rows)))
    last = dict(zip(epochs, losses, strict=True))
    assert run.epochs(*LOSSES) == [(one + 1, last[one], last[one] / 2) for one in range(3)]
    assert run.series.run.steps_per_epoch == 1
    assert len(run.steps()) == 0
    count = len(epochs) - 3
    assert run.remarks[0] == (
        f"{count} epoch{'' if count == 1 else 's'} came again, as where a training is resumed: "
        "the later row counts."
    )


def test_of_a_log_of_steps_what_comes_once_an_epoch_is_of_epochs(
    home: Home, tmp_path: Path
) -> None:
    text = "epoch,loss,val_loss\n0,4,\n0,3,\n0,,0.5\n1,2,\n1,1,\n1,,0.25\n"
    run = only(home, file(tmp_path, text))
    assert run.epochs(*LOSSES) == [(1, 3.5, 0.5), (2, 1.5, 0.25)]
    assert [loss for _, loss, *_ in run.steps()] == [4, 3, 2, 1]
    assert "came again" not in " ".join(run.remarks)


def test_rows_that_tell_no_epoch_count_as_one_each(home: Home, tmp_path: Path) -> None:
    run = only(home, file(tmp_path, "train_loss,val_loss\n0.5,0.75\n0.25,\n"))
    assert run.epochs(*LOSSES) == [(1, 0.5, 0.75), (2, 0.25, None)]
    assert "No column tells epochs or steps: each row counts as an epoch." in run.remarks


def test_a_time_that_only_grows_is_that_since_the_beginning(home: Home, tmp_path: Path) -> None:
    rows = "".join(f"{epoch},{10.0 * epoch},0.5\n" for epoch in range(1, 7))
    run = only(home, file(tmp_path, f"epoch,time,train/loss\n{rows}"))
    assert run.epochs("seconds") == [(10.0,)] * 6


def test_a_download_of_tensorboard_is_read_by_hand(home: Home, tmp_path: Path) -> None:
    path = file(tmp_path, "Wall time,Step,Value\n1700000000,100,0.5\n1700000060,200,0.25\n")
    with pytest.raises(ConfigError, match="no curve of a training that is known") as raised:
        bring(home, path)
    assert "'Value'" in raised.value.message
    assert "--column train_loss=NAME" in raised.value.hint
    run = only(home, path, columns={"validation_loss": "Value"})
    assert run.epochs("step", "validation_loss", "seconds") == [(100, 0.5, None), (200, 0.25, 60.0)]
    assert run.series.run.duration_s == 60.0


# What cnnlab wrote itself


def write_tables(home: Home, folder: Path, run_ids: list[str]) -> None:
    """The tables of an export, as far as curves are concerned."""
    folder.mkdir()
    with Reader(home) as reader:
        epochs = {run_id: reader.epochs([run_id])[run_id] for run_id in run_ids}
        steps = {run_id: reader.steps(run_id) for run_id in run_ids}
    for name, found in (("epochs", epochs), ("steps", steps)):
        rows = [{"run_id": run_id, **vars(row)} for run_id, those in found.items() for row in those]
        with (folder / f"{name}.csv").open("w", newline="") as text:
            writer = csv.DictWriter(text, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def test_a_file_that_was_touched_is_the_same_run(home: Home, tmp_path: Path) -> None:
    text = "epoch,val_acc,val_precision,val_recall,val_f1\n1,0.5,0.5,0.5,0.5\n"
    path = file(tmp_path, text)
    first = only(home, path)
    assert len(first.series.validations) == 1
    os.utime(path, (1.6e9, 1.6e9))
    assert only(home, path).series.run.id == first.series.run.id


def test_own_tables_come_back_as_their_runs(home: Home, tmp_path: Path) -> None:
    for run_id in ("a1", "b2"):
        add_run(home, run_id)
        record(home, run_id, *life())
    write_tables(home, tmp_path / "out", ["a1", "b2"])
    first, second = bring(home, tmp_path / "out")
    # Their contents are the same, so they are one run, imported once.
    assert first.series.run.id == second.series.run.id
    assert first.series.run.name == "out-a1"
    with Reader(home) as reader:
        assert first.series.epochs == reader.epochs(["a1"])["a1"]
        assert reader.steps(first.series.run.id) == reader.steps("a1")
    for name in ("epochs.csv", "steps.csv"):
        assert len(bring(home, tmp_path / "out" / name)) == 2


# What is wrong with files


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no figures at all"),
        ("epoch,loss\n", "has no rows below its first line"),
        ("epoch,loss\n1,\n", "has no numbers in 'loss'"),
        ("1,2,3\n4,5,6\n", "it has '1', '2', '3'"),
        ("epoch,loss,loss\n1,2,3\n", "several columns 'loss'"),
        ("epoch,box\x1b[31m\n1,2\n", r"'box\\x1b\[31m'"),
        ("epoch,loss\n1,a\n", "has no numbers in 'loss'"),
    ],
)
def test_a_table_without_curves_names_what_it_has(
    home: Home, tmp_path: Path, text: str, error: str
) -> None:
    with pytest.raises(ConfigError, match=error):
        bring(home, file(tmp_path, text))


def test_cells_that_are_no_numbers_are_counted(home: Home, tmp_path: Path) -> None:
    text = "epoch,loss,val_loss,val_acc\n1,abc,-,0.5\n2,nan,1,\n3,0.5,NA, n/a\nx,0.25,1,0.5\n"
    run = only(home, file(tmp_path, text))
    assert run.epochs(*LOSSES) == [(1, None, None), (2, None, 1.0), (3, 0.5, None)]
    assert run.remarks == (
        "1 row has no epoch or step: left out.",
        "Read 'epoch' as epoch, 'loss' as train_loss, 'val_loss' as validation_loss, "
        "'val_acc' as validation_accuracy.",
        "Values that are no numbers, kept as gaps: 1 of 'epoch', 2 of 'loss', 2 of 'val_loss', "
        "1 of 'val_acc'.",
    )


def test_each_column_is_read_or_named(home: Home, tmp_path: Path) -> None:
    text = (
        "epoch,global_step,step,iteration,timestamp,wall_time,train/epoch,train_loss,val_loss,"
        "val_acc,run_id,box\n"
    )
    text += "".join(
        f"{n},{n}0,{n},{n},2024-01-0{n},170000000{n},0.5,0.5,,n/a,a,1\n" for n in (1, 2)
    )
    run = only(home, file(tmp_path, text))
    assert run.epochs("epoch", "step", "train_loss") == [(1, 10, 0.5), (2, 20, 0.5)]
    assert run.series.run.duration_s == 1
    assert run.remarks == (
        "Without a number that fits, so not read: 'timestamp', 'val_loss', 'val_acc'.",
        "Read 'wall_time' as time, 'epoch' as epoch, 'global_step' as step, "
        "'train_loss' as train_loss.",
        "Not read: 'step', 'iteration', 'train/epoch', 'box'; "
        "--column FIELD=NAME says what one is.",
    )


def test_of_several_columns_of_steps_the_first_that_counts_throughout_is_read(
    home: Home, tmp_path: Path
) -> None:
    text = "epoch,step,global_step,loss\n1,1,10,4\n1,2,20,3\n2,1,30,2\n2,2,40,1\n"
    run = only(home, file(tmp_path, text))
    assert run.epochs("epoch", "step") == [(1, 20), (2, 40)]
    assert run.remarks[0] == "'step' goes back, so it does not count steps throughout."
    assert run.remarks[-1].startswith("Not read: 'step';")


def test_rows_of_another_length_are_counted(home: Home, tmp_path: Path) -> None:
    run = only(home, file(tmp_path, "epoch,loss,val_loss\n1,1\n2,2,3,4\n3,2,3,\n"))
    assert run.epochs(*LOSSES) == [(1, 1.0, None), (2, 2.0, 3.0), (3, 2.0, 3.0)]
    assert run.remarks[0] == (
        "2 rows have more or fewer cells than the first line: "
        "missing ones are gaps, others are not read."
    )


def test_what_is_within_quotes_is_neither_a_comment_nor_the_end_of_a_row(
    home: Home, tmp_path: Path
) -> None:
    text = '# made by hand, "so"\n\nepoch,"train\n# loss",note\n1,0.5,ok\n2,0.4,"a\n# b\n\n"\n'
    text += '# "halfway\n3,0.3,x\n\n"#4",0.2,y\n5,0.1,"z"'
    run = only(home, file(tmp_path, text))
    assert run.epochs("epoch", "train_loss") == [(1, 0.5), (2, 0.4), (3, 0.3), (5, 0.1)]
    assert run.remarks[0] == "1 row has no epoch or step: left out."


def test_a_quote_that_is_not_closed_is_told_with_its_row(home: Home, tmp_path: Path) -> None:
    text = 'epoch,loss,note\n1,0.5,ok\n2,0.4,"a\n3,0.3,x\n'
    with pytest.raises(ExchangeError, match=r"a quote is not closed in the row '2,0\.4,\"a'"):
        bring(home, file(tmp_path, text))


@pytest.mark.parametrize(
    ("cells", "losses"),
    [
        (('"0,9"', '"0,123"'), (0.9, 0.123)),
        (('"1,25"', '"1,5e-1"'), (1.25, 0.15)),
        (('"1,234"', "2.5"), (None, 2.5)),
    ],
)
def test_commas_in_quotes_are_of_decimals_unless_they_may_part_thousands(
    home: Home, tmp_path: Path, cells: tuple[str, str], losses: tuple[float | None, float]
) -> None:
    run = only(home, file(tmp_path, f"epoch,loss,val_loss\n1,{cells[0]},1\n2,{cells[1]},1\n"))
    assert run.epochs("train_loss") == [(loss,) for loss in losses]


def test_the_test_of_lightning_makes_no_epoch_of_its_own(home: Home, tmp_path: Path) -> None:
    text = "epoch,step,train_acc,train_loss,val_acc,val_loss,test_acc\n0,4,0.5,1.0,,,\n"
    text += "0,9,0.5,0.5,,,\n0,9,,,0.5,0.75,\n1,14,0.5,0.5,,,\n1,19,,,0.5,0.5,\n2,20,,,,,0.75\n"
    run = only(home, file(tmp_path, text))
    assert run.epochs("epoch", "step") == [(1, 10), (2, 20)]
    assert (run.series.run.epochs_planned, run.series.run.steps_per_epoch) == (2, 10)
    assert run.notes == ("From curves.csv: test accuracy 0.75",)
    assert run.remarks == (
        "Read 'epoch' as epoch, 'step' as step, 'train_acc' as train_accuracy of steps, "
        "'train_loss' as train_loss of steps, 'val_acc' as validation_accuracy, "
        "'val_loss' as validation_loss, 'test_acc' as test_accuracy.",
        "Epochs and steps count from 0 there; here the first one is 1.",
    )


def test_absurd_numbers_are_gaps_or_told(home: Home, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "epoch,loss,val_loss\n-5,1,1\n1e400,1,1\n1e300,1,1\nnan,1,1\n2,inf,nan\n3,1e-320,-1\n",
    )
    run = only(home, path)
    assert [epoch for (epoch,) in run.epochs("epoch")] == [1, 3, 4]
    with pytest.raises(ExchangeError, match="no CSV file that can be read"):
        bring(home, file(tmp_path, 'epoch,loss\n1,"' + "x" * 200_000))


@pytest.mark.parametrize("loss", ["inf", "-inf", "1e400"])
def test_the_mean_of_steps_with_infinite_ones_is_a_gap(
    home: Home, tmp_path: Path, loss: str
) -> None:
    text = f"epoch,step,loss,val_loss\n0,0,{loss},\n0,1,-inf,1\n1,2,1e308,\n1,3,1.5e308,1\n"
    run = only(home, file(tmp_path, text))
    assert run.epochs("epoch", "train_loss") == [(1, None), (2, 1.25e308)]


def test_a_text_is_told_from_other_files_by_its_first_line(tmp_path: Path) -> None:
    (reader,) = readers_of(file(tmp_path, "# a log\n\nepoch\tval_acc\n", "log.txt"))
    assert reader.name == "csv"
    for name, content in (("notes.txt", b"the loss was high, again\n"), ("x.bin", b"loss,acc\0")):
        with pytest.raises(ExchangeError, match="nothing that can be imported"):
            readers_of(file(tmp_path, content, name))
