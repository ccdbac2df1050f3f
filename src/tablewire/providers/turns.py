"""Reading turns: one answer of a provider is read at a time, and none is asked for while many wait to be read."""

import asyncio
from types import TracebackType

MOST_UNREAD = 16
"""Answers that may wait before no more calls are sent: pages of 1 MB that come faster than they are read would fill memory."""


class ReadingTurns:
    """Whose answer is read now: `async with` it to have the turn."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()
        self._unread = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Wait until few enough answers wait to be read."""
        await self._room.wait()

    async def __aenter__(self) -> None:
        self._count(1)
        try:
            await self._one.acquire()
        except BaseException:  # cancelled: it will not be read
            self._count(-1)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._one.release()
        self._count(-1)

    def _count(self, more: int) -> None:
        self._unread += more
        if self._unread < MOST_UNREAD:
            self._room.set()
        else:
            self._room.clear()
