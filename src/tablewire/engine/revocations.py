"""Ends the open streams of those whose token is in force no more."""

from collections.abc import Collection
from typing import Final, Protocol

from tablewire.domain.users import client_name, token_of
from tablewire.engine.clock import Clock
from tablewire.engine.supervisor import Loop
from tablewire.errors import StoreError

SWEEP_SECONDS: Final = 2.0
"""With the seconds for which a token is believed this bounds how long a revoked one still hears anything: under five."""


class TokensDoor(Protocol):
    """Who knows which tokens are in force."""

    async def lapsed(self, token_ids: Collection[int]) -> Collection[int]:
        """Those of some tokens that are in force no more. Raises `StoreError`."""
        ...


class StreamsDoor(Protocol):
    """Who has streams open."""

    def clients(self) -> Collection[str]:
        """Everybody who has one."""
        ...

    async def dismiss(self, clients: Collection[str]) -> None:
        """End all streams of some clients."""
        ...


class Revocations:
    """Every few seconds, in every replica, for the streams that are open there: one question, none where nobody listens."""

    def __init__(self, tokens: TokensDoor, streams: StreamsDoor, clock: Clock) -> None:
        self._tokens = tokens
        self._streams = streams
        self._clock = clock

    async def run(self, loop: Loop) -> None:
        """Sweep for ever."""
        while True:
            loop.beat()
            await self.sweep()
            await self._clock.sleep(SWEEP_SECONDS)

    async def sweep(self) -> None:
        """End the streams of those who may listen no more; a store that is away is asked again the next time."""
        listening = {token for client in self._streams.clients() if (token := token_of(client)) is not None}
        if not listening:
            return
        try:
            lapsed = await self._tokens.lapsed(listening)
        except StoreError:
            return
        if lapsed:
            await self._streams.dismiss(frozenset(client_name(token) for token in lapsed))
