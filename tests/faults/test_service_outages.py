"""PostgreSQL goes away under the service and comes back: nothing falls over, nothing is asked in vain, nothing is doubled."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tablewire.domain.events import Event
from tests.database import FaultyServer
from tests.faults.following import StreamFollower, following
from tests.faults.log_checks import (
    Truth,
    knows_all_that_is_open,
    read,
    replays,
    scanned_anew,
    told_once_and_in_order,
)
from tests.faults.service import City, Service, a_city, a_service, until, web

SHORT, LONG = 3.0, 30.0
PROBE, GRACE = 8.0, 10.0
"""Seconds in which a probe must have its answer, and in which a service must have stopped."""
INTERVAL = timedelta(seconds=0.5)


async def the_service_lives_through(postgres: FaultyServer, *outages: float) -> None:
    """The store is away for so many seconds, once or several times."""
    async with (
        web() as session,
        a_city(session) as city,
        a_service(session, city.settings(DATABASE_URL=postgres.dsn)) as service,
    ):
        stream = StreamFollower(session, lambda: service.address)
        async with following(stream):
            away = []
            for seconds in outages:
                await scanned_anew(service, times=2)
                await until(lambda: stream.events, "the first news")
                away.append(await an_outage(postgres, service, session, stream, seconds))
                await nothing_was_asked(city, *away[-1])
                assert await knows_all_that_is_open(service, city) > 20
            assert await service.status("/health/ready") == 200
            assert (stream.connects, stream.ends) == (1, 0)
            loops = (await service.get("/discovery/health"))["loops"]
            assert {loop["restarts"] for loop in loops} == {0}
            assert await service.stop() == 0
            stored = await read(postgres.dsn)
        for since, until_then in away:
            assert any(opened_between(event, since, until_then) for event in stored.events)
        # What was stored after the goodbye is for those who come back.
        told_once_and_in_order(stream.events, stored.events[: len(stream.events)])
        replays(stored)
        (await Truth.of(city)).agrees(stored.events)


async def an_outage(
    postgres: FaultyServer,
    service: Service,
    session: aiohttp.ClientSession,
    stream: StreamFollower,
    seconds: float,
) -> tuple[datetime, datetime]:
    """Stop the store for a while; answers from when to when nothing may be asked."""
    await postgres.stop()
    noticed = datetime.now(UTC) + 2 * INTERVAL
    await the_store_is_missed(service, session, seconds)
    told, back = len(stream.events), datetime.now(UTC)
    await postgres.start()
    await until(lambda: len(stream.events) > told, "the difference")
    return noticed, back


def opened_between(event: Event, since: datetime, until_then: datetime) -> bool:
    """Whether it is the difference of an outage: last seen closed before, first seen open after."""
    before, by = event.opened_after, event.opened_at
    return before is not None and by is not None and before < since and by > until_then


async def the_store_is_missed(service: Service, session: aiohttp.ClientSession, seconds: float) -> None:
    """The service says so all the time, and lives."""
    until_then = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until_then:
        async with session.get(f"{service.address}/health/ready") as ready:
            assert ready.status == 503
            assert "PostgreSQL" in (await ready.json())["detail"]
        assert await service.status("/health/live") == 200
        await asyncio.sleep(0.1)  # an outage lasts; it is looked at now and then
    assert (await service.get("/health"))["status"] == "down"


async def nothing_was_asked(city: City, since: datetime, until_then: datetime) -> None:
    """No call reached the city in between."""
    calls = [datetime.fromisoformat(call["at"]) for call in await city.ask("/_requests?since=0")]
    assert calls
    assert [at for at in calls if since < at < until_then] == []


async def test_a_short_outage_of_the_store_is_lived_through(postgres: FaultyServer) -> None:
    await the_service_lives_through(postgres, SHORT)


@pytest.mark.soak
async def test_an_outage_of_half_a_minute_is_lived_through(postgres: FaultyServer) -> None:
    await the_service_lives_through(postgres, LONG)


@pytest.mark.soak
async def test_outages_again_and_again_lose_nothing(postgres: FaultyServer) -> None:
    await the_service_lives_through(postgres, *[SHORT] * 3)


async def test_a_store_that_hangs_is_said_in_time_and_does_not_keep_the_service_from_stopping(
    postgres: FaultyServer, data_dir: Path
) -> None:
    async with (
        web() as session,
        a_city(session) as city,
        a_service(session, city.settings(DATABASE_URL=postgres.dsn)) as service,
    ):
        await scanned_anew(service, times=2)
        with frozen(data_dir):
            async with asyncio.timeout(PROBE):
                assert await service.status("/health/ready") == 503
            assert await service.status("/health/live") == 200
            assert await service.stop(within=GRACE) == 0
    replays(await read(postgres.dsn))


@contextmanager
def frozen(data_dir: Path) -> Iterator[None]:
    """The server and all its processes stand still, as on a disk that hangs."""
    pid = int((data_dir / "postgres/postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    family = [pid, *map(int, children)]
    for process in family:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            os.kill(process, signal.SIGCONT)
