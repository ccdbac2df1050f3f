"""Streams of revoked tokens end; others go on."""

from collections.abc import Collection

from tablewire.domain.users import client_name
from tablewire.engine.revocations import Revocations
from tablewire.errors import StoreUnavailable
from tests.clock import StepClock


class World:
    """Whose streams are open, and which tokens are revoked."""

    def __init__(self, *clients: str) -> None:
        self.open = set(clients)
        self.revoked: set[int] = set()
        self.asked: list[set[int]] = []
        self.away = False
        self.revocations = Revocations(self, self, StepClock())

    async def lapsed(self, token_ids: Collection[int]) -> Collection[int]:
        self.asked.append(set(token_ids))
        if self.away:
            raise StoreUnavailable("no connection")
        return self.revoked & set(token_ids)

    def clients(self) -> Collection[str]:
        return frozenset(self.open)

    async def dismiss(self, clients: Collection[str]) -> None:
        self.open -= set(clients)


async def test_streams_of_revoked_tokens_end_and_others_go_on() -> None:
    world = World(client_name(1), client_name(2), "127.0.0.1", "2001:db8::/64")
    world.revoked = {2, 9}
    await world.revocations.sweep()
    assert world.open == {client_name(1), "127.0.0.1", "2001:db8::/64"}
    assert world.asked == [{1, 2}]


async def test_where_nobody_listens_by_a_token_nobody_is_asked() -> None:
    world = World("127.0.0.1")
    await world.revocations.sweep()
    assert world.asked == []


async def test_a_store_that_is_away_ends_nothing_and_is_asked_again() -> None:
    world = World(client_name(1))
    world.revoked, world.away = {1}, True
    await world.revocations.sweep()
    assert world.open == {client_name(1)}
    world.away = False
    await world.revocations.sweep()
    assert world.open == set()
