"""OpenTable as a provider: batches, parts of the day, looks, outcomes, and what it says of itself."""

import asyncio
from datetime import UTC, datetime, time
from typing import Any

import msgspec
import pytest

from tablewire.domain.buckets import DayParts
from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.hours import Hours
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH
from tablewire.providers.protocol import VenueLooks
from tablewire.providers.verdict import Answered
from tests.unit.providers.opentable_pages import (
    DAY,
    Platform,
    ask,
    availability,
    entry,
    json_answer,
    restaurant,
    said,
    slot,
    starts,
)

LUNCH, TEA, DINNER, LATE = 12 * 60, 16 * 60 + 45, 19 * 60, 25 * 60 + 30


async def test_a_part_of_the_day_is_asked_round_its_middle() -> None:
    platform = Platform()
    await ask(platform.provider(), 4)
    off_peak, prime = sorted(platform.sent(AVAILABILITY), key=lambda asked: asked["time"])
    correlation = off_peak.pop("correlationId")
    assert correlation
    assert off_peak == {
        "onlyPop": False,
        "forwardDays": 0,
        "forwardMinutes": 180,
        "backwardMinutes": 180,
        "requireTimes": False,
        "requireTypes": [],
        "useCBR": False,
        "privilegedAccess": [],
        "restaurantIds": [1, 2, 3],
        "restaurantAvailabilityTokens": [],
        "slotDiscovery": ["on", "on", "on"],
        "loyaltyRedemptionTiers": [],
        "date": "2026-10-22",
        "time": "14:00",
        "partySize": 4,
        "databaseRegion": "NA",
        "attributionToken": "",
    }
    assert (prime["time"], prime["date"]) == ("20:00", "2026-10-22")


async def test_each_part_has_its_own_answer_with_its_own_starts() -> None:
    platform = Platform()
    platform.tables = {1: [LUNCH, TEA, 17 * 60, DINNER], 2: [DINNER]}
    snapshot = await ask(platform.provider())
    assert snapshot.outcome is Outcome.OK
    assert starts(snapshot) == {
        ("1", "15:00"): ["2026-10-22 12:00:00", "2026-10-22 16:45:00"],
        ("1", "19:00"): ["2026-10-22 17:00:00", "2026-10-22 19:00:00"],
        ("2", "19:00"): ["2026-10-22 19:00:00"],
    }
    assert [(answer.page, answer.total_pages, answer.time_slots) for answer in snapshot.answers] == [
        (1, 2, ("15:00",)),
        (2, 2, ("19:00",)),
    ]
    assert {(venue, part) for _, venue, part in said(snapshot)} == {
        (venue, part) for venue in "123" for part in ("15:00", "19:00")
    }
    assert snapshot.venues["1"].name == "House 1"


async def test_a_time_slot_narrows_to_its_part() -> None:
    platform = Platform()
    snapshot = await ask(platform.provider(), time_slot="19:00")
    assert [(answer.page, answer.time_slots) for answer in snapshot.answers] == [(2, ("19:00",))]
    assert len(platform.sent(AVAILABILITY)) == 1


async def test_pages_are_batches_in_parts_of_the_day() -> None:
    platform = Platform(restaurants=120)
    snapshot = await ask(platform.provider(), 2, 4)
    assert snapshot.outcome is Outcome.OK
    assert sorted(answer.page for answer in snapshot.answers) == sorted([1, 2, 3, 4, 5, 6] * 2)
    assert {answer.total_pages for answer in snapshot.answers} == {6}
    assert len(platform.sent(SEARCH)) == 3
    assert max(len(asked["restaurantIds"]) for asked in platform.sent(AVAILABILITY)) == 50
    assert snapshot.calls == 15


async def test_only_the_list_that_the_pages_need_is_read() -> None:
    platform = Platform(restaurants=500)
    snapshot = await ask(platform.provider(), pages={2: (1, 2, 3)})
    assert len(platform.sent(SEARCH)) == 2
    assert [(answer.page, answer.total_pages) for answer in snapshot.answers] == [(1, 20), (2, 20), (3, 20)]
    assert [len(answer.venues) for answer in snapshot.answers] == [50, 50, 50]
    assert snapshot.outcome is Outcome.OK


