"""The file of a recording: lines of JSON, each packed by itself, never more than was allowed."""

import gzip
import os
from datetime import datetime
from pathlib import Path

import msgspec

from tablewire.errors import TablewireError

FORMAT, VERSION = "tablewire-recording", 1
ENDINGS = (".ndjson", ".ndjson.gz", ".gz")
_PACKING = 3
_MOST_NAMES = 1_000


class RecordingError(TablewireError):
    """A recording cannot be kept where it is to be kept."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what came of it; nothing secret is in it any more."""

    at: datetime
    provider: str
    method: str
    path: str
    """With its query, and without the host."""
    request: str | None
    status: int | None
    content_type: str | None
    retry_after: str | None
    body: str | None
    body_base64: str | msgspec.UnsetType = msgspec.UNSET
    """The body, where it is no UTF-8."""
    error: str | None = None
    """`timeout` or `connection`, where no answer came."""


class RecordingFile:
    """A file that is written to the end of it, or to its limit. Every line is whole, however the process ends."""

    def __init__(self, path: Path, *, limit: int, provider: str, started_at: datetime) -> None:
        """`limit` is in bytes. Raises RecordingError where there is a file already, or none can be made."""
        self.path = path
        self.size = 0
        self.full = False
        """Whether something did not fit any more: nothing is kept after that."""
        self._limit = limit
        self._packed = path.suffix == ".gz"
        try:
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        except FileExistsError:
            raise RecordingError(f"{path} is there already; give the name of a new file") from None
        except OSError as error:
            raise RecordingError(f"{path} cannot be made: {error.strerror}") from error
        header = {"format": FORMAT, "version": VERSION, "provider": provider, "started_at": started_at}
        self._append(msgspec.json.encode(header))

    def add(self, exchange: bytes) -> bool:
        """Append an exchange as JSON; whether there was room. Raises OSError."""
        if not self.full:
            self._append(exchange)
        return not self.full

    def close(self) -> None:
        """Close it."""
        os.close(self._file)

    def _append(self, line: bytes) -> None:
        whole = line + b"\n"
        # A member of its own for each line: a reader needs no end that a killed process never wrote.
        written = gzip.compress(whole, _PACKING) if self._packed else whole
        if self.size + len(written) > self._limit:
            self.full = True
            return
        os.write(self._file, written)
        self.size += len(written)


def place_for(where: Path, started_at: datetime) -> Path:
    """The file for a service's recording: `where` itself or, where that is a directory or taken, a new one in or beside it.

    Raises RecordingError.
    """
    if where.name.endswith(ENDINGS) and not where.is_dir():
        folder, (stem, ending) = where.parent, _split(where.name)
    else:
        folder, stem, ending = where, f"recording-{started_at:%Y%m%dT%H%M%SZ}", ".ndjson.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{folder} cannot be made: {error.strerror}") from error
    names = (f"{stem}{f'-{number}' if number else ''}{ending}" for number in range(_MOST_NAMES))
    for name in names:
        if not (folder / name).exists():
            return folder / name
    raise RecordingError(f"{folder} has too many recordings; remove some")


def _split(name: str) -> tuple[str, str]:
    ending = next(one for one in sorted(ENDINGS, key=len, reverse=True) if name.endswith(one))
    return name.removesuffix(ending), ending
