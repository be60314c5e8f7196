"""What an export is called unless somebody says otherwise."""

from __future__ import annotations

from cnnlab.export.formats import ExportFormat
from cnnlab.export.job import ExportOptions
from cnnlab.file_stem import file_stem


def output_name(form: ExportFormat, options: ExportOptions, title: str) -> str:
    """A name for the file or folder, made of what is in it, such as `lenet-curves.pdf`.

    Args:
        title: of what is exported, such as the name of a run; any text.
    """
    more = {"plot": options.plot or "plot", "model": options.checkpoint}.get(form.subject, "")
    stem = f"{file_stem(title)}-{more}" if more else file_stem(title)
    if form.becomes_folder(options.tables):
        return f"{stem}-{form.name}"
    return f"{stem}-{options.tables[0]}.{form.name}" if form.folder else f"{stem}{form.suffix}"