async def test_pages_that_are_not_there_are_not_asked_for() -> None:
    platform = Platform()
    provider = platform.provider()
    snapshot = await ask(provider, pages={2: (1, 2, 7, 0, -4)})
    assert [answer.page for answer in snapshot.answers] == [1, 2]
    assert snapshot.outcome is Outcome.OK


async def test_a_batch_of_one_restaurant_is_a_page_like_any_other() -> None:
    snapshot = await ask(Platform(restaurants=1).provider())
    assert {answer.one_venue for answer in snapshot.answers} == {False}


async def test_the_same_bytes_are_the_same_objects() -> None:
    platform = Platform()
    platform.tables = {1: [LUNCH, DINNER]}
    provider = platform.provider()
    first, second = said(await ask(provider)), said(await ask(provider))
    assert all(second[key] is first[key] for key in first)
    platform.tables = {1: [LUNCH]}
    third = said(await ask(provider))
    assert third[2, "1", "15:00"] is first[2, "1", "15:00"]
    assert third[2, "1", "19:00"].slots == ()


async def test_a_long_part_is_one_answer_of_several_calls() -> None:
    platform = Platform(restaurants=1)
    platform.tables = {1: [17 * 60, 21 * 60 + 30, LATE]}
    provider = platform.provider(hours=Hours(time(11), time(2)))
    snapshot = await ask(provider, time_slot="19:00")
    (answer,) = snapshot.answers
    assert len(platform.sent(AVAILABILITY)) == 2
    (one,) = answer.venues
    assert one.whole
    assert [seen.actual_time for seen in one.slots] == [
        "2026-10-22 17:00:00",
        "2026-10-22 21:30:00",
        "2026-10-23 01:30:00",
    ]
    assert {seen.service_date for seen in one.slots} == {DAY}
    again = await ask(provider, time_slot="19:00")
    assert again.answers[0].venues[0] is one


async def test_an_answer_of_which_a_call_is_missing_closes_nothing() -> None:
    platform = Platform(restaurants=1)
    platform.tables = {1: [18 * 60, LATE]}
    platform.instead = lambda operation, asked: (
        Answered(status=500, body=b"no") if operation == AVAILABILITY and asked["time"] == "23:30" else None
    )
    snapshot = await ask(platform.provider(hours=Hours(time(11), time(2))), time_slot="19:00")
    (one,) = snapshot.answers[0].venues
    assert (len(one.slots), one.whole) == (1, False)
    assert snapshot.outcome is Outcome.PARTIAL


async def test_a_restaurant_that_did_not_come_up_was_not_observed() -> None:
    platform = Platform()
    platform.instead = lambda operation, _: (
        json_answer(availability(entry(1), entry(3))) if operation == AVAILABILITY else None
    )
    snapshot = await ask(platform.provider(), time_slot="19:00")
    assert [one.venue_id for one in snapshot.answers[0].venues] == ["1", "3"]
    assert (snapshot.outcome, snapshot.cause) == (
        Outcome.PARTIAL,
        "1 restaurants of page 2 for 2 did not come up",
    )


async def test_a_restaurant_that_comes_up_twice_closes_nothing() -> None:
    platform = Platform(restaurants=1)
    platform.instead = lambda operation, _: (
        json_answer(availability(entry(1), entry(1, slot(0)))) if operation == AVAILABILITY else None
    )
    snapshot = await ask(platform.provider(), time_slot="19:00")
    (one,) = snapshot.answers[0].venues
    assert (len(one.slots), one.whole) == (1, False)


async def test_one_bad_entry_never_loses_the_batch() -> None:
    platform = Platform()
    platform.instead = lambda operation, _: (
        json_answer(availability(None, entry(2, slot("?")), entry(3, slot(0)), entry(99, slot(0))))
        if operation == AVAILABILITY
        else None
    )
    snapshot = await ask(platform.provider(), time_slot="19:00")
    assert {one.venue_id: one.whole for one in snapshot.answers[0].venues} == {"2": False, "3": True}
    assert starts(snapshot) == {("3", "19:00"): ["2026-10-22 20:00:00"]}
    assert snapshot.cause is not None
    assert "1 entries of page 2 for 2 made no sense" in snapshot.cause


