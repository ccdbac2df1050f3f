"""Frames of a stream whose places are not those of the feed."""

from collections.abc import Callable

from tablewire.live.resets import Reset
from tablewire.live.sse import Encoding, Frameable, encode_json


class Note:
    """A notification as the client of a stream is to see it."""

    __slots__ = ("id", "json", "word")

    def __init__(self, place: int, word: str, json: bytes) -> None:
        self.id = place
        self.word = word
        self.json = json


class OwnPlaces:
    """An encoding in which whatever the hub says carries the inbox's place instead of the feed's."""

    def __init__(self, encoding: Encoding, place: Callable[[], int]) -> None:
        self._encoding = encoding
        self._place = place
        self.media_type = encoding.media_type

    def event(self, entry: Frameable) -> bytes:
        """One of them."""
        return self._encoding.event(entry)

    def control(
        self, name: str, data: bytes, *, cursor: int | None = None, retry_ms: int | None = None
    ) -> bytes:
        """A frame of the hub's; its reset says that everything was thrown away, of this stream's own log too."""
        place = None if cursor is None else self._place()
        if name == "reset":
            data = encode_json(Reset("cleared", str(place), str(place)))
        return self._encoding.control(name, data, cursor=place, retry_ms=retry_ms)

    def heartbeat(self, cursor: int) -> bytes:  # noqa: ARG002 - that is the feed's place
        """A sign of life that carries the own place."""
        return self._encoding.heartbeat(self._place())
