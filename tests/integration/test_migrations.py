"""Migrations go up and down, on databases with rows in them, and the tables are those that the code knows."""

import asyncio
import sys

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.pool import NullPool

from tablewire.domain.restaurants import Decision, Link, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.storage import migrate
from tablewire.storage.figure_tables import metadata
from tablewire.storage.pools import open_engine
from tablewire.storage.protocol import BucketDay
from tablewire.storage.store import PostgresStore
from tests.stored_figures import store_figures
from tests.stored_people import store_a_person
from tests.stored_scenes import StoredScene, facts
from tests.unit.domain.scenes import DAY, EIGHT, KEY, NINE, after, call


async def fill(dsn: str) -> StoredScene:
    """Put at least one row into every table."""
    store = await PostgresStore.open(dsn)
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": [NINE]}))
    await scene.keep(call(1, {"v": [EIGHT, NINE], "w": []}))
    await store.learn([Venue(provider="resy", venue_id="v", name="Chez v")], after(0))
    await store.beat("one", "discovery_bucket", after(0))
    day = BucketDay(key=KEY, provider="resy", lead_days=0, baseline_slots=1, open_slots=2, observed_venues=2)
    await store.save_days(DAY, [day])
    await store.forget_observations("sfo", "mark")
    pair = Pair(Listing("opentable", "w"), Listing("resy", "v"))
    link = Link(pair=pair, verdict=Verdict.SAME, confidence=0.98, evidence=("the names agree",))
    await store.relink(pair, [link], dict.fromkeys(pair, "resy:v"))
    await store.decide(Decision(pair=pair, verdict=Verdict.SAME, by="ann", at=after(0)))
    await store.close()
    await store_a_person(dsn)
    await store_figures(dsn)
    return scene


async def count_rows(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        counts = {}
        for (name,) in tables:
            counts[name] = await connection.fetchval(f'SELECT count(*) FROM "{name}"')  # noqa: S608 - the names are ours
        return counts
    finally:
        await connection.close()


def revisions() -> list[str]:
    """All revisions, oldest first."""
    directory = ScriptDirectory(str(migrate.scripts()))
    return [script.revision for script in directory.walk_revisions()][::-1]


async def test_an_empty_database_is_at_no_revision(empty_dsn: str) -> None:
    assert await migrate.current(empty_dsn) is None


async def test_upgrading_brings_a_database_to_the_newest_revision(empty_dsn: str) -> None:
    await migrate.upgrade(empty_dsn)
    assert await migrate.current(empty_dsn) == migrate.head() == revisions()[-1]


async def test_upgrading_again_changes_nothing(dsn: str) -> None:
    await fill(dsn)
    before = await count_rows(dsn)
    await migrate.upgrade(dsn)
    assert await count_rows(dsn) == before


async def test_one_process_can_be_asked_to_migrate_twice_at_once(empty_dsn: str) -> None:
    await asyncio.gather(*(migrate.upgrade(empty_dsn) for _ in range(3)))
    assert await migrate.current(empty_dsn) == migrate.head()


async def test_of_several_processes_that_start_at_once_one_migrates(empty_dsn: str) -> None:
    script = "import asyncio, sys; from tablewire.storage import migrate; asyncio.run(migrate.upgrade(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", script, empty_dsn) for _ in range(3)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert await migrate.current(empty_dsn) == migrate.head()


async def test_each_step_goes_down_and_up_again_with_rows_in_every_table(dsn: str) -> None:
    await fill(dsn)
    assert min((await count_rows(dsn)).values()) > 0
    for below, revision in reversed(list(zip(["base", *revisions()], revisions(), strict=False))):
        await migrate.downgrade(dsn, below)
        await migrate.upgrade(dsn, revision)
        await migrate.downgrade(dsn, below)
    assert set(await count_rows(dsn)) == {"alembic_version"}
    await migrate.upgrade(dsn)
    await fill(dsn)


async def test_taking_back_the_venues_keeps_the_log_and_the_checkpoints(dsn: str) -> None:
    scene = await fill(dsn)
    await migrate.downgrade(dsn, "0001")
    await migrate.upgrade(dsn)
    store = await PostgresStore.open(dsn)
    loaded = (await StoredScene.begin(store)).state
    newest = (await store.bounds()).newest
    await store.close()
    assert (facts(loaded), newest) == (facts(scene.state), len(scene.log))


async def test_slots_by_poll_and_slots_as_rows_hold_the_same(dsn: str) -> None:
    scene = await fill(dsn)
    await migrate.downgrade(dsn, "0002")
    connection = await asyncpg.connect(dsn)
    as_rows = await connection.fetch("SELECT slot_id, venue_id, event_id FROM open_slots ORDER BY slot_id")
    await migrate.upgrade(dsn)
    as_view = await connection.fetch("SELECT slot_id, venue_id, event_id FROM open_slots ORDER BY slot_id")
    await connection.close()
    store = await PostgresStore.open(dsn)
    loaded = (await StoredScene.begin(store)).state
    await store.close()
    assert as_rows == as_view
    assert facts(loaded) == facts(scene.state)


async def test_the_migrated_tables_are_those_that_the_code_knows(dsn: str) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": False}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    engine = open_engine(dsn, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []
