"""The frames of a stream as bytes: server-sent events, and lines of JSON."""

from typing import Final, Protocol

import msgspec

from tablewire.domain.events import Event, EventType

encode_json = msgspec.json.Encoder().encode
"""JSON in one line: control characters are escaped, so that no text can end a frame."""

WORDS: Final = {EventType.NEW_DROP: "drop", EventType.REOPENED: "reopened", EventType.CLOSED: "closed"}
"""The word of each kind of event in `types=` and in a frame."""


class Frameable(Protocol):
    """An event that knows its id, its word and its JSON."""

    @property
    def id(self) -> int:
        """Its place in the log."""
        ...

    @property
    def word(self) -> str:
        """One of `WORDS`."""
        ...

    @property
    def json(self) -> bytes:
        """Itself as a JSON object in one line."""
        ...


class Encoding(Protocol):
    """How frames are written. The encodings are `SSE` and `NDJSON`."""

    @property
    def media_type(self) -> str:
        """The content type of the whole stream."""
        ...

    def event(self, entry: Frameable) -> bytes:
        """One event of the log."""
        ...

    def control(
        self, name: str, data: bytes, *, cursor: int | None = None, retry_ms: int | None = None
    ) -> bytes:
        """A frame that is no event of the log; `data` is JSON. `retry_ms` tells a browser when to come back."""
        ...

    def heartbeat(self, cursor: int) -> bytes:
        """A sign of life that carries the place, and nothing else."""
        ...


class _Sse:
    media_type = "text/event-stream"

    def event(self, entry: Frameable) -> bytes:
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (entry.id, entry.word.encode(), entry.json)

    def control(
        self, name: str, data: bytes, *, cursor: int | None = None, retry_ms: int | None = None
    ) -> bytes:
        retry = b"" if retry_ms is None else b"retry: %d\n" % retry_ms
        place = b"" if cursor is None else b"id: %d\n" % cursor
        return b"%s%sevent: %s\ndata: %s\n\n" % (retry, place, name.encode(), data)

    def heartbeat(self, cursor: int) -> bytes:
        return b"id: %d\n: \n\n" % cursor


class _Ndjson:
    media_type = "application/x-ndjson"

    def event(self, entry: Frameable) -> bytes:
        return b'{"event":"%s","id":"%d","data":%s}\n' % (entry.word.encode(), entry.id, entry.json)

    def control(
        self,
        name: str,
        data: bytes,
        *,
        cursor: int | None = None,
        retry_ms: int | None = None,  # noqa: ARG002 - lines have no place for it
    ) -> bytes:
        place = b"null" if cursor is None else b'"%d"' % cursor
        return b'{"event":"%s","id":%s,"data":%s}\n' % (name.encode(), place, data)

    def heartbeat(self, cursor: int) -> bytes:
        return b'{"event":"ping","id":"%d","data":null}\n' % cursor


SSE: Final[Encoding] = _Sse()
NDJSON: Final[Encoding] = _Ndjson()


class Entry:
    """An event of the log with its bytes, each kind of them made once, when first wanted."""

    __slots__ = ("_frames", "_older_json", "event", "id", "json", "word")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.id = event.id
        self.word = WORDS[event.event_type]
        self.json = encode_json(event)
        self._frames: tuple[bytes, bytes] | None = None
        self._older_json: bytes | None = None

    def frame(self, encoding: Encoding) -> bytes:
        """Its frame in one of the encodings."""
        if self._frames is None:
            self._frames = (SSE.event(self), NDJSON.event(self))
        return self._frames[0] if encoding is SSE else self._frames[1]

    @property
    def older_json(self) -> bytes:
        """Its JSON for clients of the older paths: Resy's events carry `resy_url` too."""
        if self._older_json is None:
            self._older_json = with_resy_url(self.json, self.event.provider, self.event.book_url)
        return self._older_json


def with_resy_url(json: bytes, provider: str, book_url: str | None) -> bytes:
    """An event's JSON object with `resy_url` at its end where the provider is Resy, else as it is."""
    if provider != "resy":
        return json
    return b'%s,"resy_url":%s}' % (json[:-1], encode_json(book_url))
