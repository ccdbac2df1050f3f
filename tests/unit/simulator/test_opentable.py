"""The OpenTable wire of the simulator, as a client meets it."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tablewire.simulator.server import Simulator
from tablewire.simulator.truth import OpenSlot
from tests.unit.simulator.client import HandClock
from tests.unit.simulator.gql import (
    DAY,
    HASH,
    HEADERS,
    SEARCH,
    TABLES,
    a_city,
    envelope,
    ids,
    offsets,
    restaurants,
    search_variables,
    sent,
    tables,
    tables_variables,
)


def an_empty_city(**options: Any) -> tuple[Simulator, int]:
    """A city in which nothing is open, and one of its houses that sells tables."""
    simulator = a_city(quiet=True, empty=True, **options)
    return simulator, next(
        twin.venue.id
        for twin in simulator.city.twins
        if twin.venue.plan.places and twin.venue.opens_on(date.fromisoformat(DAY).toordinal())
    )


def shown(simulator: Simulator, day: str, party_size: int) -> set[OpenSlot]:
    """All starts that two questions of six hours each show of a day, and those after midnight."""
    everyone = list(simulator.city.opentable_by_id)
    found = set()
    for time in ("14:00", "20:00", "23:59"):
        for batch in (everyone[:50], everyone[50:]):
            for entry in tables(simulator, batch, date=day, time=time, partySize=party_size):
                for offset in offsets(entry):
                    at = datetime.fromisoformat(f"{day} {time}") + timedelta(minutes=offset)
                    found.add(OpenSlot(entry["restaurantId"], str(at), party_size, "opentable"))
    return found


@pytest.mark.parametrize("party_size", [2, 4])
def test_the_truth_is_exactly_what_all_batches_and_parts_show(party_size: int) -> None:
    clock = HandClock()
    simulator = a_city(clock=clock, speed=5.0)
    clock.move(hours=26)
    true = {
        slot
        for slot in simulator.city.open_slots(date(2026, 11, 24))
        if slot.provider == "opentable" and slot.party_size == party_size
    }
    assert len(true) > 30
    assert shown(simulator, "2026-11-24", party_size) == true


def test_pages_list_every_restaurant_once() -> None:
    simulator = a_city()
    listed = [one["restaurantId"] for skip in (0, 50) for one in restaurants(simulator, skip=skip)]
    assert sorted(listed) == sorted(simulator.city.opentable_by_id)


def test_a_page_says_how_many_there_are_and_holds_at_most_50() -> None:
    answer = json.loads(sent(a_city(), SEARCH, search_variables(maxSearchResults=500)).body)
    found = answer["data"]["restaurantSearchV2"]["searchResults"]
    assert (found["totalRestaurantCount"], len(found["restaurants"])) == (90, 50)


@pytest.mark.parametrize("where", [{"metroId": 4}, {"metroId": None, "latitude": 37.8, "longitude": -122.3}])
def test_another_city_has_none_of_them(where: dict[str, Any]) -> None:
    assert restaurants(a_city(), **where) == []


def test_a_search_for_those_with_tables_leaves_the_others_out() -> None:
    simulator, venue = an_empty_city()
    simulator.city.open(venue, f"{DAY} 19:30:00", provider="opentable")
    [found] = restaurants(simulator, withAnytimeAvailability=False)
    assert found["restaurantId"] == venue


def test_a_table_is_named_by_its_distance_from_the_time_asked_for() -> None:
    simulator, venue = an_empty_city()
    simulator.city.open(venue, f"{DAY} 18:45:00", provider="opentable")
    [entry] = tables(simulator, [venue])
    assert offsets(entry) == {-75}


def test_a_time_without_a_table_is_listed_without_its_time() -> None:
    simulator, venue = an_empty_city()
    simulator.city.open(venue, f"{DAY} 18:45:00", provider="opentable")
    [entry] = tables(simulator, [venue])
    taken = [slot for slot in entry["availabilityDays"][0]["slots"] if not slot["isAvailable"]]
    assert taken
    assert all(slot == {"isAvailable": False, "__typename": "UnavailableSlot"} for slot in taken)


def test_only_what_lies_within_the_minutes_asked_for_is_shown() -> None:
    simulator, venue = an_empty_city()
    for start in ("16:59:00", "17:00:00", "23:00:00", "23:01:00"):
        simulator.city.open(venue, f"{DAY} {start}", provider="opentable")
    [entry] = tables(simulator, [venue])
    assert offsets(entry) == {-180, 180}


@pytest.mark.parametrize(("day", "time"), [(DAY, "23:00"), ("2026-11-23", "01:00")])
def test_a_start_after_midnight_is_shown_from_either_day(day: str, time: str) -> None:
    simulator, venue = an_empty_city()
    simulator.city.open(venue, "2026-11-23 00:15:00", provider="opentable")
    [entry] = tables(simulator, [venue], date=day, time=time)
    assert offsets(entry) == {75 if day == DAY else -45}


def test_one_start_in_several_parts_of_the_house_is_one_slot_with_several_areas() -> None:
    simulator, venue = an_empty_city()
    simulator.city.open(venue, f"{DAY} 19:00:00", (2,), provider="opentable")
    sheet = simulator.city.inventory.sheet(
        date.fromisoformat(DAY).toordinal(), simulator.city.opentable_by_id[venue]
    )
    assert sheet is not None
    [table] = sheet.scripted
    sheet.scripted.append(type(table)(type(table.place)(**as_bar(table.place)), 2))
    [entry] = tables(simulator, [venue])
    [slot] = [one for one in entry["availabilityDays"][0]["slots"] if one["isAvailable"]]
    assert slot["attributes"] == ["default", "bar"]


def as_bar(place: Any) -> dict[str, Any]:
    given = {field: getattr(place, field) for field in place.__struct_fields__}
    return given | {"config_type": "bar", "seating": "bar"}


def test_experiences_are_left_out_when_only_standard_tables_are_wanted() -> None:
    simulator = a_city()
    kinds = {
        slot["type"]
        for entry in tables(simulator, ids(simulator), requireTypes=["Standard"])
        for slot in entry["availabilityDays"][0]["slots"]
        if slot["isAvailable"]
    }
    assert kinds == {"Standard"}


def test_asked_for_everything_a_city_has_all_three_types() -> None:
    simulator = a_city(opentable_venues=300, speed=0.1)
    everyone = list(simulator.city.opentable_by_id)
    kinds = {
        slot["type"]
        for first in range(0, 300, 50)
        for entry in tables(simulator, everyone[first : first + 50], requireTypes=[])
        for slot in entry["availabilityDays"][0]["slots"]
        if slot["isAvailable"]
    }
    assert kinds == {"Standard", "Experience", "POP"}


def test_a_restaurant_without_tables_says_why() -> None:
    simulator, venue = an_empty_city()
    unsold = next(twin.venue.id for twin in simulator.city.twins if not twin.venue.plan.places)
    reasons = [
        tables(simulator, [one], date=day)[0]["availabilityDays"][0]["noTimesReasons"]
        for one, day in ((venue, DAY), (unsold, DAY), (venue, "2027-03-01"))
    ]
    assert reasons == [["BlockedAvailability"], ["NoTimesExist"], ["TooFarInAdvance"]]


def test_of_an_unknown_restaurant_nothing_is_said() -> None:
    simulator, venue = an_empty_city()
    assert [entry["restaurantId"] for entry in tables(simulator, [1, venue])] == [venue]


def test_more_days_are_shown_on_request() -> None:
    simulator, venue = an_empty_city()
    [entry] = tables(simulator, [venue], forwardDays=2)
    assert [day["dayOffset"] for day in entry["availabilityDays"]] == [0, 1, 2]


def test_an_answer_follows_a_change_at_once() -> None:
    simulator, venue = an_empty_city()
    told = []
    for act in (simulator.city.open, simulator.city.close):
        act(venue, f"{DAY} 19:00:00", (2,), provider="opentable")
        told.append(offsets(tables(simulator, [venue])[0]))
    assert told == [{-60}, set()]


def test_an_unchanged_batch_is_the_same_bytes_again_whatever_its_correlation_id() -> None:
    simulator = a_city(quiet=True)
    first, again = (
        sent(simulator, TABLES, tables_variables(ids(simulator), correlationId=one)).body for one in "ab"
    )
    assert again is first


def test_the_log_knows_who_was_asked_for_when_and_what_was_shown() -> None:
    simulator, venue = an_empty_city()
    simulator.city.open(venue, f"{DAY} 19:00:00", provider="opentable")
    tables(simulator, [venue])
    row = simulator.requests.records[-1].shown()
    assert (row["provider"], row["route"], row["day"], row["party_size"]) == (
        "opentable", "availability", DAY, 2,
    )  # fmt: skip
    assert (row["asked"], row["window"]) == ((venue,), (f"{DAY} 17:00:00", f"{DAY} 23:00:00"))
    assert [(one.venue_id, one.actual_times) for one in row["served"]] == [(venue, (f"{DAY} 19:00:00",))]


def test_the_log_knows_the_page_of_a_search() -> None:
    simulator = a_city()
    restaurants(simulator, skip=50)
    row = simulator.requests.records[-1].shown()
    assert (row["route"], row["page"], row["venues"]) == ("multisearch", 2, 40)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"databaseRegion": "us"}, "databaseRegion"),
        ({"correlationId": ""}, "correlationId"),
        ({"date": "22.11.2026"}, "date"),
        ({"time": "8pm"}, "time"),
        ({"partySize": 0}, "partySize"),
        ({"restaurantIds": []}, "restaurantIds"),
        ({"restaurantIds": list(range(51))}, "restaurantIds"),
        ({"restaurantAvailabilityTokens": ["one"]}, "restaurantAvailabilityTokens"),
        ({"forwardMinutes": -1}, "forwardMinutes"),
        ({"restaurantIds": ["1"]}, "restaurantIds"),
    ],
)
def test_wrong_variables_are_refused_by_name(changes: dict[str, Any], names: str) -> None:
    reply = sent(a_city(), TABLES, tables_variables([1, 2]) | changes)
    assert reply.status == 400
    assert names in json.loads(reply.body)["errors"][0]["message"]


def test_a_name_in_the_body_that_is_not_the_one_called_is_refused() -> None:
    simulator = a_city()
    path = f"/dapi/fe/gql?optype=query&opname={TABLES}"
    reply = simulator.respond("POST", path, HEADERS, envelope(SEARCH, search_variables()))
    assert reply.status == 400


@pytest.mark.parametrize("sha", ["1" * 64, "short", ""])
def test_a_hash_that_is_not_known_gets_persisted_query_not_found(sha: str) -> None:
    simulator = a_city(opentable_hashes={TABLES: HASH})
    reply = sent(simulator, TABLES, tables_variables([1]), sha)
    assert reply.status == 409
    assert json.loads(reply.body)["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


def test_an_operation_whose_hash_is_not_set_takes_any() -> None:
    assert sent(a_city(opentable_hashes={TABLES: "1" * 64}), SEARCH, search_variables()).status == 200


def test_without_a_user_agent_there_is_a_wall() -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "User-Agent"}
    path = f"/dapi/fe/gql?optype=query&opname={SEARCH}"
    reply = a_city().respond("POST", path, headers, envelope(SEARCH, search_variables()))
    assert (reply.status, reply.content_type) == (403, "text/html")


def test_without_a_csrf_token_the_call_is_refused() -> None:
    path = f"/dapi/fe/gql?optype=query&opname={SEARCH}"
    reply = a_city().respond("POST", path, {"User-Agent": "tests"}, envelope(SEARCH, search_variables()))
    assert reply.status == 400
    assert b"x-csrf-token" in reply.body