async def test_a_restaurant_that_opted_out_is_never_asked_for() -> None:
    platform = Platform()
    provider = platform.provider(opted_out=frozenset({"2"}))
    snapshot = await ask(provider)
    await provider.look_at(NYC, DAY, {2: ("1", "2")})
    assert all(2 not in asked["restaurantIds"] for asked in platform.sent(AVAILABILITY))
    assert "2" not in snapshot.venues


async def test_a_part_of_today_that_is_over_costs_no_call() -> None:
    platform = Platform()
    platform.now = datetime(2026, 10, 22, 21, 30, tzinfo=UTC)  # half past five in New York
    snapshot = await ask(platform.provider())
    assert [(answer.time_slots, len(answer.venues)) for answer in snapshot.answers] == [
        (("15:00",), 0),
        (("19:00",), 3),
    ]
    assert [asked["time"] for asked in platform.sent(AVAILABILITY)] == ["20:00"]
    assert snapshot.outcome is Outcome.OK


# --- faults


async def test_a_list_that_cannot_be_read_is_an_outcome() -> None:
    platform = Platform()
    platform.instead = lambda *_: Answered(status=403, content_type="text/html", body=b"<html>Denied")
    snapshot = await ask(platform.provider())
    assert (snapshot.outcome, snapshot.answers) == (Outcome.BLOCKED, ())
    assert snapshot.cause == "the list of restaurants: a page instead of data (status 403): blocked"


async def test_a_list_that_breaks_off_keeps_what_it_has() -> None:
    platform = Platform(restaurants=120)
    platform.list[10:20] = [restaurant(number, type="Listing") for number in range(11, 21)]
    platform.instead = lambda operation, asked: (
        Answered(status=403, content_type="text/html", body=b"<html>")
        if operation == SEARCH and asked["skipSearchResults"]
        else None
    )
    provider = platform.provider()
    for _ in range(2):
        snapshot = await ask(provider)
        assert {len(answer.venues) for answer in snapshot.answers} == {40}
        assert snapshot.outcome is Outcome.PARTIAL
        assert {answer.total_pages for answer in snapshot.answers} == {6}, "there is more than is known"


async def test_one_failed_batch_leaves_the_others() -> None:
    platform = Platform(restaurants=100)
    platform.instead = lambda operation, asked: (
        Answered(status=400, body=b"no")
        if operation == AVAILABILITY and 1 in asked["restaurantIds"]
        else None
    )
    snapshot = await ask(platform.provider())
    assert sorted(answer.page for answer in snapshot.answers) == [3, 4]
    assert snapshot.outcome is Outcome.PARTIAL
    assert snapshot.cause is not None
    assert snapshot.cause.endswith("and 1 more: the request is not taken (status 400)")


async def test_nothing_is_awaited_beyond_until() -> None:
    platform = Platform()
    platform.hanging = lambda _: True
    snapshot = await ask(platform.provider(), seconds=0.05)
    assert (snapshot.outcome, snapshot.answers) == (Outcome.FAILED, ())


async def test_polls_that_wait_for_the_same_list_read_it_once() -> None:
    platform = Platform(restaurants=120)
    provider = platform.provider()
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(ask(provider), name="a poll")
    assert len(platform.sent(SEARCH)) == 3


async def test_drift_is_named_and_goes_again() -> None:
    platform = Platform(restaurants=20)
    renamed = [entry(number + 1, slot(0, timeOffsetMinutes="0")) for number in range(20)]
    platform.instead = lambda operation, _: (
        json_answer(availability(*renamed)) if operation == AVAILABILITY else None
    )
    provider = platform.provider()
    for _ in range(3):
        await ask(provider, time_slot="19:00")
    problem, barren = provider.status().problems
    assert barren.startswith("opentable: no slot read")
    assert problem.startswith("opentable: timeOffsetMinutes str instead of int")
    platform.instead = lambda *_: None
    platform.tables = {number + 1: [DINNER] for number in range(20)}
    await ask(provider, time_slot="19:00")
    assert provider.status().problems == ()


