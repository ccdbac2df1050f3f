"""Two services on one database: no event is doubled, and when one is killed the other goes on."""

import pytest

from tests.database import FaultyServer
from tests.faults.following import PageFollower, StreamFollower, following, ids
from tests.faults.log_checks import (
    Truth,
    knows_all_that_is_open,
    read,
    replays,
    scanned_anew,
    told_once_and_in_order,
)
from tests.faults.service import Service, a_city, a_service, until, web

NOT_POLLED = {"RESY_API_KEY": ""}


async def two_double_nothing(postgres: FaultyServer, rounds: int) -> None:
    async with web() as session, a_city(session) as city:
        settings = city.settings(DATABASE_URL=postgres.dsn)
        async with a_service(session, settings) as first, a_service(session, settings) as second:

            def either() -> str | None:
                return first.address or second.address

            stays = StreamFollower(session, lambda: second.address)
            moves = StreamFollower(session, either)
            pages = PageFollower(session, either)
            async with following(stays, moves, pages):
                for _ in range(rounds):
                    await scanned_anew(first, times=2)
                    await goes_on(first, stays, moves)
                    await first.kill()
                    await goes_on(second, stays, moves)
                    await first.start()
                assert await knows_all_that_is_open(second, city) > 20
                assert (stays.connects, stays.ends) == (1, 0)
                assert await first.stop() == await second.stop() == 0
                await second.start(**NOT_POLLED)
                newest = (await second.get("/feed?limit=1&types=drop,reopened,closed"))["next_cursor"]
                await until(
                    lambda: {stays.cursor, moves.cursor, pages.cursor} == {newest}, "all reach the log's end"
                )
        stored = await read(postgres.dsn)
        for follower in (stays, moves, pages):
            told_once_and_in_order(follower.events, stored.events)
        replays(stored)
        (await Truth.of(city)).agrees(stored.events)


async def goes_on(service: Service, *streams: StreamFollower) -> None:
    """The service polls, and everyone hears news."""
    before = {stream: max(ids(stream.events), default=0) for stream in streams}
    await scanned_anew(service)
    await until(
        lambda: all(stream.events and stream.events[-1]["id"] > last for stream, last in before.items()),
        "news for everyone",
    )


async def test_two_services_double_nothing_and_one_outlives_the_other(postgres: FaultyServer) -> None:
    await two_double_nothing(postgres, 1)


@pytest.mark.soak
async def test_two_services_double_nothing_over_ten_kills(postgres: FaultyServer) -> None:
    await two_double_nothing(postgres, 10)
