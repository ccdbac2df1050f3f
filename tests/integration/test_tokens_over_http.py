"""Tokens over real sockets: streams by token and by cookie, and how they end."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tablewire.api.rooms import HttpOptions
from tablewire.api.token_gate import TokenGate
from tablewire.domain.users import client_name
from tablewire.engine.revocations import Revocations
from tablewire.follow import ServiceRefused, follow
from tablewire.live.audience import StreamLimits
from tablewire.services.accounts import RECALLED_SECONDS, Accounts
from tablewire.storage.store import PostgresStore
from tests.clock import StepClock
from tests.unit.live.doubles import StreamClient, World, serving


class Guarded:
    """A service with users, over a log in memory."""

    def __init__(self, store: PostgresStore) -> None:
        self.clock = StepClock()
        self.accounts = Accounts(store.people.accounts, self.clock.now, monotonic=self.clock.monotonic)
        self.world = World(
            limits=StreamLimits(per_client=2), options=HttpOptions(version="0", local_only=False)
        )
        gate = TokenGate(self.accounts, per_second=None)
        self.world.rooms = msgspec.structs.replace(self.world.rooms, accounts=self.accounts, gate=gate)
        self.revocations = Revocations(self.accounts, self.world.hub, self.clock)

    async def add(self, name: str) -> str:
        _, token = await self.accounts.add(name)
        return token


@pytest.fixture
async def guarded(store: PostgresStore) -> Guarded:
    made = Guarded(store)
    await made.world.hub.start()
    return made


async def last_words(client: StreamClient) -> Any:
    frame = None
    try:
        while True:
            frame = await client.frame()
    except EOFError:
        return frame and frame.data


async def test_a_stream_ends_when_its_token_is_revoked_and_no_other_does(guarded: Guarded) -> None:
    anns, bobs = await guarded.add("ann"), await guarded.add("bob")
    async with (
        serving(guarded.world) as server,
        server.stream(Authorization=f"Bearer {anns}") as ann,
        server.stream(Authorization=f"Bearer {bobs}") as bob,
    ):
        assert [(await client.frame()).event for client in (ann, bob)] == ["hello", "hello"]
        await guarded.revocations.sweep()
        assert len(guarded.world.hub.clients()) == 2
        await guarded.accounts.revoke("ann")
        await guarded.revocations.sweep()
        assert await last_words(ann) == {"reason": "revoked"}
        assert (await server.get("/feed/stream", Authorization=f"Bearer {anns}")).status == 401
        await guarded.world.drop(1)
        assert (await bob.frame()).id == "1"


async def test_a_browsers_stream_comes_by_its_cookie_and_counts_as_its_token(guarded: Guarded) -> None:
    token = await guarded.add("ann")
    caller = await guarded.accounts.of_token(token)
    assert caller is not None
    begun = await guarded.accounts.begin_session(caller)
    assert begun is not None
    cookie, bearer = f"tablewire_session={begun[0]}", f"Bearer {token}"
    async with serving(guarded.world) as server, server.stream(Cookie=cookie) as one:
        assert (await one.frame()).event == "hello"
        assert guarded.world.hub.clients() == {client_name(caller.token_id)}
        async with server.stream(Authorization=bearer) as two:
            assert (await two.frame()).event == "hello"
            refused = await server.get("/feed/stream", Cookie=cookie)
            assert (refused.status, refused.json()["type"]) == (429, "/problems/too-many-streams")


async def test_a_store_that_is_away_lets_nobody_in_and_says_so(
    guarded: Guarded, store: PostgresStore
) -> None:
    bearer = f"Bearer {await guarded.add('ann')}"
    async with serving(guarded.world) as server:
        assert (await server.get("/feed", Authorization=bearer)).status == 200
        await store.close()
        guarded.clock.advance(RECALLED_SECONDS)
        answer = await server.get("/feed", Authorization=bearer)
        assert (answer.status, answer.json()["type"]) == (503, "/problems/store-unavailable")
        assert (await server.get("/health/live")).status == 200


async def test_the_feed_is_followed_from_a_terminal_by_token(guarded: Guarded) -> None:
    token = await guarded.add("ann")
    guarded.world.log.store(1)
    await guarded.world.hub.catch_up()

    def lines(base: str, token: str | None) -> Callable[[], list[str]]:
        def read() -> list[str]:
            following = follow(base, [("types", "drop")], since="0", token=token)
            return [next(following)["event"], next(following)["event"]]

        return read

    async with serving(guarded.world) as server:
        base = f"http://127.0.0.1:{server.port}"
        assert await asyncio.to_thread(lines(base, token)) == ["hello", "drop"]
        with pytest.raises(ServiceRefused, match="A token is needed"):
            await asyncio.to_thread(lines(base, None))
        with pytest.raises(ValueError, match="no token has"):
            await asyncio.to_thread(lines(base, "tw_\r\nHost: evil"))
