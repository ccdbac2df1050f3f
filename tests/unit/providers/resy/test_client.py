"""Resy as a provider: pages, snapshots, outcomes, and what it says of itself."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome, Snapshot, VenueAnswer
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.providers.resy.convert import Asked
from tablewire.providers.resy.reading import ReadHit, read_hit
from tests.unit.providers.resy_pages import DAY, hit, page, slot

KEY = "made-up-key"
TOKEN = "made-up-token"


class City:
    """A server that answers searches with what the test puts on its pages."""

    def __init__(self) -> None:
        self.pages: list[list[Any]] = [[hit(1, slot("19:00:00"))]]
        self.total: int | None = None
        self.asked: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.raw: bytes | None = None
        self.resy: ResyProvider

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = msgspec.json.decode(await request.read())
        self.asked.append(asked)
        self.headers.append(request.headers)
        number = asked["page"]
        hits = self.pages[number - 1] if number <= len(self.pages) else []
        total = sum(map(len, self.pages)) if self.total is None else self.total
        body = self.raw or page(hits, page=number, total_pages=len(self.pages), total=total)
        return web.Response(body=body, content_type="application/json")

    async def ask(self, *sizes: int, pages: Any = None) -> Snapshot:
        return await self.resy.search_availability(
            NYC, date.fromisoformat(DAY), None, sizes or (2,), pages=pages
        )


Start = Callable[[City], Any]


@pytest.fixture
async def city() -> AsyncIterator[City]:
    found = City()
    app = web.Application()
    app.router.add_post("/3/venuesearch/search", found.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    caller = Caller("resy", seats=Seats(4), rate=10_000, timeout=20, user_agent="tablewire/test")
    found.resy = ResyProvider(
        base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/", api_key=KEY, auth_token=TOKEN, caller=caller
    )
    yield found
    await found.resy.aclose()
    await runner.cleanup()


def said(snapshot: Snapshot) -> dict[tuple[int, str], VenueAnswer]:
    return {(answer.party_size, one.venue_id): one for answer in snapshot.answers for one in answer.venues}


async def test_a_search_asks_as_the_wire_wants_it(city: City) -> None:
    await city.ask(2)
    (asked,) = city.asked
    assert asked == {
        "availability": True,
        "page": 1,
        "per_page": 75,
        "query": "",
        "types": ["venue"],
        "order_by": "availability",
        "geo": {"latitude": NYC.latitude, "longitude": NYC.longitude, "radius": NYC.radius_m},
        "include_tock_inventory": False,
        "slot_filter": {"day": DAY, "party_size": 2},
    }
    assert city.headers[0]["Authorization"] == f'ResyAPI api_key="{KEY}"'
    assert city.headers[0]["X-Resy-Auth-Token"] == TOKEN
    assert city.headers[0]["User-Agent"] == "tablewire/test"


async def test_all_pages_of_all_sizes_are_asked_once(city: City) -> None:
    city.pages = [[hit(1)], [hit(2)], [hit(3)]]
    snapshot = await city.ask(2, 4)
    asked = sorted((one["slot_filter"]["party_size"], one["page"]) for one in city.asked)
    assert asked == [(size, number) for size in (2, 4) for number in (1, 2, 3)]
    assert snapshot.outcome is Outcome.OK
    assert snapshot.calls == 6
    assert set(said(snapshot)) == {(size, venue) for size in (2, 4) for venue in ("1", "2", "3")}
    assert {answer.total_pages for answer in snapshot.answers} == {3}


async def test_only_the_pages_wanted_are_asked(city: City) -> None:
    city.pages = [[hit(1)], [hit(2)], [hit(3)]]
    snapshot = await city.ask(2, 4, pages={2: (3, 1), 4: ()})
    assert sorted(one["page"] for one in city.asked) == [1, 3]
    assert snapshot.outcome is Outcome.OK


async def test_pages_that_are_not_there_are_not_asked_again(city: City) -> None:
    first = await city.ask(2, pages={2: (1, 2, 3)})
    assert first.outcome is Outcome.OK
    assert [answer.page for answer in first.answers] == [1]
    city.asked.clear()
    await city.ask(2, pages={2: (1, 2, 3)})
    assert [one["page"] for one in city.asked] == [1]


async def test_what_is_unchanged_is_the_same_object_and_what_changed_is_not(city: City) -> None:
    city.pages = [[hit(1, slot("19:00:00")), hit(2, slot("19:00:00"))]]
    before = said(await city.ask(2, 4))
    city.pages = [[hit(1, slot("19:00:00")), hit(2, slot("20:00:00"))]]
    after = said(await city.ask(2, 4))
    assert [after[key] is before[key] for key in ((2, "1"), (4, "1"), (2, "2"), (4, "2"))] == [
        True,
        True,
        False,
        False,
    ]


async def test_a_hit_whose_bytes_are_unchanged_is_not_decoded_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.pages = [[hit(1, slot("19:00:00")), hit(2, slot("19:00:00"))]]
    await city.ask(2)
    decoded: list[ReadHit] = []

    def note(raw: msgspec.Raw, asked: Asked) -> ReadHit:
        decoded.append(read_hit(raw, asked))
        return decoded[-1]

    monkeypatch.setattr("tablewire.providers.resy.search.read_hit", note)
    city.pages = [[hit(1, slot("19:00:00")), hit(2, slot("20:00:00"))]]
    await city.ask(2)
    assert [read.venue and read.venue.venue_id for read in decoded] == ["2"]


async def test_a_venue_that_changes_elsewhere_keeps_its_answer(city: City) -> None:
    before = await city.ask(2)
    city.pages = [[hit(1, slot("19:00:00"), rating=4.7, name="House One")]]
    after = await city.ask(2)
    assert said(after)[2, "1"] is said(before)[2, "1"]
    assert after.venues["1"].name == "House One"


async def test_a_venue_is_the_same_object_while_unchanged(city: City) -> None:
    first = await city.ask(2)
    assert (await city.ask(4)).venues["1"] is first.venues["1"]


async def test_hits_that_make_no_sense_are_counted_and_skipped(city: City) -> None:
    city.pages = [[hit(1, slot("19:00:00")), None, "text", {"id": None}, hit(2)]]
    snapshot = await city.ask(2)
    assert snapshot.outcome is Outcome.PARTIAL
    assert snapshot.cause == "3 hits of page 1 for 2 made no sense"
    assert set(said(snapshot)) == {(2, "1"), (2, "2")}


async def test_a_venue_understood_in_part_makes_the_poll_partial(city: City) -> None:
    city.pages = [[hit(1, slot("19:00:00"), None)]]
    snapshot = await city.ask(2)
    assert (snapshot.outcome, snapshot.cause) == (
        Outcome.PARTIAL,
        "1 venues of page 1 for 2 were understood in part",
    )


async def test_a_venue_on_two_pages_of_a_whole_sweep_does_not_add_up(city: City) -> None:
    city.pages = [[hit(1)], [hit(1)]]
    snapshot = await city.ask(2)
    assert snapshot.outcome is Outcome.PARTIAL
    assert snapshot.cause is not None
    assert "came up twice" in snapshot.cause


async def test_a_venue_that_slipped_over_a_page_border_does_not_add_up(city: City) -> None:
    city.pages, city.total = [[hit(1)], [hit(2)]], 3
    snapshot = await city.ask(2)
    assert (snapshot.outcome, snapshot.cause) == (Outcome.PARTIAL, "2 of 3 venues for 2 came up")


async def test_a_city_that_is_suddenly_empty_is_a_soft_block(city: City) -> None:
    city.pages = [[hit(number, slot("19:00:00")) for number in range(1, 6)]]
    await city.ask(2)
    city.pages = [[hit(number) for number in range(1, 6)]]
    snapshot = await city.ask(2)
    assert snapshot.outcome is Outcome.BLOCKED
    assert snapshot.cause is not None
    assert "soft block" in snapshot.cause
    assert len(snapshot.answers) == 1


async def test_a_city_that_never_had_a_table_is_no_soft_block(city: City) -> None:
    city.pages = [[hit(number) for number in range(1, 6)]]
    assert (await city.ask(2)).outcome is Outcome.OK


async def test_drift_is_a_named_problem_until_it_is_gone(city: City) -> None:
    tables = [slot(f"{hour}:00:00") for hour in range(12, 22)]
    city.pages = [[hit(1, *tables)]]
    await city.ask(2)
    city.pages = [[hit(1, *({**one, "date": {}} for one in tables))]]
    for _ in range(3):
        await city.ask(2)
    assert any(
        "resy: date.start missing in 100% of slots since " in one for one in city.resy.status().problems
    )
    city.pages = [[hit(1, *tables)]]
    await city.ask(2)
    assert city.resy.status().problems == ()


async def test_without_a_key_it_is_not_enabled_and_asks_nothing() -> None:
    caller = Caller("resy", seats=Seats(1), rate=1, timeout=1, user_agent="tablewire/test")
    resy = ResyProvider(base_url="http://127.0.0.1:1", api_key=None, auth_token=None, caller=caller)
    assert not resy.status().enabled
    snapshot = await resy.search_availability(NYC, date.fromisoformat(DAY), None, (2,))
    assert (snapshot.outcome, snapshot.cause, snapshot.calls) == (Outcome.FAILED, "no key is set", 0)
    assert await resy.probe() == "resy: no key is set"


async def test_a_probe_is_one_light_call(city: City) -> None:
    assert await city.resy.probe() is None
    assert [(one["availability"], one["per_page"]) for one in city.asked] == [(False, 1)]


async def test_no_secret_shows(city: City) -> None:
    await city.ask(2)
    shown = repr(city.resy) + repr(city.resy.status()) + repr(await city.ask(2))
    assert KEY not in shown
    assert TOKEN not in shown


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(instead=any_json, at=st.integers(0, 3))
async def test_whatever_stands_in_place_of_a_hit_harms_no_other(city: City, instead: Any, at: int) -> None:
    hits: list[Any] = [hit(number, slot("19:00:00")) for number in range(1, 5)]
    city.pages = [hits]
    before = said(await city.ask(2))
    city.pages = [[instead if place == at else one for place, one in enumerate(hits)]]
    after = said(await city.ask(2))
    assert set(before) - set(after) == {(2, str(at + 1))}
    assert all(after[key] is before[key] for key in after)


async def test_the_captured_search_is_understood(city: City, captures: Path) -> None:
    city.raw = (captures / "resy/venuesearch-search.geo-nyc.2026-10-22.json").read_bytes()
    snapshot = await city.ask(2, pages={2: (1,)})
    (answer,) = snapshot.answers
    assert (snapshot.outcome, snapshot.cause) == (Outcome.OK, None)
    assert (answer.page, answer.total_pages) == (1, 137)
    assert all(one.whole for one in answer.venues)
    assert {one.venue_id: [seen.actual_time[11:16] for seen in one.slots] for one in answer.venues} == {
        "87134": ["12:00", "13:30", "16:00"],
        "60029": ["11:30", "17:00", "20:30"],
        "72993": ["12:00", "17:00"],
        "80538": ["11:30"],
        "59213": ["11:00", "11:30"],
        "68244": ["16:45", "22:45"],
        "54504": [],
    }
    # Tock's icca is left out; ITO NYC is observed, and has nothing.
    assert "24492" not in snapshot.venues
    assert snapshot.venues["54504"].name == "ITO NYC"
    seatings = {
        seen.actual_time[11:16]: seen.seatings
        for one in answer.venues
        for seen in one.slots
        if one.venue_id == "72993"
    }
    assert seatings == {"12:00": ("Dining",), "17:00": ("Dinner", "Patio")}
    steak = snapshot.venues["87134"]
    assert (steak.price_range, steak.cuisine, steak.neighborhood) == (3, "Steakhouse", "Financial District")
    first = said(snapshot)[2, "87134"].slots[0]
    assert first.book_url == (
        "https://resy.com/cities/new-york-ny/venues/brooklyn-chop-house-downtown-fidi?date=2026-10-22&seats=2"
    )
