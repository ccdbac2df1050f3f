"""PostgreSQL goes away under the service and comes back: nothing falls over, nothing is asked in vain, nothing is doubled."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.database import FaultyServer
from tests.faults.following import StreamFollower, following
from tests.faults.log_checks import Truth, knows_all_that_is_open, read, replays, scanned_anew, told_once_and_in_order
from tests.faults.service import City, Service, a_city, a_service, until, web

SHORT, LONG = 3.0, 30.0
INTERVAL = timedelta(seconds=0.5)


async def the_service_lives_through_an_outage(postgres: FaultyServer, seconds: float) -> None:
    async with (
        web() as session,
        a_city(session) as city,
        a_service(session, city.settings(DATABASE_URL=postgres.dsn)) as service,
    ):
        stream = StreamFollower(session, lambda: service.address)
        async with following(stream):
            await scanned_anew(service, times=2)
            await until(lambda: stream.events, "the first news")
            await postgres.stop()
            away_since = datetime.now(UTC)
            await the_store_is_missed(service, session, seconds)
            told, asked_until = len(stream.events), datetime.now(UTC)
            await postgres.start()
            await until(lambda: len(stream.events) > told, "the difference")
            await nothing_was_asked(city, away_since + 2 * INTERVAL, asked_until)
            assert await knows_all_that_is_open(service, city) > 20
            assert await service.status("/health/ready") == 200
            assert (stream.connects, stream.ends) == (1, 0)
            back = await service.get("/discovery/health")
            assert [loop["restarts"] for loop in back["loops"]] == [0] * len(back["loops"])
            assert await service.stop() == 0
            stored = await read(postgres.dsn)
        opened = [(event.opened_after, event.opened_at) for event in stored.events if event.opened_at]
        assert any(after and after < away_since + 2 * INTERVAL and by > asked_until for after, by in opened)
        # What was stored after the goodbye is for those who come back.
        told_once_and_in_order(stream.events, stored.events[: len(stream.events)])
        replays(stored)
        (await Truth.of(city)).agrees(stored.events)


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
    await the_service_lives_through_an_outage(postgres, SHORT)


@pytest.mark.soak
async def test_an_outage_of_half_a_minute_is_lived_through(postgres: FaultyServer) -> None:
    await the_service_lives_through_an_outage(postgres, LONG)


@pytest.mark.soak
async def test_outages_again_and_again_lose_nothing(postgres: FaultyServer) -> None:
    for _ in range(3):
        await the_service_lives_through_an_outage(postgres, SHORT)
