"""The option `--filter` of the commands that choose runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnlab.history.filters import Query


def query_of(text: str) -> Query:
    """What a filter asks for; an empty one lets every run through.

    Raises:
        ConfigError: it cannot be read.
    """
    from cnnlab.history.filters import Query, parse

    if not text:
        return Query()
    from cnnlab.config.run import RunConfig
    from cnnlab.config.validation import field_paths

    return parse(text, set(field_paths(RunConfig)))
