"""The Resy wire of the simulator, as a client meets it."""

from typing import Any

import aiohttp
import pytest

from tablewire.simulator.truth import OpenSlot
from tests.unit.simulator.client import HEADERS, SEARCH, Starter, Wire, query


def bookable(hit: dict[str, Any]) -> set[str]:
    """The starts a careful client would take from a hit."""
    shown = set()
    for slot in hit["availability"]["slots"]:
        template = hit["availability"]["templates"][str(slot["template"]["id"])]
        special = template.get("is_event") or template.get("is_pickup")
        exclusive = slot["exclusive"]["id"] != 0 or not slot["exclusive"]["is_eligible"]
        if not (special or exclusive or slot["is_global_dining_access"]):
            shown.add(slot["date"]["start"])
    return shown


async def sweep(wire: Wire, day: str, party_size: int) -> list[dict[str, Any]]:
    first = await wire.search(day=day, party_size=party_size)
    hits = list(first["search"]["hits"])
    for page in range(2, first["meta"]["total_pages"] + 1):
        hits += (await wire.search(day=day, party_size=party_size, page=page))["search"]["hits"]
    return hits


@pytest.mark.parametrize("party_size", [2, 4])
async def test_the_truth_is_exactly_what_a_whole_sweep_shows(start_wire: Starter, party_size: int) -> None:
    async with start_wire(speed=5.0) as wire:
        wire.clock.move(hours=26)
        shown = {
            OpenSlot(hit["id"]["resy"], start, party_size)
            for hit in await sweep(wire, "2026-11-24", party_size)
            for start in bookable(hit)
        }
        day = wire.clock.now.date().replace(day=24)
        assert shown == {slot for slot in wire.sim.city.open_slots(day) if slot.party_size == party_size}


async def test_a_whole_city_has_slots_that_the_public_cannot_book(start_wire: Starter) -> None:
    async with start_wire() as wire:
        hits = await sweep(wire, "2026-11-25", 2)
        every = sum(len({slot["date"]["start"] for slot in hit["availability"]["slots"]}) for hit in hits)
        assert 0 < sum(len(bookable(hit)) for hit in hits) < every


async def test_pages_hold_at_most_75_venues_and_say_so(start_wire: Starter) -> None:
    async with start_wire() as wire:
        found = await wire.search(per_page=500)
        assert (found["meta"]["per_page"], len(found["search"]["hits"])) == (75, 75)


async def test_a_page_past_the_end_is_empty(start_wire: Starter) -> None:
    async with start_wire() as wire:
        assert (await wire.search(page=9))["search"]["hits"] == []


