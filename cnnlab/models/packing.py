"""Whether a file of torch would unpack to more than it holds.

`torch.save` writes a zip archive and packs nothing in it, but `torch.load` unpacks what is packed:
a file of a megabyte could fill the memory, before anything can be said of what is in it.
"""

from __future__ import annotations

import os
import zipfile
from typing import BinaryIO


def holds_more_than_its_size(file: BinaryIO) -> bool:
    """Whether the parts of an archive are larger than the archive; leaves the file at its start.

    A file that is no archive, such as those of torch before 1.6, is read as it stands.
    """
    size = file.seek(0, os.SEEK_END)
    try:
        with zipfile.ZipFile(file) as archive:
            return sum(part.file_size for part in archive.infolist()) > size
    # A damaged archive makes its reader raise nearly anything; torch will refuse it.
    except Exception:
        return False
    finally:
        file.seek(0)
