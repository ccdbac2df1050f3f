"""The doctor on a real database."""

import asyncpg

from tablewire.doctor import examine
from tablewire.settings import Settings
from tests.stored_people import store_a_person


async def found(dsn: str) -> dict[str, tuple[bool, str]]:
    settings = Settings.load({"TABLEWIRE_DATABASE_URL": dsn})
    return {one.what: (one.well, one.says) for one in await examine(settings)}


async def test_everything_is_looked_at_and_nothing_is_wrong(dsn: str) -> None:
    looked = await found(dsn)
    assert set(looked) == {"settings", "database", "migrations", "clock", "channels", "resy", "opentable"}
    assert [what for what, (well, _) in looked.items() if not well] == []


async def test_a_channel_that_the_service_paused_is_told(dsn: str) -> None:
    await store_a_person(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("UPDATE channels SET paused = true, paused_why = 'it has failed for a day'")
    finally:
        await connection.close()
    well, says = (await found(dsn))["channels"]
    assert not well
    assert "paused by the service: 1" in says


async def test_a_database_that_is_not_migrated_is_told(empty_dsn: str) -> None:
    looked = await found(empty_dsn)
    assert looked["migrations"][0] is False
    assert "channels" not in looked
