"""The list of restaurants: read as it is needed, and again now and then, without holding anybody up."""

from datetime import timedelta

from tablewire.domain.snapshots import Outcome
from tablewire.providers.opentable.listing import PACE, REFRESH, REFRESH_SOON
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH
from tablewire.providers.verdict import Answered
from tests.unit.providers.opentable_pages import Platform, ask, found, json_answer, restaurant, said

MOMENT = timedelta(seconds=1)


def skips(platform: Platform) -> list[int]:
    return [asked["skipSearchResults"] for asked in platform.sent(SEARCH)]


async def test_the_list_is_asked_for_as_the_wire_wants_it() -> None:
    platform = Platform(restaurants=60)
    await ask(platform.provider())
    first, second = platform.sent(SEARCH)
    wanted = {
        "metroId": 8,
        "maxSearchResults": 50,
        "skipSearchResults": 0,
        "date": "2026-10-21",
        "time": "19:00",
    }
    assert wanted.items() <= first.items()
    assert (first["latitude"], first["longitude"]) == (40.712941, -74.006393)
    assert first["withAnytimeAvailability"] is True
    assert second == first | {"skipSearchResults": 50}


async def test_a_list_is_good_for_hours() -> None:
    platform = Platform(restaurants=60)
    provider = platform.provider()
    await ask(provider)
    platform.now += REFRESH - MOMENT
    await ask(provider)
    assert skips(platform) == [0, 50]


async def test_a_refresh_reads_one_page_a_poll_and_not_faster_than_its_pace() -> None:
    platform = Platform(restaurants=120)
    provider = platform.provider()
    await ask(provider)
    platform.asked.clear()
    platform.now += REFRESH
    for _ in range(3):
        await ask(provider)
    assert skips(platform) == [0]
    platform.now += PACE
    await ask(provider)
    platform.now += PACE
    await ask(provider)
    assert skips(platform) == [0, 50, 100]
    await ask(provider)
    platform.now += PACE
    await ask(provider)
    assert skips(platform) == [0, 50, 100], "and then it is done"


async def test_a_refresh_holds_nobody_up_and_loses_nobody() -> None:
    platform = Platform()
    provider = platform.provider()
    first = await ask(provider)
    platform.now += REFRESH
    platform.instead = lambda operation, _: Answered(status=400, body=b"no") if operation == SEARCH else None
    second = await ask(provider)
    assert said(second) == said(first)
    assert second.outcome is Outcome.PARTIAL


async def test_new_restaurants_are_asked_for_after_a_refresh() -> None:
    platform = Platform()
    provider = platform.provider()
    await ask(provider)
    platform.list.insert(0, restaurant(50))
    platform.now += REFRESH
    await ask(provider)
    await ask(provider)
    assert platform.sent(AVAILABILITY)[-1]["restaurantIds"] == [1, 2, 3, 50]


async def test_a_list_that_did_not_add_up_is_read_again_soon() -> None:
    platform = Platform(restaurants=20)
    platform.list[2] = platform.list[1]
    provider = platform.provider()
    await ask(provider)
    platform.now += REFRESH_SOON
    await ask(provider)
    assert len(skips(platform)) == 2


async def test_fewer_restaurants_a_page_than_were_asked_for_lose_nobody() -> None:
    platform = Platform(restaurants=45)
    platform.instead = lambda operation, asked: (
        json_answer(found(*platform.list[asked["skipSearchResults"] :][:20], total=45))
        if operation == SEARCH
        else None
    )
    await ask(platform.provider())
    assert skips(platform) == [0, 20, 40]
    assert {len(asked["restaurantIds"]) for asked in platform.sent(AVAILABILITY)} == {45}


async def test_a_list_of_mere_listings_is_said() -> None:
    platform = Platform(restaurants=1)
    platform.list[0]["type"] = "Listing"
    provider = platform.provider()
    snapshot = await ask(provider)
    assert (snapshot.outcome, snapshot.answers) == (Outcome.FAILED, ())
    assert snapshot.cause == "the list of restaurants has none that can be asked"


async def test_records_that_make_no_sense_are_counted() -> None:
    platform = Platform()
    platform.list.append({"restaurantId": "x"})
    snapshot = await ask(platform.provider())
    assert {len(answer.venues) for answer in snapshot.answers} == {3}
    assert snapshot.cause == "1 of the list of restaurants made no sense"
