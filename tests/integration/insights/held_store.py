"""PostgreSQL beside simulated time, with all of its rooms: while any of them works, time stands still."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from tablewire.storage.store import PostgresStore
from tests.integration.detection.virtual_time import VirtualLoop

Heard = Callable[[str], None]
_ROOMS = "tablewire.storage"


class Held:
    """A room of the store, or the store itself, to which simulated time does not run. `heard` is told each method that is called."""

    def __init__(self, room: object, loop: VirtualLoop, heard: Heard = lambda _: None) -> None:
        self._room = room
        self._loop = loop
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._room, name)
        if not callable(found):
            return Held(found, self._loop) if type(found).__module__.startswith(_ROOMS) else found

        def call(*args: Any, **named: Any) -> Any:
            self._heard(name)
            made = found(*args, **named)
            if inspect.isawaitable(made):
                return self._hold(made)
            return self._hold_all(made) if isinstance(made, AbstractAsyncContextManager) else made

        return call

    async def _hold(self, work: Awaitable[Any]) -> Any:
        with self._loop.held():
            return await work

    @asynccontextmanager
    async def _hold_all(self, block: AbstractAsyncContextManager[Any]) -> AsyncIterator[Any]:
        """A block of the store's is one moment: nobody looks at anything while figures are made."""
        with self._loop.held():
            async with block as given:
                yield given


def held(store: PostgresStore, loop: VirtualLoop, heard: Heard) -> Any:
    """The whole store, in the place of one."""
    return Held(store, loop, heard)
