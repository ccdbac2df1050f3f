"""The service is killed at random instants, again and again: nothing is lost, and nothing is told twice."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from tablewire.storage.embedded import EmbeddedPostgres
from tests.faults.following import PageFollower, StreamFollower, following, ids
from tests.faults.log_checks import (
    Truth,
    knows_all_that_is_open,
    open_in,
    open_without_an_event,
    read,
    replays,
    scanned_anew,
    told_once_and_in_order,
    window_of,
)
from tests.faults.service import City, Service, a_city, a_service, until, web

FEW, MANY = 5, 50
NOT_POLLED = {"RESY_API_KEY": ""}


@asynccontextmanager
async def stage(data_dir: Path) -> AsyncIterator[tuple[aiohttp.ClientSession, City, Service]]:
    """A busy city, and a service on its embedded database, well under way."""
    async with web() as session, a_city(session) as city:
        settings = city.settings(DATA_DIR=str(data_dir), POLL_INTERVAL="0.25s")
        async with a_service(session, settings) as service:
            await scanned_anew(service, times=2)
            yield session, city, service


async def kill_at_random_instants(service: Service, kills: int, database: Path | None) -> None:
    """Kill and start again: two in three once it serves, one in three at some instant of its start."""
    chance = random.Random()
    for number in range(1, kills + 1):
        if number % 3 == 0:
            await asyncio.sleep(chance.uniform(0, 2))  # the instant of the kill, which nothing is waited for
        else:
            await service.until_it_listens()
            await asyncio.sleep(chance.uniform(0, 1.5))
        await service.kill()
        if database is not None:
            kill_postgres(database)
        await service.launch()
    await service.until_it_listens()


def kill_postgres(data_dir: Path) -> None:
    """Kill the server in this directory with all its processes, if there is one."""
    with suppress(FileNotFoundError, ProcessLookupError):
        pid = int((data_dir / "postgres/postmaster.pid").read_text().split()[0])
        if Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for process in (pid, *map(int, children)):
                os.kill(process, signal.SIGKILL)


async def nothing_is_lost_or_doubled(data_dir: Path, kills: int, *, with_database: bool) -> str:
    """Answers what it came to, in one line."""
    async with stage(data_dir) as (session, city, service):
        pages = PageFollower(session, lambda: service.address)
        stream = StreamFollower(session, lambda: service.address)
        async with following(pages, stream):
            open_before = await open_in(city, await window_of(service))
            await kill_at_random_instants(service, kills, data_dir if with_database else None)
            last = max(ids(stream.events), default=0)
            await until(lambda: stream.events[-1]["id"] > last, "news after the last kill")
            assert await knows_all_that_is_open(service, city) > 20
            assert await open_without_an_event(service) <= open_before, "a kill has swallowed an opening"
            assert await service.stop() == 0
            # Nothing is polled any more, so the log stands still and can be followed to its end.
            await service.start(**NOT_POLLED)
            newest = (await service.get("/feed?limit=1&types=drop,reopened,closed"))["next_cursor"]
            late = StreamFollower(session, lambda: service.address)
            async with following(late):
                everyone = (pages, stream, late)
                await until(
                    lambda: {one.cursor for one in everyone} == {newest}, "all reach the end of the log"
                )
        assert await service.stop() == 0
        truth = await Truth.of(city)
        async with EmbeddedPostgres(data_dir) as server:
            stored = await read(server.dsn)
        for follower in (pages, stream, late):
            told_once_and_in_order(follower.events, stored.events)
        assert stream.told("reset") == []
        replays(stored)
        truth.agrees(stored.events)
        return f"{kills} kills, {len(stored.events)} events, {stream.connects} streams"


async def test_a_service_that_is_killed_loses_nothing_and_doubles_nothing(data_dir: Path) -> None:
    await nothing_is_lost_or_doubled(data_dir, FEW, with_database=False)


async def test_a_service_that_is_killed_with_its_database_loses_nothing_and_doubles_nothing(
    data_dir: Path,
) -> None:
    await nothing_is_lost_or_doubled(data_dir, FEW, with_database=True)


@pytest.mark.soak
@pytest.mark.parametrize("with_database", [False, True], ids=["alone", "with its database"])
async def test_fifty_kills_lose_nothing_and_double_nothing(
    data_dir: Path, capsys: pytest.CaptureFixture[str], with_database: bool
) -> None:
    figures = await nothing_is_lost_or_doubled(data_dir, MANY, with_database=with_database)
    with capsys.disabled():
        print(figures)  # noqa: T201 - the soak's figures are for whoever runs it
