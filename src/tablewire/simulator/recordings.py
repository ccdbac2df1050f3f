"""Recorded exchanges with a provider, read from a file: one line of JSON each, packed or not."""

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

FORMAT, VERSION = "tablewire-recording", 1
_GZIP = b"\x1f\x8b"

T = TypeVar("T")


class RecordingError(ValueError):
    """A file that is no recording; the message names the file, the line, and what is wrong there."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what this is, and from which instant on it was kept."""

    format: str
    version: int
    provider: str
    started_at: datetime


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what came of it. `path` has the query, and no host; `error` is for calls that nothing came of."""

    at: datetime
    provider: str
    method: str
    path: str
    request: str | None = None
    status: int | None = None
    content_type: str | None = None
    retry_after: str | None = None
    body: str | None = None
    body_base64: str | None = None
    error: Literal["timeout", "connection"] | None = None

    def content(self) -> bytes:
        """The body as bytes."""
        if self.body_base64 is not None:
            return base64.b64decode(self.body_base64, validate=True)
        return (self.body or "").encode()


class Recording(msgspec.Struct, frozen=True):
    """A whole recording, in the order in which it was kept."""

    header: Header
    exchanges: list[Exchange]


_header = msgspec.json.Decoder(Header)
_exchange = msgspec.json.Decoder(Exchange)


def read_recording(file: Path) -> Recording:
    """Read a file; raises RecordingError for one that makes no sense, OSError for one that cannot be read."""
    lines = _lines(file)
    number, first = next(lines, (1, b""))
    header = _decoded(_header, first, file, number)
    if (header.format, header.version) != (FORMAT, VERSION):
        raise RecordingError(
            f"{file}, line {number}: format={header.format!r} version={header.version}: allowed is {FORMAT!r} version {VERSION}"
        )
    return Recording(header, [_checked(line, file, number) for number, line in lines])


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers."""
    content = file.read_bytes()
    if content.startswith(_GZIP):
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise RecordingError(f"{file}: the packed file is cut off or damaged ({error})") from error
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield number, line


def _checked(line: bytes, file: Path, number: int) -> Exchange:
    exchange = _decoded(_exchange, line, file, number)
    if exchange.error is None and not 100 <= (exchange.status or 0) <= 599:
        raise RecordingError(
            f"{file}, line {number}: status={exchange.status!r}: allowed are 100 to 599 where there is no error"
        )
    try:
        exchange.content()
    except (binascii.Error, ValueError) as error:
        raise RecordingError(f"{file}, line {number}: body_base64 is no base64 ({error})") from error
    return exchange


def _decoded(decoder: msgspec.json.Decoder[T], line: bytes, file: Path, number: int) -> T:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordingError(f"{file}, line {number}: {error}") from error
