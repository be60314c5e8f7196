"""What becomes of a command whose output goes to a program that ends before it, such as `head`.

It ends then, without a word, with the exit code that a shell gives for SIGPIPE. Python ignores that
signal and raises an error instead, of which libraries make exit codes and messages of their own; so
the streams themselves end the command.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

READER_GONE = 141
"""128 and the number of SIGPIPE."""


class _Pipe(FileIO):
    """A pipe that ends the process where nobody reads it any more.

    Attributes:
        is_closed: whether that was found, by whichever thread wrote.
    """

    is_closed = False

    def write(self, data: Buffer, /) -> int:
        """Writes what the pipe takes.

        Raises:
            SystemExit: nobody reads it.
        """
        try:
            return super().write(data)
        except BrokenPipeError:
            self.is_closed = True
            raise SystemExit(READER_GONE) from None


@contextmanager
def ending_with_the_reader() -> Iterator[None]:
    """Stdout and stderr that are pipes end the process where nobody reads them any more.

    Raises:
        SystemExit: that was so, also where no more was to come than what was kept to be written.
    """
    pipes = []
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper) and _is_pipe(stream):
            piped, pipe = _piped(stream)
            setattr(sys, name, piped)
            pipes.append((name, stream, piped, pipe))
    try:
        yield
    finally:
        for name, stream, piped, pipe in pipes:
            with suppress(SystemExit):  # raised below, once for both
                piped.flush()
            if pipe.is_closed:
                _drain(pipe)
            setattr(sys, name, stream)
        if any(pipe.is_closed for *_, pipe in pipes):
            raise SystemExit(READER_GONE)


def _is_pipe(stream: TextIOWrapper) -> bool:
    try:
        kind = os.fstat(stream.fileno()).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)


def _piped(stream: TextIOWrapper) -> tuple[TextIOWrapper, _Pipe]:
    """A stream that writes as another one does, and the pipe below it."""
    stream.flush()
    pipe = _Pipe(stream.fileno(), "wb", closefd=False)
    piped = TextIOWrapper(
        BufferedWriter(pipe),
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    return piped, pipe


def _drain(pipe: _Pipe) -> None:
    """Lets what is still kept vanish: Python writes it once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, pipe.fileno())
    os.close(nowhere)
