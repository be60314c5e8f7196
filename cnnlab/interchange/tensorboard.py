"""TensorBoard's event files as runs of curves: each folder with event files is one run.

Keras writes `train` and `validation` folders below that of a run, and PyTorch's `add_scalars` one
for each of its curves: these are parts of the run around them. A file that is cut off, as one of a
training that was killed, is read up to there. Only scalars are read, and what was trained where
cnnlab wrote the file.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cnnlab.amounts import listed
from cnnlab.errors import ConfigError, ExchangeError
from cnnlab.history.importing import ImportedRun
from cnnlab.interchange.curve_axes import Point, Trace, axes_of, is_a_place
from cnnlab.interchange.curve_names import AXES, is_split, read_names, require_names
from cnnlab.interchange.curve_rows import (
    FoundCurves,
    imported_run,
    is_a_time,
    nothing_known,
)
from cnnlab.interchange.event_files import (
    MARK,
    Damaged,
    Message,
    is_event_file,
    is_own,
    read_events,
    require_tensorboard,
)
from cnnlab.interchange.folders import files_in
from cnnlab.interchange.readers import ReadingJob
from cnnlab.interchange.run_events import CONFIG, NO_CURVES, trained_on


def recognises(path: Path) -> bool:
    """Whether it is an event file, or a folder with event files somewhere in it."""
    return next(_event_files(path), None) is not None


def _event_files(path: Path) -> Iterator[Path]:
    found = [path] if path.is_file() else sorted(files_in(path, f"*{MARK}*"))
    yield from (one for one in found if is_event_file(one))


def read(job: ReadingJob) -> list[ImportedRun]:
    """The runs of an event file or folder, in the order of their names.

    Raises:
        ConfigError: the extra is not installed, no curve is known, or a column is not there or
            is one of steps.
        ExchangeError: a file cannot be read.
    """
    require_tensorboard("Reading TensorBoard files")
    if "step" in job.options.columns:
        raise ConfigError(
            f"{job.path} has event files, which tell the step of each value themselves.",
            "Leave --column step out; --column epoch=NAME names the epoch at each step.",
        )
    files = list(_event_files(job.path))
    folders: dict[Path, _Folder] = {}
    for number, file in enumerate(files):
        job.progress(f"reading {file.name}", number, len(files))
        try:
            folders.setdefault(file.parent, _Folder(file.parent)).read(file)
        except OSError as error:
            raise ExchangeError(f"{file} cannot be read: {error.strerror}.", "Check it.") from error
    root = job.path if job.path.is_dir() else job.path.parent
    runs = _joined(root, folders)
    require_names(job.options.columns, [name for one in runs.values() for name in one.points])
    return _imported(job, root, runs)


@dataclass
class _Folder:
    """The scalars of a folder: points by tag and x; the later of two at one x counts.

    Attributes:
        others: tags of what is no scalar.
        is_foreign: whether another program wrote some of its files.
        config: the text of that name in files that cnnlab wrote.
        paused: seconds between the parts of a training that was resumed; no point's time has them.
    """

    path: Path
    points: dict[str, dict[int, Point]] = field(default_factory=lambda: defaultdict(dict))
    others: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    began: float | None = None
    is_foreign: bool = False
    config: str = ""
    paused: float = 0.0

    def read(self, file: Path) -> None:
        """Adds the events of a file.

        Raises:
            OSError: it cannot be read.
        """
        scalars: set[str] = set()
        foreign = not is_own(file)
        self.is_foreign |= foreign
        try:
            for event in read_events(file):
                self._take(event, scalars)
                if not foreign:
                    self.config = _config(event) or self.config
        except Damaged as damage:
            self.remarks.append(f"{file.name}: {damage}; what comes after that is lost.")

    def _take(self, event: Message, scalars: set[str]) -> None:
        time = event.wall_time if is_a_time(event.wall_time) else None
        if time is not None and (self.began is None or time < self.began):
            self.began = time
        # 1 is the start of a session, as TensorBoard has it: what is later is written anew.
        if event.HasField("session_log") and event.session_log.status == 1:
            self._go_on(event.step, time)
        if time is not None:
            time -= self.paused
        for value in event.summary.value:
            number = _scalar(value, scalars)
            if number is None:
                self.others.add(value.tag)
            else:
                self.points[value.tag][event.step] = Point(event.step, number, time)

    def _go_on(self, first_step: int, time: float | None) -> None:
        """Forgets this step and later ones; until this time the training stood still."""
        for points in self.points.values():
            for step in [step for step in points if step >= first_step]:
                del points[step]
        kept = (point.time for points in self.points.values() for point in points.values())
        latest = max((one for one in kept if one is not None), default=time)
        if time is not None and latest is not None:
            self.paused = max(time - latest, 0.0)

    def add(self, part: _Folder, before: str = "", name: str = "") -> None:
        """Takes the curves of a folder that is a part of this one.

        Args:
            before: begins the names of its curves here.
            name: that of its one curve, in the place of its tag.
        """
        for tag, points in part.points.items():
            self.points[name or f"{before}{tag}"].update(points)
        self.others |= {f"{before}{tag}" for tag in part.others}
        self.remarks += part.remarks
        self.is_foreign |= part.is_foreign
        self.config = part.config or self.config
        known = [began for began in (self.began, part.began) if began is not None]
        self.began = min(known, default=None)


def _config(event: Message) -> str:
    """The config in an event of cnnlab; empty where there is none."""
    texts = [value.tensor.string_val for value in event.summary.value if value.tag == CONFIG]
    return texts[0][0].decode("utf-8", "replace") if texts and texts[0] else ""


def _scalar(value: Any, scalars: set[str]) -> float | None:
    """The number in a value of a summary; None for what is no scalar.

    Args:
        scalars: tags that are known to be scalars; only the first value of a tag tells.
    """
    kind = value.WhichOneof("value")
    import numpy as np

    if kind == "simple_value":
        # The shortest number that these 32 bits can mean: 0.1, not 0.10000000149.
        return float(str(np.float32(value.simple_value)))
    if kind != "tensor":
        return None
    if value.metadata.plugin_data.plugin_name == "scalars":
        scalars.add(value.tag)
    # A shape from outside must not decide how much memory is asked for.
    if value.tag not in scalars or any(one.size != 1 for one in value.tensor.tensor_shape.dim):
        return None
    from tensorboard.util.tensor_util import make_ndarray

    try:
        number = make_ndarray(value.tensor).reshape(())[()]
        return float(str(number))
    except (ValueError, TypeError, IndexError):  # a text, or nothing at all
        return None


def _joined(root: Path, folders: dict[Path, _Folder]) -> dict[Path, _Folder]:
    """The folders, those that are parts of the run around them put together with it."""
    runs: dict[Path, _Folder] = {}
    for path, folder in sorted(folders.items()):
        around = runs.setdefault(path.parent, _Folder(path.parent)) if path != root else None
        if around is not None and is_split(path.name):
            around.add(folder, before=f"{path.name}/")
        elif around is not None and path.parent in folders and _is_of_add_scalars(folder):
            around.add(folder, name=path.name)
        else:
            runs.setdefault(path, _Folder(path)).add(folder)
    return {path: folder for path, folder in sorted(runs.items()) if folder.points}


def _is_of_add_scalars(folder: _Folder) -> bool:
    """Whether a folder holds one curve, and is called by its tag and the name of the curve."""
    tags = list(folder.points)
    return len(tags) == 1 and folder.path.name.startswith(f"{tags[0].replace('/', '_')}_")


def _imported(job: ReadingJob, root: Path, runs: dict[Path, _Folder]) -> list[ImportedRun]:
    found, left_out = [], []
    for path, folder in runs.items():
        name = path.relative_to(root).as_posix() if path != root else root.resolve().name
        source = path if path != root else job.path
        curves = _curves(job, name, source, folder)
        if curves is None:
            left_out.append(name)
        else:
            found.append(imported_run(curves, job.options))
    if not found:
        raise nothing_known(job.path, [name for one in runs.values() for name in one.points])
    if left_out:
        line = f"No known curve, so not imported: {listed(left_out)}."
        found = [replace(one, beside=(line,)) for one in found]
    return found


def _curves(job: ReadingJob, name: str, source: Path, folder: _Folder) -> FoundCurves | None:
    """The curves of a folder; None if none of its tags is known."""
    tags = [tag for tag, points in folder.points.items() if points]
    meanings = read_names(tags, job.options.columns)
    traces = [
        Trace(tag, meaning, _in_order(folder.points[tag])) for tag, meaning in meanings.items()
    ]
    curves = [one for one in traces if one.meaning.quantity not in AXES]
    if not curves:
        return None
    epochs = next((one for one in traces if _tells_epochs(one)), None)
    read = {one.name: one for one in traces if one is epochs or one.meaning.quantity not in AXES}
    remarks = list(folder.remarks)
    others = folder.others if folder.is_foreign else folder.others - NO_CURVES
    if others:
        remarks.append(f"Not scalars, so not read: {listed(sorted(others))}.")
    dataset, model = trained_on(folder.config)
    return FoundCurves(
        origin="tensorboard",
        name=name,
        source=source,
        traces=curves,
        axes=axes_of(curves, epochs),
        unread=[tag for tag in tags if tag not in read],
        began=folder.began if folder.began is not None else folder.path.stat().st_mtime,
        is_timed=folder.began is not None,
        places={epochs.name: "epoch"} if epochs is not None else {},
        gaps={
            one.name: sum(not math.isfinite(point.value) for point in one.points)
            for one in read.values()
        },
        remarks=remarks,
        is_own=not folder.is_foreign and not job.options.columns,
        dataset=dataset,
        model=model,
    )


def _tells_epochs(trace: Trace) -> bool:
    """Whether a curve is the epoch at some of the steps."""
    return trace.meaning.quantity == "epoch" and any(is_a_place(one.value) for one in trace.points)


def _in_order(points: dict[int, Point]) -> list[Point]:
    return [points[step] for step in sorted(points)]
