"""Misbehaviour on OpenTable's wire."""

import json
from typing import Any

import pytest

from tablewire.simulator.faults import KINDS, FaultError, Faults, kinds_of
from tablewire.simulator.server import Simulator
from tests.unit.simulator.gql import (
    SEARCH,
    TABLES,
    a_city,
    ids,
    offsets,
    search_variables,
    sent,
    tables,
    tables_variables,
)

DAY = "2026-11-25"


def struck(kind: str, operation: str = TABLES) -> tuple[Simulator, Any]:
    simulator = a_city(quiet=True)
    simulator.faults.set([{"kind": kind, "route": "opentable"}])
    return simulator, called(simulator, operation)


def called(simulator: Simulator, operation: str = TABLES) -> Any:
    if operation == SEARCH:
        answer = json.loads(sent(simulator, SEARCH, search_variables()).body)
        return answer["data"]["restaurantSearchV2"]["searchResults"]["restaurants"]
    return tables(simulator, ids(simulator), date=DAY)


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("rate_limited", 429, "application/json"),
        ("error_503", 503, "text/html"),
        ("block_403", 403, "text/html"),
        ("block_200", 200, "text/html"),
        ("null_data", 200, "application/json"),
    ],
)
@pytest.mark.parametrize("operation", [SEARCH, TABLES])
def test_a_refusal_has_its_status_and_type(operation: str, kind: str, status: int, content_type: str) -> None:
    simulator = a_city()
    simulator.faults.set([{"kind": kind}])
    variables = search_variables() if operation == SEARCH else tables_variables([1])
    reply = sent(simulator, operation, variables)
    assert (reply.status, reply.content_type) == (status, content_type)


def test_a_stale_hash_comes_in_three_forms_with_one_meaning() -> None:
    simulator = a_city()
    simulator.faults.set([{"kind": "stale_hash"}])
    replies = [sent(simulator, TABLES, tables_variables([1])) for _ in range(30)]
    assert {reply.status for reply in replies} == {409, 400, 200}
    assert {json.loads(reply.body)["errors"][0]["message"] for reply in replies} == {"PersistedQueryNotFound"}


def test_a_refused_call_still_says_for_the_log_what_it_was_about() -> None:
    simulator = a_city()
    simulator.faults.set([{"kind": "block_403"}])
    sent(simulator, TABLES, tables_variables([1]))
    record = simulator.requests.records[-1]
    assert (record.fault, record.asked, record.party_size) == ("block_403", (1,), 2)


def test_a_soft_block_shows_every_restaurant_and_no_tables() -> None:
    simulator, entries = struck("soft_block")
    assert len(entries) == 50
    assert not any(offsets(entry) for entry in entries)
    assert all(not one.actual_times for one in simulator.requests.records[-1].served or ())


def test_a_soft_block_without_hits_shows_nobody() -> None:
    assert struck("soft_block_no_hits")[1] == []


@pytest.mark.parametrize("operation", [SEARCH, TABLES])
def test_one_restaurant_is_malformed(operation: str) -> None:
    rows = struck("malformed_hit", operation)[1]
    assert len([row for row in rows if not isinstance(row, dict)]) == 1


def test_one_restaurant_lacks_its_days_and_was_not_served() -> None:
    simulator, entries = struck("missing_availability")
    assert len([entry for entry in entries if not entry.get("availabilityDays")]) == 1
    assert len(simulator.requests.records[-1].served or ()) == 49


def test_one_slot_has_no_time_and_its_start_was_not_served() -> None:
    simulator, broken = struck("malformed_slot")
    slots = [slot for entry in broken for slot in entry["availabilityDays"][0]["slots"]]
    assert len([slot for slot in slots if slot["isAvailable"] and slot["timeOffsetMinutes"] is None]) == 1
    readable = sum(len(offsets(entry) - {None}) for entry in broken)
    assert sum(len(one.actual_times) for one in simulator.requests.records[-1].served or ()) == readable


def test_types_change_in_tables() -> None:
    slots = [
        slot
        for entry in struck("changed_types")[1]
        for slot in entry["availabilityDays"][0]["slots"]
        if slot["isAvailable"]
    ]
    assert slots
    assert all(isinstance(slot["attributes"], str) for slot in slots)


def test_types_change_in_restaurants() -> None:
    assert all(isinstance(row["priceBand"], int) for row in struck("changed_types", SEARCH)[1])


def test_pages_of_restaurants_drift() -> None:
    simulator, drifted = struck("drifting_pages", SEARCH)
    simulator.faults.clear()
    assert drifted != called(simulator, SEARCH)


def test_cut_json_does_not_decode() -> None:
    simulator = a_city()
    simulator.faults.set([{"kind": "cut_json"}])
    with pytest.raises(json.JSONDecodeError):
        json.loads(sent(simulator, TABLES, tables_variables(ids(simulator))).body)


def test_a_rule_for_one_platform_leaves_the_other_alone() -> None:
    faults = Faults(3)
    faults.set([{"kind": "reset", "route": "opentable"}])
    struck_routes = [
        route for route in ("search", "multisearch", "availability") if faults.strike(route, 0.0)
    ]
    assert struck_routes == ["multisearch", "availability"]


def test_a_kind_that_makes_no_sense_on_a_route_does_not_strike_there() -> None:
    faults = Faults(3)
    faults.set([{"kind": "stale_hash", "route": "*"}])
    assert faults.strike("search", 0.0) is None


@pytest.mark.parametrize(("kind", "route"), [("stale_hash", "resy"), ("soft_block", "multisearch")])
def test_a_rule_that_could_never_strike_is_refused(kind: str, route: str) -> None:
    with pytest.raises(FaultError, match="route"):
        Faults(3).set([{"kind": kind, "route": route}])


def test_every_kind_strikes_somewhere() -> None:
    assert set(kinds_of("resy")) | set(kinds_of("opentable")) == set(KINDS)
