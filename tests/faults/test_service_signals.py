"""The service is told to stop: it says goodbye, leaves nothing behind and exits 0, whatever it is doing."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tablewire.storage.embedded import EmbeddedPostgres
from tests.faults.following import StreamFollower, following
from tests.faults.service import City, Service, a_city, a_service, until, web

GRACE = 10.0
"""Seconds that the service has: `SHUTDOWN_GRACE` if left out."""
STREAMS = 100


@asynccontextmanager
async def stage(
    data_dir: Path, **settings: str
) -> AsyncIterator[tuple[aiohttp.ClientSession, City, Service]]:
    """A city, and a service on its embedded database that listens."""
    async with web() as session, a_city(session) as city:
        wanted = city.settings(DATA_DIR=str(data_dir), **settings)
        async with a_service(session, wanted) as service:
            yield session, city, service


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_every_open_stream_gets_its_goodbye(data_dir: Path, number: signal.Signals) -> None:
    async with stage(data_dir) as (session, _, service):
        streams = [StreamFollower(session, lambda: service.address) for _ in range(STREAMS)]
        async with following(*streams):
            await until(lambda: all(one.connects for one in streams), "all streams are open")
            address = service.address
            assert await service.stop(number, within=GRACE) == 0
            await until(lambda: all(one.ends for one in streams), "all streams have ended")
        byes = [one.told("bye") for one in streams]
        assert [len(told) for told in byes] == [1] * STREAMS
        assert all(bye.data == {"reason": "shutdown"} for told in byes for bye in told)
        retries = [bye.retry for told in byes for bye in told]
        assert None not in retries
        assert len(set(retries)) > STREAMS / 2, "they would all come back at once"
        assert not await answers(address)
        assert not postgres_runs(data_dir)


async def test_a_database_that_others_use_is_left_to_them(data_dir: Path) -> None:
    async with stage(data_dir) as (_, _, service), EmbeddedPostgres(data_dir):
        assert await service.stop(within=GRACE) == 0
        assert postgres_runs(data_dir)


async def test_it_stops_while_it_still_builds(data_dir: Path) -> None:
    async with stage(data_dir, RESY_RATE="1/s", POLL_INTERVAL="60s") as (_, city, service):
        await until(lambda: calls(city), "the first call")
        assert await service.stop(within=GRACE) == 0
        assert await calls(city) < 28
    assert not postgres_runs(data_dir)


async def test_it_stops_while_its_provider_hangs(data_dir: Path) -> None:
    async with stage(data_dir) as (_, city, service):
        await city.tell("/_faults", [{"route": "search", "kind": "hung_body", "share": 1}])
        await until(lambda: hanging(city), "a call that hangs")
        assert await service.stop(within=GRACE) == 0
    assert not postgres_runs(data_dir)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_before_it_listens(data_dir: Path, number: signal.Signals) -> None:
    async with web() as session, a_city(session) as city:
        settings = city.settings(DATA_DIR=str(data_dir), LOG_LEVEL="info")
        async with a_service(session, settings, started=False) as service:
            await service.launch()
            await until(lambda: postgres_runs(data_dir), "its database is started")
            assert await service.stop(number, within=GRACE) == 0, service.child.output
    assert not postgres_runs(data_dir)


async def answers(address: str | None) -> bool:
    """Whether anything listens there."""
    place = urlsplit(address)
    try:
        _, writer = await asyncio.open_connection(str(place.hostname), place.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def postgres_runs(data_dir: Path) -> bool:
    """Whether the directory's database server is there."""
    try:
        pid = (data_dir / "postgres/postmaster.pid").read_text().split()[0]
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return False


async def calls(city: City) -> int:
    """Searches that have reached the city."""
    return sum(call["route"] == "search" for call in await city.ask("/_requests?since=0"))


async def hanging(city: City) -> int:
    """Calls that have not got all of their answer."""
    return sum(call["fault"] == "hung_body" for call in await city.ask("/_requests?since=0"))
