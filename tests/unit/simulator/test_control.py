"""The simulator's own routes: truth, requests, script, summary."""

from tests.unit.simulator.client import SEARCH, Starter, query


async def test_the_truth_over_http_is_the_truth_in_process(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wire.clock.move(hours=1)
        _, told = await wire.call("GET", "/_truth/events?since=3&limit=5")
        assert [row["n"] for row in told] == [4, 5, 6, 7, 8]
        assert set(told[0]) == {"n", "at", "provider", "venue_id", "actual_time", "party_size", "what", "why"}
        assert [row["venue_id"] for row in told] == [one.venue_id for one in wire.sim.truth.since(3, 5)]


async def test_what_is_open_can_be_asked_by_day(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        venue = wire.sim.city.venues[0].id
        wire.sim.city.open(venue, "2026-11-22 19:00:00")
        wire.sim.city.open(venue, "2026-11-23 19:00:00")
        _, told = await wire.call("GET", "/_truth/open?day=2026-11-23")
        assert told == [
            {"provider": "resy", "venue_id": venue, "actual_time": "2026-11-23 19:00:00", "party_size": 2}
        ]


async def test_requests_are_logged_without_their_secret(start_wire: Starter) -> None:
    async with start_wire() as wire:
        await wire.search(page=2)
        _, told = await wire.call("GET", "/_requests?since=0")
        (row,) = told
        assert (row["route"], row["day"], row["party_size"], row["page"]) == ("search", "2026-11-22", 2, 2)
        assert (row["status"], row["fault"], row["venues"]) == (200, None, 75)
        assert (row["user_agent"], row["authorization"]) == ("tests", "ResyAPI ***")
        assert row["at"] <= row["finished"]


async def test_the_log_keeps_what_was_served(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True) as wire:
        venue = wire.sim.city.venues[0].id
        wire.sim.city.open(venue, "2026-11-22 19:00:00")
        await wire.search()
        await wire.search(page=2)
        served = [one for record in wire.sim.requests.records for one in record.served or ()]
        assert len(served) == 150
        assert [one.actual_times for one in served if one.venue_id == venue] == [("2026-11-22 19:00:00",)]


async def test_a_hit_that_cannot_be_read_was_not_served(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": "malformed_hit"}])
        await wire.search()
        assert len(wire.sim.requests.records[-1].served or ()) == 74


async def test_the_log_is_bounded(start_wire: Starter) -> None:
    async with start_wire(requests_limit=3) as wire:
        for _ in range(5):
            await wire.search()
        assert [record.n for record in wire.sim.requests.records] == [3, 4, 5]


async def test_a_script_that_makes_no_sense_is_refused(start_wire: Starter) -> None:
    async with start_wire() as wire:
        rows = [{"what": "open", "venue_id": 1, "actual_time": "2026-11-22 19:00:00"}]
        status, answer = await wire.call("PUT", "/_script", rows)
        assert status == 400
        assert "venue_id=1" in answer["error"]


async def test_a_script_reaches_either_platform(start_wire: Starter) -> None:
    async with start_wire(empty=True, quiet=True, opentable_venues=20) as wire:
        venue = next(iter(wire.sim.city.opentable_by_id))
        row = {
            "what": "open",
            "provider": "opentable",
            "venue_id": venue,
            "actual_time": "2026-11-22 19:00:00",
        }
        _, told = await wire.call("PUT", "/_script", [row])
        assert [(one["provider"], one["venue_id"]) for one in told] == [("opentable", venue)]


async def test_a_script_for_an_unknown_platform_is_refused(start_wire: Starter) -> None:
    async with start_wire() as wire:
        status, answer = await wire.call("PUT", "/_script", [{"what": "open", "provider": "tock"}])
        assert status == 400
        assert "provider='tock'" in answer["error"]


async def test_who_is_who_can_be_asked(start_wire: Starter) -> None:
    async with start_wire(opentable_venues=20) as wire:
        _, told = await wire.call("GET", "/_truth/venues")
        assert len(told) == 170
        assert set(told[0]) == {"provider", "venue_id", "name", "restaurant", "likeness", "of"}


async def test_the_summary_says_what_city_this_is(start_wire: Starter) -> None:
    async with start_wire() as wire:
        _, told = await wire.call("GET", "/_city")
        assert (told["seed"], told["venues"], told["now"]) == (7, 150, "2026-11-21T15:30:00.000000Z")


async def test_the_simulators_own_routes_need_no_key_and_are_not_logged(start_wire: Starter) -> None:
    async with start_wire() as wire:
        headers = {"Authorization": "", "User-Agent": ""}
        async with wire.session.get(wire.sim.base_url + "/_city", headers=headers) as response:
            assert response.status == 200
        assert wire.sim.requests.count == 0


async def test_a_latency_delays_but_does_not_change_the_answer(start_wire: Starter) -> None:
    async with start_wire(latency=0.01) as wire:
        status, found = await wire.call("POST", SEARCH, query())
        assert (status, len(found["search"]["hits"])) == (200, 75)
