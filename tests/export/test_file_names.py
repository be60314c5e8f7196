"""What exports are called."""

from __future__ import annotations

import pytest

from cnnlab.export.file_names import output_name
from cnnlab.export.formats import FORMATS
from cnnlab.export.job import ExportOptions


@pytest.mark.parametrize(
    ("form", "options", "name"),
    [
        ("html", ExportOptions(), "net-b.html"),
        ("archive", ExportOptions(), "net-b.cnnlab.zip"),
        ("pdf", ExportOptions(), "net-b-plot.pdf"),
        ("pdf", ExportOptions(plot="classes"), "net-b-classes.pdf"),
        ("onnx", ExportOptions(checkpoint="last"), "net-b-last.onnx"),
        ("csv", ExportOptions(), "net-b-csv"),
        ("csv", ExportOptions(tables=("epochs",)), "net-b-epochs.csv"),
        ("parquet", ExportOptions(tables=("runs", "epochs")), "net-b-parquet"),
        ("tensorboard", ExportOptions(), "net-b-tensorboard"),
    ],
)
def test_a_name_says_what_is_in_the_file(form: str, options: ExportOptions, name: str) -> None:
    assert output_name(FORMATS[form], options, "net [b]") == name
