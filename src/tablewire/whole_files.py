"""Files that are there whole or not at all: written beside their place, and put there at the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from tablewire.errors import BadInput


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` when the block has ended well, and is removed where it has not.

    Raises `BadInput` where something is there that is no plain file, OSError where it cannot be written.
    """
    if path.exists() and not path.is_file():
        raise BadInput.of(
            "-o", f"{str(path)!r} is no plain file; allowed: a file's name, or - for the output"
        )
    if not path.parent.is_dir():
        raise BadInput.of("-o", f"there is no folder {str(path.parent)!r}")
    path = path.resolve()  # a link stays, and what it leads to is replaced
    part = path.with_name(f".{path.name[:100]}.{uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