async def test_sold_out_restaurants_are_no_drift() -> None:
    platform = Platform(restaurants=50)
    sold_out = {"isAvailable": False, "__typename": "UnavailableSlot"}
    full = [entry(number + 1, *[sold_out] * 25) for number in range(50)]
    platform.instead = lambda operation, _: (
        json_answer(availability(*full)) if operation == AVAILABILITY else None
    )
    provider = platform.provider()
    for _ in range(4):
        await ask(provider)
    assert provider.status().problems == ()


# --- looks


async def test_restaurants_can_be_asked_for_by_name() -> None:
    platform = Platform(restaurants=120)
    platform.tables = {77: [DINNER]}
    provider = platform.provider()
    assert isinstance(provider, VenueLooks)
    snapshot = await provider.look_at(NYC, DAY, {2: ("77", "3", "77"), 4: ("5",)})
    asked = sorted(
        (one["partySize"], one["restaurantIds"], one["time"]) for one in platform.sent(AVAILABILITY)
    )
    assert asked == [(2, [77, 3], "14:00"), (2, [77, 3], "20:00"), (4, [5], "14:00"), (4, [5], "20:00")]
    assert {answer.page for answer in snapshot.answers} == {0}
    assert {(answer.party_size, answer.one_venue) for answer in snapshot.answers} == {(2, False), (4, True)}
    assert starts(snapshot) == {("77", "19:00"): ["2026-10-22 19:00:00"]}
    assert snapshot.outcome is Outcome.OK


async def test_a_look_at_many_takes_calls_of_at_most_as_many_as_it_says() -> None:
    platform = Platform(restaurants=70)
    provider = platform.provider()
    await provider.look_at(NYC, DAY, {2: tuple(map(str, range(1, 71)))})
    counts = sorted(len(asked["restaurantIds"]) for asked in platform.sent(AVAILABILITY))
    assert counts == [20, 20, provider.venues_per_call, provider.venues_per_call]


async def test_a_look_and_a_sweep_share_what_they_remember() -> None:
    platform = Platform()
    platform.tables = {1: [DINNER]}
    provider = platform.provider()
    swept = said(await ask(provider))
    looked = said(await provider.look_at(NYC, DAY, {2: ("1",)}))
    assert looked[2, "1", "19:00"] is swept[2, "1", "19:00"]


async def test_a_restaurant_that_is_not_listed_cannot_be_asked_for() -> None:
    snapshot = await Platform().provider().look_at(NYC, DAY, {2: ("1", "9999", "x' --")})
    assert {one.venue_id for answer in snapshot.answers for one in answer.venues} == {"1"}
    assert snapshot.outcome is Outcome.PARTIAL
    assert snapshot.cause is not None
    assert "no restaurant '9999' that can be booked is listed" in snapshot.cause


# --- itself


@pytest.mark.parametrize("missing", [SEARCH, AVAILABILITY])
async def test_without_its_hashes_it_is_not_enabled_and_asks_nothing(missing: Any) -> None:
    platform = Platform()
    hashes = {SEARCH: "a" * 64, AVAILABILITY: "b" * 64} | {missing: None}
    provider = OpenTableProvider(platform.queries(hashes=hashes), day_parts=DayParts(), hours=Hours())
    snapshot = await ask(provider)
    assert not provider.status().enabled
    assert (snapshot.outcome, platform.requests) == (Outcome.FAILED, [])
    assert await provider.probe() == f"opentable: {snapshot.cause}"


async def test_a_market_without_a_metro_id_is_not_asked_about() -> None:
    platform = Platform()
    elsewhere = msgspec.structs.replace(NYC, id="oslo", opentable_metro_id=None)
    snapshot = await ask(platform.provider(), market=elsewhere)
    assert (snapshot.outcome, snapshot.cause) == (Outcome.FAILED, "the market oslo has no opentable_metro_id")
    assert platform.requests == []


async def test_a_probe_asks_for_one_restaurant() -> None:
    platform = Platform()
    assert await platform.provider().probe() is None
    (asked,) = platform.sent(SEARCH)
    assert (asked["maxSearchResults"], asked["metroId"], asked["date"]) == (1, 8, "2026-10-21")


def test_it_calls_itself_by_its_id() -> None:
    assert Platform().provider().provider_id == "opentable"
