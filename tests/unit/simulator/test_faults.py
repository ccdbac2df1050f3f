"""Misbehaviour: each fault looks as it should, is decided by seeded dice, and is noted."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tablewire.simulator.faults import KINDS, FaultError, Faults
from tests.unit.simulator.client import SEARCH, Starter, Wire, query

REFUSALS = {
    "rate_limited": (429, "application/json"),
    "error_500": (500, "text/plain"),
    "error_502": (502, "text/html"),
    "error_503": (503, "text/html"),
    "unauthorized_json": (419, "application/json"),
    "block_419": (419, "text/html"),
    "block_403": (403, "text/html"),
    "block_200": (200, "text/html"),
}


def hits_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    hits: list[dict[str, Any]] = found["search"]["hits"]
    return hits


async def spoiled(wire: Wire, kind: str, **more: Any) -> dict[str, Any]:
    wire.sim.faults.set([{"kind": kind, "route": "search"}])
    return await wire.search(day="2026-11-24", **more)


@pytest.mark.parametrize("kind", REFUSALS)
async def test_a_refusal_has_its_status_and_type(start_wire: Starter, kind: str) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": kind}])
        async with wire.session.post(wire.sim.base_url + SEARCH, json=query()) as response:
            assert (response.status, response.content_type) == REFUSALS[kind]


async def test_a_rate_limit_says_when_to_come_back(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": "rate_limited", "seconds": 7}])
        async with wire.session.post(wire.sim.base_url + SEARCH, json=query()) as response:
            assert response.headers["Retry-After"] == "7"


async def test_a_soft_block_shows_all_venues_and_no_tables(start_wire: Starter) -> None:
    async with start_wire() as wire:
        hits = hits_of(await spoiled(wire, "soft_block"))
        assert len(hits) == 75
        assert all(hit["availability"]["slots"] == [] for hit in hits)


async def test_a_soft_block_may_show_no_venues_at_all(start_wire: Starter) -> None:
    async with start_wire() as wire:
        found = await spoiled(wire, "soft_block_no_hits")
        assert (found["meta"]["total"], hits_of(found)) == (0, [])


async def test_one_hit_is_malformed(start_wire: Starter) -> None:
    async with start_wire() as wire:
        hits: list[Any] = list(hits_of(await spoiled(wire, "malformed_hit")))
        odd = [hit for hit in hits if not isinstance(hit, dict)]
        assert len(odd) == 1


async def test_one_slot_has_no_start(start_wire: Starter) -> None:
    async with start_wire() as wire:
        slots = [
            slot
            for hit in hits_of(await spoiled(wire, "malformed_slot"))
            for slot in hit["availability"]["slots"]
            if slot["date"]["start"] is None
        ]
        assert len(slots) == 1


async def test_one_hit_lacks_its_availability(start_wire: Starter) -> None:
    async with start_wire() as wire:
        odd = [
            hit for hit in hits_of(await spoiled(wire, "missing_availability")) if not hit.get("availability")
        ]
        assert len(odd) == 1


async def test_types_change(start_wire: Starter) -> None:
    async with start_wire() as wire:
        hits = hits_of(await spoiled(wire, "changed_types"))
        assert all(isinstance(hit["rating"], str) for hit in hits)


async def test_drifting_pages_repeat_or_skip_venues(start_wire: Starter) -> None:
    async with start_wire() as wire:
        whole = [hit["id"]["resy"] for page in (1, 2) for hit in hits_of(await wire.search(page=page))]
        drifted = [
            hit["id"]["resy"]
            for page in (1, 2)
            for hit in hits_of(await spoiled(wire, "drifting_pages", page=page))
        ]
        assert whole != drifted


async def test_cut_json_does_not_decode(start_wire: Starter) -> None:
    async with start_wire() as wire:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
            await spoiled(wire, "cut_json")


async def test_a_slow_body_arrives_whole(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": "slow_body", "seconds": 0.05}])
        assert len(hits_of(await wire.search())) == 75


async def test_a_hung_body_never_ends_and_serves_nothing(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": "hung_body"}])
        url = wire.sim.base_url + SEARCH
        async with wire.session.post(url, json=query()) as response:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(response.read(), 0.1)
        record = wire.sim.requests.records[-1]
        assert (record.fault, record.finished, record.served) == ("hung_body", None, None)


async def test_a_reset_breaks_the_connection(start_wire: Starter) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": "reset"}])
        with pytest.raises(aiohttp.ClientConnectionError):
            await wire.search()


@pytest.mark.parametrize("kind", ["soft_block", "malformed_hit", "rate_limited", "drifting_pages"])
async def test_the_log_names_the_fault(start_wire: Starter, kind: str) -> None:
    async with start_wire() as wire:
        wire.sim.faults.set([{"kind": kind}])
        async with wire.session.post(wire.sim.base_url + SEARCH, json=query("2026-11-24")):
            pass
        record = wire.sim.requests.records[-1]
        assert (record.fault, record.day, record.page) == (kind, "2026-11-24", 1)


async def test_a_share_strikes_about_that_part_of_the_calls_and_always_the_same_ones() -> None:
    struck = []
    for _ in range(2):
        faults = Faults(3)
        faults.set([{"kind": "error_500", "share": 0.3}])
        struck.append([faults.strike("search", 0.0) is not None for _ in range(1000)])
    assert struck[0] == struck[1]
    assert 230 < sum(struck[0]) < 370


@pytest.mark.parametrize(("now", "strikes"), [(99.0, False), (100.0, True), (199.0, True), (200.0, False)])
def test_a_rule_holds_between_its_instants(now: float, strikes: bool) -> None:
    faults = Faults(3)
    faults.set([{"kind": "reset", "from": "1970-01-01T00:01:40Z", "until": "1970-01-01T00:03:20Z"}])
    assert (faults.strike("search", now) is not None) is strikes


def test_a_rule_for_one_route_leaves_the_others_alone() -> None:
    faults = Faults(3)
    faults.set([{"kind": "reset", "route": "find"}])
    assert faults.strike("search", 0.0) is None


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"kind": "no_such_fault"}, "kind"),
        ({"kind": "reset", "route": "nowhere"}, "route"),
        ({"kind": "reset", "share": 1.5}, "share"),
        ({"kind": "reset", "from": "yesterday"}, "from"),
        ({"kind": "reset", "until": "2026-11-21T10:00:00"}, "until"),
        ({"kind": "soft_block", "route": "find"}, "route"),
        ({"kind": "reset", "colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_rule_is_refused_with_field_and_value(
    start_wire: Starter, rule: dict[str, Any], field: str
) -> None:
    async with start_wire() as wire:
        status, answer = await wire.call("PUT", "/_faults", [rule])
        assert status == 400
        assert field in answer["error"]
        assert "allowed are" in answer["error"]


def test_a_wrong_rule_leaves_the_rules_as_they_were() -> None:
    faults = Faults(3)
    faults.set([{"kind": "reset"}])
    with pytest.raises(FaultError):
        faults.set([{"kind": "error_500"}, {"kind": "nonsense"}])
    assert [rule.kind for rule in faults.rules] == ["reset"]


async def test_rules_can_be_set_shown_and_cleared_over_http(start_wire: Starter) -> None:
    async with start_wire() as wire:
        rules = [{"kind": kind, "share": 0.5} for kind in KINDS]
        assert (await wire.call("PUT", "/_faults", rules))[0] == 200
        _, shown = await wire.call("GET", "/_faults")
        assert [rule["kind"] for rule in shown] == list(KINDS)
        assert await wire.call("DELETE", "/_faults") == (200, [])
