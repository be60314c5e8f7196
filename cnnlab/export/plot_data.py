"""What a plot shows, apart from who draws it: the terminal (plotext) or a file (matplotlib)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cnnlab.analysis.curves import Curve
from cnnlab.analysis.quantities import Quantity

PlotKind = Literal["curves", "classes", "confusion", "comparison"]


@dataclass(frozen=True)
class Band:
    """The spread of so many `runs` around a curve: a value of `low` and `high` for each point.

    The ends of a deviation may lie where no value can be.
    """

    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    runs: int


@dataclass(frozen=True)
class CurvesPlot:
    """One quantity over training.

    Attributes:
        curves: with the labels of the legend.
        groups: for each curve, whose it is (a run or a group): its number is that of its colour,
            in all plots of a report.
        bands: for each curve its mean ± standard deviation, or None; empty without any.
        note: what to know of it, such as which groups are drawn where not all are; may be empty.
    """

    name: str
    title: str
    quantity: Quantity
    x_label: str
    curves: tuple[Curve, ...]
    groups: tuple[int, ...]
    bands: tuple[Band | None, ...] = ()
    kind: PlotKind = "curves"
    note: str = ""

    @property
    def is_course(self) -> bool:
        """Whether a curve has two points or more: single ones say what a table says."""
        return any(len(curve.points()[0]) > 1 for curve in self.curves)


@dataclass(frozen=True)
class BarsPlot:
    """A figure of several things beside each other, of one or more groups.

    Attributes:
        name: that of the file, such as `classes` or `comparison`.
        names: of the things: classes, or groups where there is one series.
        series: label, values and sample standard deviations (None without); an entry a name.
        y_label: with its unit.
        singles: the values of the single runs behind those of the first series, an entry a name;
            empty without any.
        note: what to know of it, such as which groups are drawn where not all are; may be empty.
        groups: for each series, whose it is, as in `CurvesPlot`; empty where none is of a group.
        runs: for each series, how many runs its values are the means of; empty where of one each.
        members: for each name, how many runs its value is the mean of; empty where `runs` tells.
        things: what the names are those of, such as `class`; empty where they tell it themselves.
        of: which images and weights the figures are of; empty where `y_label` tells.
        most: the largest value that there can be; none is below 0.
    """

    name: str
    title: str
    names: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...], tuple[float | None, ...]], ...]
    y_label: str
    kind: PlotKind = "classes"
    singles: tuple[tuple[float, ...], ...] = ()
    note: str = ""
    groups: tuple[int, ...] = ()
    runs: tuple[int, ...] = ()
    members: tuple[int, ...] = ()
    things: str = ""
    of: str = ""
    most: float = 1.0


@dataclass(frozen=True)
class MatrixPlot:
    """A confusion matrix: images of the true class (rows) taken for a class (columns).

    `of` tells which images they are, and which weights took them so; it may be empty.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    images: tuple[tuple[int, ...], ...]
    kind: PlotKind = "confusion"
    of: str = ""


Plot = CurvesPlot | BarsPlot | MatrixPlot
