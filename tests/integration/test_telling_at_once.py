"""Telling under fire: several writers at once, and writers that are cancelled or lose their connection between any two steps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tablewire.domain.notifications import Kind, Notification, Telling
from tablewire.errors import CommitUnknown, MatchConflict, StoreUnavailable
from tablewire.storage.notification_door import Advance, Counted, Gone
from tablewire.storage.notifications import PostgresNotifications
from tablewire.storage.pools import open_pool
from tests.stored_wishes import NOW, PostgresWishes

Pool = asyncpg.Pool
SLOT = "4eb06f70fcedd7420e26f59a5ea0adb7"
HANG = 30.0

SLOW_COMMIT = """
CREATE FUNCTION wait_a_little() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER UPDATE ON match_head DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_a_little();
"""

STEPS = {
    "advance": "SELECT FROM match_head FOR UPDATE",
    "numbers": "SELECT FROM notification_head FOR UPDATE",
    "store": "SELECT FROM users FOR UPDATE",
    "count": "SELECT FROM goals FOR UPDATE",
    "close": "SELECT FROM notifications FOR UPDATE",
    "commit": "SELECT pg_advisory_xact_lock(1)",
}
"""What has to be held so that telling stops in the middle of each of its statements."""


@pytest.fixture
async def pools(dsn: str) -> "AsyncIterator[tuple[Pool[asyncpg.Record], Pool[asyncpg.Record]]]":
    one, other = await open_pool(dsn), await open_pool(dsn)
    yield one, other
    await one.close()
    await other.close()


def telling(user: int, source: int, opening: int, kind: Kind = Kind.NOTIFY) -> Telling:
    return Telling(
        user_id=user,
        kind=kind,
        source_id=source,
        title="Carbone",
        body="",
        slot_key=SLOT,
        opening=str(opening),
    )


async def test_two_writers_of_the_same_store_each_once_under_ids_without_gaps(
    pools: "tuple[Pool[asyncpg.Record], Pool[asyncpg.Record]]",
) -> None:
    wishes = PostgresWishes(pools[0])
    user = await wishes.user()
    source = await wishes.request(user)
    await wishes.channel(user)
    writers = [PostgresNotifications(pool) for pool in pools]
    told = await asyncio.gather(
        *(
            writer.tell([telling(user, source, start + step) for step in range(10)], NOW)
            for start in range(0, 40, 5)
            for writer in writers
        )
    )
    ids = sorted(one.id for some in told for one in some)
    assert ids == list(range(1, 46))
    assert len({one.opening for one in await writers[0].of_user(user, None, 99)}) == 45
    assert len(await wishes.deliveries()) == 45


async def test_a_one_off_is_fulfilled_once_whoever_comes_first(
    pools: "tuple[Pool[asyncpg.Record], Pool[asyncpg.Record]]",
) -> None:
    wishes = PostgresWishes(pools[0])
    user = await wishes.user()
    source = await wishes.request(user, once=True)
    told = await asyncio.gather(
        *(PostgresNotifications(pools[n % 2]).tell([telling(user, source, n)], NOW) for n in range(12))
    )
    (made,) = [one for some in told for one in some]
    assert await wishes.request_state(source) == ("fulfilled", made.id)


async def test_events_are_matched_by_one_of_two_processes(
    pools: "tuple[Pool[asyncpg.Record], Pool[asyncpg.Record]]",
) -> None:
    wishes = PostgresWishes(pools[0])
    user = await wishes.user()
    goal = await wishes.goal(user)
    step = Advance(expected_event=0, event_id=3, openings=2)
    outcomes = await asyncio.gather(
        *(
            PostgresNotifications(pool).tell(
                [telling(user, goal, 1, Kind.GOAL)], NOW, advance=step, counted=[Counted(goal, 1, 1)]
            )
            for pool in pools
        ),
        return_exceptions=True,
    )
    assert {type(one) for one in outcomes} == {MatchConflict, tuple}
    assert await wishes.goal_counts(goal) == (1, 1)


async def test_readers_never_find_a_place_below_one_they_have_read_up_to(
    pools: "tuple[Pool[asyncpg.Record], Pool[asyncpg.Record]]",
) -> None:
    wishes = PostgresWishes(pools[0])
    user = await wishes.user()
    source = await wishes.request(user)
    reader, writer = PostgresNotifications(pools[0]), PostgresNotifications(pools[1])
    seen: dict[int, Notification] = {}

    async def follow() -> None:
        place = 0
        while len(seen) < 60 or any(one.read_at is None for one in seen.values()):
            _, newest = await reader.ends()
            found = await reader.after(place, 1_000, upto=newest)
            assert all(place < one.place <= newest for one in found)
            seen.update({one.id: one for one in found})
            place = newest

    async def write() -> None:
        await asyncio.gather(*(writer.tell([telling(user, source, n)], NOW) for n in range(60)))

    async def mark() -> None:
        while len(seen) < 60 or await reader.count_unread(user):
            await reader.mark_read(user, None, NOW)

    async with asyncio.timeout(HANG):
        await asyncio.gather(follow(), write(), mark())
    assert sorted(seen) == sorted(one.id for one in await reader.of_user(user, None, 99))


class Scene:
    """One telling that does everything, and what it leaves in the store."""

    def __init__(self, dsn: str, pool: "Pool[asyncpg.Record]") -> None:
        self.dsn = dsn
        self.notifications = PostgresNotifications(pool)
        self.wishes = PostgresWishes(pool)

    async def prepare(self) -> None:
        """An open table was told of."""
        self.user = await self.wishes.user()
        self.once = await self.wishes.request(self.user, once=True)
        self.goal = await self.wishes.goal(self.user)
        await self.wishes.channel(self.user)
        await self.notifications.tell([telling(self.user, self.goal, 1, Kind.GOAL)], NOW)

    async def tell(self) -> tuple[Notification, ...]:
        """A request and the goal are told of a table, the first table is gone, and matching goes on."""
        return await self.notifications.tell(
            [telling(self.user, self.once, 2), telling(self.user, self.goal, 2, Kind.GOAL)],
            NOW,
            advance=Advance(expected_event=0, event_id=2, openings=1),
            counted=[Counted(self.goal, 1, 1)],
            gone=[Gone(slot_key=SLOT, opening="1", closed_at=NOW, open_seconds=5.0)],
        )

    async def facts(self) -> tuple[object, ...]:
        """Everything that telling touches."""
        return (
            await self.notifications.match_head(),
            await self.notifications.ends(),
            await self.wishes.request_state(self.once),
            await self.wishes.goal_counts(self.goal),
            sorted(await self.wishes.deliveries()),
            await self.wishes.sent(),
            [(one.id, one.closed_at) for one in await self.notifications.of_user(self.user, None, 9)],
        )

    @asynccontextmanager
    async def stopped_at(
        self, step: str
    ) -> "AsyncIterator[tuple[asyncio.Task[tuple[Notification, ...]], int]]":
        """A telling that waits in the middle of a step, and the server process it waits in."""
        blocker = await asyncpg.connect(self.dsn)
        try:
            async with blocker.transaction():
                await blocker.execute(STEPS[step])
                task = asyncio.create_task(self.tell())
                yield task, await _waiting(blocker)
        finally:
            await blocker.close()


async def _waiting(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    async with asyncio.timeout(HANG):
        while True:
            pid: int | None = await connection.fetchval(
                "SELECT pid FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid() LIMIT 1"
            )
            if pid is not None:
                return pid


@pytest.mark.parametrize("end", ["cancelled", "killed"])
async def test_a_telling_that_breaks_off_leaves_nothing_and_the_next_does_it_all_once(
    dsn: str, end: str
) -> None:
    pool = await open_pool(dsn)
    await pool.execute(SLOW_COMMIT)
    scene = Scene(dsn, pool)
    await scene.prepare()
    before = await scene.facts()
    for step in STEPS:
        async with scene.stopped_at(step) as (task, pid):
            if end == "cancelled":
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                await pool.execute("SELECT pg_terminate_backend($1)", pid)
                with pytest.raises(CommitUnknown if step == "commit" else StoreUnavailable):
                    await task
        assert await scene.facts() == before, step
    assert [one.id for one in await scene.tell()] == [2, 3]
    with pytest.raises(MatchConflict):
        await scene.tell()
    assert await scene.facts() == (
        (2, 1),
        (1, 4),
        ("fulfilled", 2),
        (1, 1),
        [(1, 1, "gone", "pending"), *((id, 1, "new", "pending") for id in (1, 2, 3))],
        ["sent:1:app", "sent:2:app", "sent:3:app"],
        [(3, None), (2, None), (1, NOW)],
    )
    await pool.close()
