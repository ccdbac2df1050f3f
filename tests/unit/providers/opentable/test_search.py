"""OpenTable without its slots: what a search finds for a time, approximately."""

from datetime import UTC, datetime, timedelta

from tablewire.domain.snapshots import Outcome
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH
from tablewire.providers.protocol import VenueLooks
from tablewire.providers.verdict import Answered
from tests.unit.providers.opentable_pages import DAY, Platform, ask, said, starts


async def test_each_bookable_restaurant_found_is_one_slot_at_the_time_asked_for() -> None:
    platform = Platform(restaurants=2)
    platform.list[1]["isInstantBookable"] = False
    snapshot = await ask(platform.searcher(), 4)
    assert snapshot.outcome is Outcome.OK
    assert starts(snapshot) == {
        ("1", "15:00"): ["2026-10-22 15:00:00"],
        ("1", "19:00"): ["2026-10-22 19:00:00"],
    }
    (slot,) = said(snapshot)[4, "1", "19:00"].slots
    assert slot.approximate
    assert slot.book_url == "https://www.opentable.com/r/house-1?covers=4&dateTime=2026-10-22T19:00"
    assert said(snapshot)[4, "2", "19:00"].slots == ()


async def test_only_the_search_is_asked_at_each_time_slot() -> None:
    platform = Platform()
    await ask(platform.searcher())
    asked = sorted((one["time"], one["date"], one["partySize"]) for one in platform.sent(SEARCH))
    assert asked == [("15:00", "2026-10-22", 2), ("19:00", "2026-10-22", 2)]
    assert {one["withAnytimeAvailability"] for one in platform.sent(SEARCH)} == {False}
    assert platform.sent(AVAILABILITY) == []


async def test_pages_of_the_search_take_turns_with_parts_of_the_day() -> None:
    platform = Platform(restaurants=120)
    searcher = platform.searcher()
    snapshot = await ask(searcher)
    assert sorted((answer.page, answer.time_slots, len(answer.venues)) for answer in snapshot.answers) == [
        (1, ("15:00",), 50),
        (2, ("19:00",), 50),
        (3, ("15:00",), 50),
        (4, ("19:00",), 50),
        (5, ("15:00",), 20),
        (6, ("19:00",), 20),
    ]
    platform.asked.clear()
    again = await ask(searcher, pages={2: (4, 5)})
    assert sorted((asked["time"], asked["skipSearchResults"]) for asked in platform.sent(SEARCH)) == [
        ("15:00", 100),
        ("19:00", 50),
    ]
    assert {answer.total_pages for answer in again.answers} == {6}


async def test_a_page_that_only_the_other_part_has_costs_no_call() -> None:
    platform = Platform(restaurants=120)
    searcher = platform.searcher()
    await ask(searcher)
    platform.list = platform.list[:40]
    await ask(searcher, time_slot="15:00", pages={2: (1,)})
    platform.asked.clear()
    snapshot = await ask(searcher, pages={2: (5,)})
    assert [(answer.page, answer.venues) for answer in snapshot.answers] == [(5, ())]
    assert platform.asked == []


async def test_the_same_restaurants_are_the_same_objects() -> None:
    platform = Platform()
    searcher = platform.searcher()
    first, second = said(await ask(searcher)), said(await ask(searcher))
    assert all(second[key] is first[key] for key in first)


async def test_a_time_that_has_passed_costs_no_call() -> None:
    platform = Platform()
    platform.now = datetime(2026, 10, 22, 19, 30, tzinfo=UTC)  # half past three in New York
    await ask(platform.searcher())
    assert [asked["time"] for asked in platform.sent(SEARCH)] == ["19:00"]


async def test_opted_out_restaurants_are_left_out() -> None:
    snapshot = await ask(Platform().searcher(opted_out=frozenset({"2"})))
    assert {venue for _, venue, _ in said(snapshot)} == {"1", "3"}


async def test_a_failed_page_is_an_outcome() -> None:
    platform = Platform()
    platform.instead = lambda _, asked: Answered(status=400, body=b"no") if asked["time"] == "15:00" else None
    snapshot = await ask(platform.searcher())
    assert [answer.page for answer in snapshot.answers] == [2]
    assert (snapshot.outcome, snapshot.cause) == (
        Outcome.PARTIAL,
        "page 1 for 2: the request is not taken (status 400)",
    )


async def test_past_dates_are_forgotten() -> None:
    platform = Platform()
    searcher = platform.searcher()
    await ask(searcher)
    platform.now += timedelta(days=5)
    await ask(searcher, day=DAY + timedelta(days=5))
    assert {key[1] for key in searcher._sizes} == {DAY + timedelta(days=5)}


def test_it_cannot_be_asked_for_venues_by_name() -> None:
    assert not isinstance(Platform().searcher(), VenueLooks)
