"""The names of all plots that can be written, what they show, and what they depend on.

Which of them runs have, their history tells: see `available_plots`. This module imports
nothing, as the help of the command line is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PlotName:
    """What is known of a plot before its runs are read.

    Attributes:
        of_one: what it shows of one run; empty where there is none of one.
        of_several: what it shows of several; empty where there is none of them.
        options: whose figures it shows, as `cnnlab export` calls the options for that; empty for
            courses of training, which are those of the runs.
    """

    of_one: str = ""
    of_several: str = ""
    options: tuple[str, ...] = ()


PLOTS: Mapping[str, PlotName] = {
    "curves": PlotName("loss and accuracy", "losses and accuracies"),
    "loss": PlotName("of training and validation", "of validation"),
    "accuracy": PlotName("of training and validation", "of validation"),
    "lr": PlotName("learning rate"),
    "training-loss": PlotName("", "of training"),
    "training-accuracy": PlotName("", "of training"),
    "classes": PlotName(
        "precision, recall and F1 of each class", "F1 of each class", ("checkpoint", "split")
    ),
    "confusion": PlotName("which classes are taken for which", "", ("checkpoint", "split")),
    "comparison": PlotName("", "test accuracies beside each other", ("checkpoint",)),
}
"""All plots that there can be, in the order in which they are offered."""
