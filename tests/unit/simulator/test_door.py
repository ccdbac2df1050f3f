"""The in-process door: the same answers as over HTTP, without sockets."""

import asyncio
import json
from typing import Any

import pytest

from tablewire.simulator.server import Simulator, SimulatorOptions
from tests.unit.simulator.client import HEADERS, SEARCH, HandClock, Starter, query


def city(**options: Any) -> Simulator:
    small = SimulatorOptions(
        seed=7, venues=150, neighbourhoods=12, days=3, clock=HandClock(), keep_served=True
    )
    return Simulator(small) if not options else Simulator(with_options(small, options))


def with_options(small: SimulatorOptions, options: dict[str, Any]) -> SimulatorOptions:
    given = {field: getattr(small, field) for field in small.__struct_fields__}
    return SimulatorOptions(**(given | options))


def body(**changes: Any) -> bytes:
    return json.dumps(query(**changes)).encode()


async def test_it_answers_what_http_answers(start_wire: Starter) -> None:
    async with start_wire() as wire:
        async with wire.session.post(wire.sim.base_url + SEARCH, data=body()) as response:
            over_http = await response.read()
        assert wire.sim.respond("POST", SEARCH, HEADERS, body()).body == over_http


async def test_it_is_logged_like_any_call(start_wire: Starter) -> None:
    async with start_wire() as wire:
        await wire.search()
        wire.sim.respond("POST", SEARCH, HEADERS, body())
        first, second = (record.shown() for record in wire.sim.requests.records)
        assert second == first | {"n": 2}


def test_a_query_string_is_understood() -> None:
    simulator = city()
    venue = simulator.city.venues[0]
    found = json.loads(simulator.respond("GET", f"/3/venue?id={venue.id}", HEADERS).body)
    assert found["name"] == venue.name


def test_capitals_of_headers_do_not_matter() -> None:
    headers = {name.upper(): value for name, value in HEADERS.items()}
    assert city().respond("POST", SEARCH, headers, body()).status == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", SEARCH, 405)])
def test_what_no_wire_takes_is_refused_and_not_logged(method: str, path: str, status: int) -> None:
    simulator = city()
    assert simulator.respond(method, path, HEADERS).status == status
    assert simulator.requests.count == 0


def test_a_rate_limit_says_when_to_come_back() -> None:
    simulator = city()
    simulator.faults.set([{"kind": "rate_limited", "seconds": 7}])
    reply = simulator.respond("POST", SEARCH, HEADERS, body())
    assert (reply.status, reply.retry_after) == (429, "7")


@pytest.mark.parametrize(("kind", "trouble"), [("reset", "reset"), ("hung_body", "hung"), ("silent", "hung")])
def test_a_call_that_nothing_comes_of_is_marked_and_never_finished(kind: str, trouble: str) -> None:
    simulator = city()
    simulator.faults.set([{"kind": kind}])
    assert simulator.respond("POST", SEARCH, HEADERS, body()).trouble == trouble
    assert simulator.requests.records[-1].finished is None


def test_a_slow_body_says_how_slow() -> None:
    simulator = city()
    simulator.faults.set([{"kind": "slow_body", "seconds": 3}])
    assert simulator.respond("POST", SEARCH, HEADERS, body()).slow == 3.0


def test_an_unchanged_page_is_the_same_bytes_again_and_a_changed_one_is_not() -> None:
    simulator = city(quiet=True)
    first = simulator.respond("POST", SEARCH, HEADERS, body())
    again = simulator.respond("POST", SEARCH, HEADERS, body())
    nearest = json.loads(first.body)["search"]["hits"][0]["id"]["resy"]
    simulator.city.open(nearest, "2026-11-22 18:05:00")
    assert again.body is first.body
    assert simulator.respond("POST", SEARCH, HEADERS, body()).body != first.body


def test_two_cities_with_one_seed_give_the_same_answers_and_faults() -> None:
    told = []
    for _ in range(2):
        simulator = city()
        simulator.faults.set([{"kind": "malformed_hit", "share": 0.3}, {"kind": "error_500", "share": 0.3}])
        pages = range(1, 21)
        told.append([simulator.respond("POST", SEARCH, HEADERS, body(page=page % 3 + 1)) for page in pages])
    assert told[0] == told[1]


def test_a_lean_page_is_much_smaller_and_shows_the_same_tables() -> None:
    rich, lean = city(), city(extras=0)
    replies = [one.respond("POST", SEARCH, HEADERS, body()) for one in (rich, lean)]
    assert len(replies[1].body) < len(replies[0].body) / 2
    assert rich.requests.records[-1].served == lean.requests.records[-1].served


def test_decoration_is_as_long_as_asked_for() -> None:
    sizes = [len(city(extras=extras).respond("POST", SEARCH, HEADERS, body()).body) for extras in (10, 110)]
    assert sizes[1] - sizes[0] == 75 * 100


async def test_an_exchange_takes_its_time_and_is_finished_then() -> None:
    simulator = city(latency=0.001)
    simulator.faults.set([{"kind": "slow_body", "seconds": 0.001}])
    reply = await simulator.exchange("POST", SEARCH, HEADERS, body())
    assert (reply.status, reply.slow) == (200, 0.001)
    assert simulator.requests.records[-1].finished is not None


async def test_an_exchange_that_is_given_up_delivered_nothing() -> None:
    simulator = city()
    simulator.faults.set([{"kind": "slow_body", "seconds": 3600}])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(simulator.exchange("POST", SEARCH, HEADERS, body()), 0.01)
    record = simulator.requests.records[-1]
    assert (record.finished, record.served) == (None, None)


async def test_an_exchange_that_is_reset_raises() -> None:
    simulator = city()
    simulator.faults.set([{"kind": "reset"}])
    with pytest.raises(ConnectionResetError):
        await simulator.exchange("POST", SEARCH, HEADERS, body())
