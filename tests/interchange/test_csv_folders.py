"""Folders with CSV files: which of them are runs, what those are called, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from interchange.imports import Brought, bring

from cnnlab.errors import ConfigError
from cnnlab.home import Home
from cnnlab.interchange.event_files import EventWriter

LIGHTNING = "epoch,step,train_loss,val_loss\n0,4,{0},\n0,4,,0.75\n1,9,0.25,\n1,9,,0.5\n"
KERAS = "epoch,loss,val_loss\n0,{0},0.75\n1,0.25,0.5\n"
TRIED = "A file that is named itself is tried."


def put(path: Path, text: str, loss: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(loss))
    return path


def events(folder: Path, tag: str, loss: float = 0.5) -> None:
    with EventWriter(folder) as writer:
        for step in (1, 2):
            writer.scalars({tag: loss}, step, 1.7e9)


def names(runs: list[Brought]) -> list[str]:
    return [one.series.run.name for one in runs]


def test_each_version_of_lightning_is_a_run_called_as_its_folder(
    home: Home, tmp_path: Path
) -> None:
    logs = tmp_path / "lightning_logs"
    for number in range(2):
        put(logs / f"version_{number}" / "metrics.csv", LIGHTNING, number)
        put(logs / f"version_{number}" / "hparams.yaml", "lr: 0.1\n")
    runs = bring(home, logs)
    assert names(runs) == ["version_0", "version_1"]
    assert [one.epochs("train_loss", "validation_loss") for one in runs] == [
        [(0.0, 0.75), (0.25, 0.5)],
        [(1.0, 0.75), (0.25, 0.5)],
    ]
    (alone,) = bring(home, logs / "version_0")
    assert alone.series.run.id == runs[0].series.run.id
    assert [one.beside for one in runs] == [(), ()]


def test_logs_that_share_a_folder_or_lie_around_others_keep_their_names(
    home: Home, tmp_path: Path
) -> None:
    put(tmp_path / "old" / "keras.csv", KERAS, 1)
    put(tmp_path / "old" / "timm.TSV", KERAS.replace(",", "\t"), 2)
    put(tmp_path / "fastai" / "history.csv", KERAS, 3)
    put(tmp_path / "log.csv", KERAS, 4)
    assert sorted(names(bring(home, tmp_path))) == ["fastai", "log", "old/keras", "old/timm"]


def test_a_log_beside_the_tables_of_a_run_has_a_name_of_its_own(home: Home, tmp_path: Path) -> None:
    put(tmp_path / "a" / "epochs.csv", KERAS, 1)
    put(tmp_path / "a" / "keras.csv", KERAS, 2)
    assert names(bring(home, tmp_path)) == ["a", "a/keras"]


def test_tables_of_other_things_are_told_and_left_out(home: Home, tmp_path: Path) -> None:
    put(tmp_path / "a" / "log.csv", KERAS)
    labels = put(tmp_path / "a" / "labels.csv", "file,label\na.png,1\n")
    summary = put(tmp_path / "summary.csv", "model,accuracy,seconds\nlenet,0.5,3\n")
    times = put(tmp_path / "times.csv", "epoch,time\n1,2\n")
    unnamed = put(tmp_path / "unnamed.csv", '"')
    empty = put(tmp_path / "z" / "log.csv", "epoch,loss\n")
    (run,) = bring(home, tmp_path)
    assert run.series.run.name == "a"
    others = ", ".join(repr(str(one)) for one in (labels, summary, times, unnamed))
    assert run.beside == (
        f"No known curve over epochs or steps, so not imported: {others}.",
        f"Not imported: {empty} has no rows below its first line.",
    )


def test_a_folder_without_a_log_says_what_is_in_it(home: Home, tmp_path: Path) -> None:
    table = put(tmp_path / "summary.csv", "model,accuracy\nlenet,0.5\n")
    with pytest.raises(ConfigError, match="No known curve over epochs or steps") as raised:
        bring(home, tmp_path)
    assert repr(str(table)) in raised.value.message
    empty = put(tmp_path / "log.csv", "epoch,loss\n")
    with pytest.raises(ConfigError, match="has no rows below its first line") as raised:
        bring(home, tmp_path)
    assert str(empty) in raised.value.message


def test_a_column_is_named_for_all_logs_of_a_folder(home: Home, tmp_path: Path) -> None:
    put(tmp_path / "a" / "log.csv", "epoch,mine\n1,0.5\n")
    put(tmp_path / "b" / "log.csv", "epoch,loss\n1,0.25\n")
    runs = bring(home, tmp_path, columns={"train_loss": "mine"})
    assert [one.epochs("train_loss") for one in runs] == [[(0.5,)], [(0.25,)]]
    with pytest.raises(ConfigError, match="no column or tag 'my'"):
        bring(home, tmp_path, columns={"train_loss": "my"})


def test_of_event_files_and_a_log_of_one_run_the_event_files_count(
    home: Home, tmp_path: Path
) -> None:
    events(tmp_path / "version_0", "val_loss")
    log = put(tmp_path / "version_0" / "metrics.csv", LIGHTNING)
    events(tmp_path / "keras" / "train", "epoch_loss")
    other = put(tmp_path / "keras" / "log.csv", KERAS)
    both = bring(home, tmp_path)
    assert [(one.series.run.name, one.series.run.origin) for one in both] == [
        ("keras", "tensorboard"),
        ("version_0", "tensorboard"),
    ]
    line = f"Beside event files of the same run, so not imported: '{other}', '{log}'."
    assert {one.beside for one in both} == {(f"{line} {TRIED}",)}


def test_runs_of_both_kinds_lie_in_one_folder(home: Home, tmp_path: Path) -> None:
    events(tmp_path / "tensorboard", "val_loss")
    events(tmp_path / "odd", "box")
    log = put(tmp_path / "odd" / "metrics.csv", LIGHTNING)
    put(tmp_path / "csv" / "metrics.csv", LIGHTNING, 2)
    assert names(bring(home, tmp_path)) == ["tensorboard", "csv", "odd"]
    log.write_text("a,b\n")
    runs = bring(home, tmp_path)
    assert names(runs) == ["tensorboard", "csv"]
    assert runs[0].beside == ("No known curve, so not imported: 'odd'.",)
    assert runs[1].beside == (f"No known curve over epochs or steps, so not imported: '{log}'.",)


@pytest.mark.parametrize("tag", ["val_loss", "box"])
def test_what_one_kind_has_no_run_of_is_told_of_the_other(
    home: Home, tmp_path: Path, tag: str
) -> None:
    events(tmp_path / "a", tag)
    text = KERAS if tag == "box" else "file,label\n"
    put(tmp_path / "b" / "log.csv", text)
    (run,) = bring(home, tmp_path)
    assert run.series.run.name == ("b" if tag == "box" else "a")
    (line,) = run.beside
    assert ("it has 'box'" if tag == "box" else "b/log.csv") in line


# Tables of one run

TRAINED = "step,loss\n10,6\n20,5\n30,4\n40,3\n50,2\n60,1\n"
ENDS = ((1, 20), (2, 40), (3, 60))
EVENLY = "Nothing tells where each epoch ends: they are spread evenly over the steps."


@pytest.mark.parametrize("first", [0, 1])
def test_epochs_of_one_table_are_spread_over_the_steps_of_the_other(
    home: Home, tmp_path: Path, first: int
) -> None:
    rows = "".join(f"{first + number},{3 - number},{number}\n" for number in range(3))
    put(tmp_path / "epochs.csv", f"epoch,loss,val_loss\n{rows}")
    put(tmp_path / "steps.csv", TRAINED)
    (run,) = bring(home, tmp_path)
    assert tuple(run.epochs("epoch", "step")) == ENDS
    assert run.epochs("train_loss", "validation_loss") == [(3, 0), (2, 1), (1, 2)]
    assert [(step, loss) for step, loss, *_ in run.steps()] == [
        (10 * number, 7 - number) for number in range(1, 7)
    ]
    assert run.remarks == (
        "Read 'epoch' as epoch, 'step' as step, 'epochs.csv: loss' as train_loss, "
        "'val_loss' as validation_loss, 'steps.csv: loss' as train_loss of steps.",
        EVENLY,
        *([] if first else ["Epochs count from 0 there; here the first one is 1."]),
    )


def test_a_few_steps_beside_many_epochs_stay_steps(home: Home, tmp_path: Path) -> None:
    put(tmp_path / "epochs.csv", "epoch,val_loss\n1,3\n2,2\n3,1\n")
    put(tmp_path / "steps.csv", "step,loss\n30,2\n60,1\n")
    (run,) = bring(home, tmp_path)
    assert tuple(run.epochs("epoch", "step")) == ENDS
    assert [(step, loss) for step, loss, *_ in run.steps()] == [(30, 2), (60, 1)]


def test_epochs_end_where_the_other_table_tells_it(home: Home, tmp_path: Path) -> None:
    put(tmp_path / "epochs.csv", "epoch,train_loss,val_loss\n1,2,4\n2,1,3\n")
    put(tmp_path / "steps.csv", "step,epoch,loss\n5,1,3\n10,1,2\n20,2,1\n40,2,0.5\n")
    (run,) = bring(home, tmp_path)
    found = run.epochs("epoch", "step", "train_loss", "validation_loss")
    assert found == [(1, 10, 2, 4), (2, 40, 1, 3)]
    assert EVENLY not in run.remarks
    put(tmp_path / "epochs.csv", "epoch,step,val_loss\n1,15,4\n2,45,3\n")
    (run,) = bring(home, tmp_path)
    assert run.epochs("epoch", "step") == [(1, 15), (2, 45)]
    # Of a third epoch the steps tell nothing.
    put(tmp_path / "epochs.csv", "epoch,val_loss\n1,4\n2,3\n3,2\n")
    (run,) = bring(home, tmp_path)
    assert tuple(run.epochs("epoch", "step")) == ENDS
    assert EVENLY in run.remarks


def test_batches_of_one_table_belong_to_the_epochs_of_the_other(home: Home, tmp_path: Path) -> None:
    put(tmp_path / "epochs.csv", "epoch,val_loss\n1,4\n2,3\n")
    put(tmp_path / "steps.csv", "epoch,iter,loss\n1,1,4\n1,2,3\n2,1,2\n2,2,1\n")
    (run,) = bring(home, tmp_path)
    assert run.epochs("epoch", "step", "train_loss", "validation_loss") == [
        (1, 2, 3.5, 4),
        (2, 4, 1.5, 3),
    ]
    assert run.remarks[0] == "'iter' goes back, so it does not count steps throughout."


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [
        ("epoch,loss,val_loss\n1,2,\n1,1,3\n", TRAINED),
        ("epoch,val_loss\n1,2\n", "step,loss\n1,2\n2,1\n1,2\n"),
        ("step,val_loss\nx,2\n", TRAINED),
    ],
)
def test_tables_whose_rows_do_not_go_together_are_refused(
    home: Home, tmp_path: Path, epochs: str, steps: str
) -> None:
    put(tmp_path / "epochs.csv", epochs)
    file = put(tmp_path / "steps.csv", steps)
    share = "share no column of epochs or steps: 'epochs.csv', 'steps.csv'. Import each file"
    with pytest.raises(ConfigError, match=share):
        bring(home, tmp_path)
    assert len(bring(home, file)) == 1
