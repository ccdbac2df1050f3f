"""PostgreSQL beside simulated time: while it works, time stands still."""

from typing import Any

from tablewire.storage.store import PostgresStore
from tests.integration.detection.virtual_time import VirtualLoop


class OutsideTime:
    """A store to which simulated time does not run: PostgreSQL is another process, and works in real time."""

    def __init__(self, store: PostgresStore, loop: VirtualLoop) -> None:
        self._store = store
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def call(*args: Any, **named: Any) -> Any:
            with self._loop.held():
                return await method(*args, **named)

        return call
