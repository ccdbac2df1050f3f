"""Users, tokens and sessions on PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tablewire.domain.users import Caller
from tablewire.errors import BadInput, Conflict, NotFound, StoreUnavailable
from tablewire.services.accounts import RECALLED_SECONDS, SESSION_LIFE, Accounts
from tablewire.storage.account_door import AccountBook
from tablewire.storage.accounts import MOST_SESSIONS, PostgresAccounts
from tablewire.storage.store import PostgresStore
from tests.clock import StepClock
from tests.stored_people import store_a_person


class CountedBook:
    """The users in PostgreSQL, and how often they were asked for; or away."""

    def __init__(self, book: PostgresAccounts) -> None:
        self._book = book
        self.looks = 0
        self.away = False

    def __getattr__(self, name: str) -> Any:
        if self.away:
            raise StoreUnavailable("no connection")
        if name in ("of_token", "of_session"):
            self.looks += 1
        return getattr(self._book, name)


class World:
    def __init__(self, store: PostgresStore) -> None:
        self.store, self.clock = store, StepClock()
        self.book = CountedBook(store.people.accounts)
        self.accounts = self.replica(self.book)

    def replica(self, book: AccountBook | None = None) -> Accounts:
        """Another process on the same database."""
        book = book or self.store.people.accounts
        return Accounts(book, self.clock.now, monotonic=self.clock.monotonic)


@pytest.fixture
def world(store: PostgresStore) -> World:
    return World(store)


async def logged_in(world: World, name: str = "ann") -> tuple[Caller, str, str]:
    _, token = await world.accounts.add(name)
    caller = await world.accounts.of_token(token)
    assert caller is not None
    begun = await world.accounts.begin_session(caller)
    assert begun is not None
    return caller, token, begun[0]


async def test_a_user_is_known_by_the_token_that_was_shown_once(world: World) -> None:
    user, token = await world.accounts.add("ann", is_admin=True, time_zone="Europe/Berlin")
    caller = await world.replica().of_token(token)
    assert caller is not None
    assert (caller.user, user.is_admin, user.time_zone) == (user, True, "Europe/Berlin")
    assert token.startswith("tw_")


async def test_only_hashes_are_stored(world: World, dsn: str) -> None:
    _, token, session = await logged_in(world)
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT t::text FROM user_tokens t UNION ALL SELECT s::text FROM user_sessions s"
        )
    finally:
        await connection.close()
    stored = "".join(row[0] for row in rows)
    for secret in (token, session):
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_a_name_that_is_none_is_refused(world: World) -> None:
    for name in ("", " ann", "ann ", "a b", "a\x00", "-ann", "é", "a" * 65, "a/b", "a\nb"):
        with pytest.raises(BadInput, match="name"):
            await world.accounts.add(name)


async def test_a_zone_that_is_none_is_refused(world: World) -> None:
    for zone in ("", "Mars/Base", "europe/berlin", "../etc/passwd", "Europe/Berlin\x00"):
        with pytest.raises(BadInput, match="time_zone"):
            await world.accounts.add("ann", time_zone=zone)


async def test_a_name_that_is_taken_is_refused_and_says_how_another_token_is_made(world: World) -> None:
    await world.accounts.add("ann")
    with pytest.raises(Conflict, match="users token ann"):
        await world.accounts.add("ann")
    user, token = await world.accounts.new_token("ann")
    found = await world.accounts.of_token(token)
    assert found is not None
    assert found.user == user
    assert [(one.user.name, one.tokens) for one in await world.accounts.accounts()] == [("ann", 2)]


async def test_what_can_be_no_token_is_not_looked_for(world: World) -> None:
    for text in ("", "tw_", "tw_" + "x" * 42, "tw_" + "x" * 5_000, "tws_" + "x" * 43, "tw_" + "é" * 43):
        assert await world.accounts.of_token(text) is None
    assert world.book.looks == 0


async def test_a_token_is_looked_for_once_in_a_while_however_many_ask(world: World) -> None:
    _, token = await world.accounts.add("ann")
    found = await asyncio.gather(*(world.accounts.of_token(token) for _ in range(100)))
    assert all(found)
    assert world.book.looks <= 8
    world.book.looks = 0
    await world.accounts.of_token(token)
    assert world.book.looks == 0
    world.clock.advance(RECALLED_SECONDS)
    await world.accounts.of_token(token)
    assert world.book.looks == 1


async def test_a_revoked_token_is_refused_by_every_replica_once_it_is_asked_for_again(world: World) -> None:
    caller, token, session = await logged_in(world)
    other = world.replica()
    assert await other.of_session(session) == caller
    assert await world.accounts.revoke("ann") == 1
    assert await world.accounts.of_token(token) is None
    world.clock.advance(RECALLED_SECONDS)
    assert await other.of_session(session) is None
    assert await other.of_token(token) is None
    assert await other.lapsed([caller.token_id]) == {caller.token_id}
    assert await world.accounts.begin_session(caller) is None
    assert await world.accounts.revoke("ann") == 0


async def test_one_users_tokens_are_not_anothers(world: World) -> None:
    await logged_in(world, "ann")
    caller, token, session = await logged_in(world, "bob")
    await world.accounts.revoke("ann")
    assert await world.accounts.of_token(token) == caller
    assert await world.accounts.of_session(session) == caller
    assert await world.accounts.lapsed([caller.token_id]) == frozenset()


async def test_a_session_ends_with_logging_out_or_with_its_time(world: World) -> None:
    caller, token, session = await logged_in(world)
    begun = await world.accounts.begin_session(caller)
    assert begun is not None
    await world.accounts.end_session(session)
    assert await world.accounts.of_session(session) is None
    assert await world.accounts.of_session(begun[0]) == caller
    world.clock.advance(SESSION_LIFE.total_seconds())
    assert await world.accounts.of_session(begun[0]) is None
    assert await world.accounts.of_token(token) == caller


async def test_a_session_is_no_token_and_a_token_no_session(world: World) -> None:
    _, token, session = await logged_in(world)
    assert await world.accounts.of_token(session) is None
    assert await world.accounts.of_session(token) is None


async def test_a_token_has_only_so_many_sessions_and_the_oldest_end_first(world: World) -> None:
    caller, _, first = await logged_in(world)
    for _ in range(MOST_SESSIONS - 1):
        await world.accounts.begin_session(caller)
    assert await world.accounts.of_session(first) == caller
    last = await world.accounts.begin_session(caller)
    assert last is not None
    world.clock.advance(RECALLED_SECONDS)
    assert await world.accounts.of_session(first) is None
    assert await world.accounts.of_session(last[0]) == caller


async def test_a_changed_zone_is_known_at_once(world: World) -> None:
    caller, token, _ = await logged_in(world)
    changed = await world.accounts.set_time_zone(caller.user, "Asia/Tokyo")
    found = await world.accounts.of_token(token)
    assert found is not None
    assert found.user == changed
    await world.accounts.delete(changed)
    with pytest.raises(NotFound):
        await world.accounts.set_time_zone(changed, "UTC")


async def test_a_user_goes_with_everything_that_is_theirs_and_nothing_else(world: World, dsn: str) -> None:
    await store_a_person(dsn)  # ann, with one of everything
    _, token, _ = await logged_in(world, "bob")
    await world.accounts.delete_named("ann")
    connection = await asyncpg.connect(dsn)
    try:
        tables = [
            row[0]
            for row in await connection.fetch(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'user_id' AND table_schema = 'public'"
            )
        ]
        left = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608 - names of tables
        deliveries = await connection.fetchval("SELECT count(*) FROM deliveries")
    finally:
        await connection.close()
    assert len(tables) >= 8
    assert {table: count for table, count in left.items() if count} == {"user_tokens": 1, "user_sessions": 1}
    assert deliveries == 0
    assert await world.accounts.of_token(token) is not None
    with pytest.raises(NotFound, match="no user ann"):
        await world.accounts.delete_named("ann")


async def test_the_local_user_is_made_once_is_an_admin_and_stays(world: World) -> None:
    users = await asyncio.gather(*(world.replica().local_user() for _ in range(4)))
    assert len({user.id for user in users}) == 1
    assert users[0].is_admin
    with pytest.raises(Conflict):
        await world.accounts.delete(users[0])
    await world.accounts.local_user()
    await world.accounts.set_time_zone(users[0], "Asia/Tokyo")
    assert (await world.accounts.local_user()).time_zone == "Asia/Tokyo"


async def test_while_the_store_is_away_nobody_is_let_in_on_trust(world: World) -> None:
    _, token = await world.accounts.add("ann")
    await world.accounts.of_token(token)
    world.book.away = True
    assert await world.accounts.of_token(token) is not None
    world.clock.advance(timedelta(seconds=RECALLED_SECONDS).total_seconds())
    with pytest.raises(StoreUnavailable):
        await world.accounts.of_token(token)
    assert world.accounts.knew(token)