async def test_venues_come_nearest_first_and_without_tables_too(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        miles = [hit["travel_time"]["distance"] for hit in (await wire.search())["search"]["hits"]]
        assert len(miles) == 75
        assert miles == sorted(miles)


async def test_the_radius_is_kept(start_wire: Starter) -> None:
    async with start_wire() as wire:
        found = await wire.search(geo={"latitude": 40.7128, "longitude": -74.006, "radius": 4000})
        assert 0 < found["meta"]["total"] < 150
        assert all(hit["travel_time"]["distance"] * 1609.344 <= 4000 for hit in found["search"]["hits"])


async def test_a_box_keeps_what_lies_in_it(start_wire: Starter) -> None:
    async with start_wire() as wire:
        found = await wire.search(geo={"bounding_box": [40.70, -74.05, 40.80, -73.95]})
        spots = [hit["_geoloc"] for hit in found["search"]["hits"]]
        assert spots
        assert all(40.70 <= spot["lat"] <= 40.80 and -74.05 <= spot["lng"] <= -73.95 for spot in spots)


async def test_tables_are_only_there_when_asked_for(start_wire: Starter) -> None:
    async with start_wire() as wire:
        found = await wire.search(availability=False)
        assert all("availability" not in hit for hit in found["search"]["hits"])


async def test_the_other_platform_is_listed_only_on_request_and_its_ids_clash(start_wire: Starter) -> None:
    async with start_wire() as wire:
        hits = [
            hit
            for page in (1, 2, 3)
            for hit in (await wire.search(include_tock_inventory=True, page=page))["search"]["hits"]
        ]
        tock = {hit["id"]["resy"] for hit in hits if hit["is_tock_inventory"]}
        assert tock <= set(wire.sim.city.by_id)
        assert tock
        assert not any(hit["is_tock_inventory"] for hit in (await wire.search())["search"]["hits"])


async def test_a_time_filter_narrows_the_slots(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wanted = {"day": "2026-11-24", "party_size": 2, "time_filter": "12:00"}
        hits = (await wire.search(slot_filter=wanted))["search"]["hits"]
        starts = {slot["date"]["start"][11:] for hit in hits for slot in hit["availability"]["slots"]}
        assert starts
        assert max(starts) <= "15:00:00"


async def test_a_late_start_carries_the_evening_before_as_its_day(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        venue = wire.sim.city.venues[0].id
        wire.sim.city.open(venue, "2026-11-23 00:15:00")
        hits = await sweep(wire, "2026-11-22", 2)
        slots = [slot for hit in hits for slot in hit["availability"]["slots"]]
        assert [(slot["shift"]["day"], slot["date"]["start"]) for slot in slots] == [
            ("2026-11-22", "2026-11-23 00:15:00")
        ]


async def test_a_token_names_venue_day_time_and_party(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        venue = wire.sim.city.venues[0].id
        wire.sim.city.open(venue, "2026-11-22 19:00:00", (4,), seating="Bar")
        hit = next(hit for hit in await sweep(wire, "2026-11-22", 4) if hit["id"]["resy"] == venue)
        (slot,) = hit["availability"]["slots"]
        template = slot["template"]["id"]
        token = f"rgs://resy/{venue}/{template}/2/2026-11-22/2026-11-22/19:00:00/4/Bar"
        assert slot["config"]["token"] == token


async def test_an_answer_follows_a_change_at_once(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        venue = wire.sim.city.venues[0].id
        for act, expected in (("open", {"2026-11-22 19:00:00"}), ("close", set[str]())):
            row = {"what": act, "venue_id": venue, "actual_time": "2026-11-22 19:00:00", "party_sizes": [2]}
            assert (await wire.call("PUT", "/_script", [row]))[0] == 200
            assert {
                start for hit in await sweep(wire, "2026-11-22", 2) for start in bookable(hit)
            } == expected


async def test_find_shows_the_same_tables_as_the_search(start_wire: Starter) -> None:
    async with start_wire() as wire:
        hits = await sweep(wire, "2026-11-24", 2)
        hit = max(hits, key=lambda one: len(one["availability"]["slots"]))
        body = {"lat": 0, "long": 0, "day": "2026-11-24", "party_size": 2, "venue_id": hit["id"]["resy"]}
        _, found = await wire.call("POST", "/4/find", body)
        tokens = [slot["config"]["token"] for slot in found["results"]["venues"][0]["slots"]]
        assert tokens == [slot["config"]["token"] for slot in hit["availability"]["slots"]]
        assert tokens


async def test_a_calendar_tells_available_from_sold_out(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        venue = next(one for one in wire.sim.city.venues if one.lead_days > 6 and not one.closed_weekdays)
        wire.sim.city.open(venue.id, "2026-11-23 19:00:00")
        path = f"/4/venue/calendar?venue_id={venue.id}&num_seats=2&start_date=2026-11-23&end_date=2026-11-24"
        _, found = await wire.call("GET", path)
        states = [row["inventory"]["reservation"] for row in found["scheduled"]]
        assert states == ["available", "sold-out"]


async def test_an_unknown_venue_is_not_found(start_wire: Starter) -> None:
    async with start_wire() as wire:
        assert (await wire.call("GET", "/3/venue?id=1"))[0] == 404


async def test_without_a_key_the_answer_is_419_json(start_wire: Starter) -> None:
    async with start_wire() as wire:
        url = wire.sim.base_url + SEARCH
        async with wire.session.post(url, json=query(), headers={"Authorization": "nonsense"}) as response:
            assert (response.status, response.content_type) == (419, "application/json")


async def test_without_a_user_agent_the_answer_is_500_text(start_wire: Starter) -> None:
    async with start_wire() as wire:
        headers = {"Authorization": HEADERS["Authorization"]}
        async with (
            aiohttp.ClientSession(headers=headers, skip_auto_headers=["User-Agent"]) as session,
            session.post(wire.sim.base_url + SEARCH, json=query()) as response,
        ):
            assert (response.status, response.content_type) == (500, "text/plain")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slot_filter": {"day": "22.11.2026", "party_size": 2}}, "day"),
        ({"slot_filter": {"day": "2026-11-22", "party_size": 0}}, "party_size"),
        ({"slot_filter": None}, "slot_filter"),
        ({"location": "ny"}, "location"),
        ({"geo": {"latitude": "north", "longitude": 0, "radius": 1}}, "latitude"),
        ({"page": 0}, "page"),
    ],
)
async def test_wrong_data_is_refused_by_field(
    start_wire: Starter, changes: dict[str, Any], field: str
) -> None:
    async with start_wire() as wire:
        status, answer = await wire.call("POST", SEARCH, query() | changes)
        assert (status, list(answer["data"])) == (400, [field])


async def test_a_body_that_is_no_json_is_refused(start_wire: Starter) -> None:
    async with start_wire() as wire, wire.session.post(wire.sim.base_url + SEARCH, data=b"{") as response:
        assert response.status == 400


async def test_answers_are_packed_for_those_who_take_it(start_wire: Starter) -> None:
    async with start_wire(gzip=True) as wire:
        url = wire.sim.base_url + SEARCH
        async with wire.session.post(url, json=query(), headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert len((await response.json())["search"]["hits"]) == 75
