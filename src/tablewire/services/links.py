"""The links in notifications: signed, silent about what they lead to, and followed with a note of the tap."""

import struct
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from tablewire.domain.alert_events import APP
from tablewire.errors import NotFound, StoreError
from tablewire.notifications.protocol import Sealer

_CONTENT = struct.Struct(">4sQQ")
_PURPOSE: Final = b"go1:"
"""The key seals other things too, and none of them is a link."""
_LONGEST_TOKEN: Final = 512
_NOWHERE: Final = "This link leads nowhere."
_URL_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"


class TapBook(Protocol):
    """Where taps are kept."""

    async def book_url(self, notification_id: int) -> str | None:
        """Where a notification's table is booked."""
        ...

    async def tapped(self, notification_id: int, channel_id: int, at: datetime) -> None:
        """Keep that a link was followed: once for each notification and channel."""
        ...


class Links:
    """Makes links and follows them."""

    def __init__(
        self, sealer: Sealer, taps: TapBook, now: Callable[[], datetime], *, public_url: str
    ) -> None:
        self._sealer = sealer
        self._taps = taps
        self._now = now
        self._public_url = public_url.rstrip("/")

    def url_of(self, notification_id: int, channel_id: int = APP) -> str:
        """The link of a notification in one channel."""
        token = self._sealer.seal(_CONTENT.pack(_PURPOSE, notification_id, channel_id))
        return f"{self._public_url}/go/{token.decode('ascii')}"

    async def follow(self, token: str, *, tap: bool) -> str:
        """Where a token leads. Raises `NotFound` where it leads nowhere, `StoreError`.

        With `tap` the tap is kept; where that fails, the user is taken to their table all the same.
        """
        meant = self._open(token)
        if meant is None:
            raise NotFound(_NOWHERE)
        target = safe_target(await self._taps.book_url(meant[0]))
        if target is None:
            raise NotFound(_NOWHERE)
        if tap:
            try:
                await self._taps.tapped(*meant, self._now())
            except StoreError:
                return target
        return target

    def _open(self, token: str) -> tuple[int, int] | None:
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        content = self._sealer.open(token.encode())
        if content is None or len(content) != _CONTENT.size:
            return None
        purpose, notification_id, channel_id = _CONTENT.unpack(content)
        return (notification_id, channel_id) if purpose == _PURPOSE else None


def safe_target(url: str | None) -> str | None:
    """An address of the web, fit to stand in a header; None where it is anything else."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return quote(url, safe=_URL_SAFE)
