"""Emptying the store under a running engine: everyone stands still, the store is emptied, and memory is dropped with it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

import anyio

from tablewire.errors import CommitUnknown

StandStill = Callable[[], AbstractAsyncContextManager[None]]
"""Within it, somebody neither writes to the store nor tells what is in it."""
Forget = Callable[[], None]
"""Drops what somebody remembers of the store; it must not wait."""


class Emptied(Protocol):
    """The store."""

    async def clear(self) -> tuple[str, ...]:
        """Empty it; answers which tables. Raises `StoreUnavailable` where nothing was done, `CommitUnknown` where that is not known."""
        ...


class Clearing:
    """Knows who has to stand still meanwhile, in the order in which their locks are taken, and who has to forget afterwards."""

    def __init__(self, store: Emptied, *, still: Sequence[StandStill], forget: Sequence[Forget]) -> None:
        self._store = store
        self._still = tuple(still)
        self._forget = tuple(forget)
        self._one_at_a_time = anyio.Lock()

    async def clear(self) -> tuple[str, ...]:
        """Empty the store and drop memory, or neither; answers which tables were emptied. Raises `StoreError`."""
        emptied: tuple[str, ...] = ()
        # Shielded: a caller that goes away must not leave memory of rows that are gone.
        with anyio.CancelScope(shield=True):
            async with self._one_at_a_time, AsyncExitStack() as stack:
                for stand_still in self._still:
                    await stack.enter_async_context(stand_still())
                try:
                    emptied = await self._store.clear()
                except CommitUnknown:
                    self._drop_memory()
                    raise
                self._drop_memory()
        return emptied

    def _drop_memory(self) -> None:
        for forget in self._forget:
            forget()
