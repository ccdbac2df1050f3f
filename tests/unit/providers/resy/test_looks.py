"""Looks at single venues: what is asked, what the answers mean, and that both of Resy's calls agree."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome, Snapshot, VenueAnswer
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats, VenueLooks
from tablewire.providers.resy.client import ResyProvider
from tests.unit.providers.resy_pages import DAY, find, found, hit, page, slot, template

THE_DAY = date.fromisoformat(DAY)
Refusal = tuple[int, str, bytes]
BAD_REQUEST: Refusal = (
    400,
    "application/json",
    b'{"status":400,"message":"Invalid data received.","data":{"venue_id":"Unknown venue."}}',
)
INVITED_ONLY: Refusal = (403, "application/json", b'{"status":403,"message":"Forbidden"}')
PAGE: Refusal = (403, "text/html", b"<html>Access denied</html>")


class Town:
    """A server that answers looks and searches with what the test puts there."""

    def __init__(self) -> None:
        self.houses: dict[int, Any] = {1: found(1, slot("19:00:00"))}
        self.hits: list[Any] = []
        self.refusal: Refusal | None = None
        self.asked: list[dict[str, Any]] = []
        self.resy: ResyProvider
        self.caller: Caller

    async def look(self, request: web.Request) -> web.StreamResponse:
        asked = msgspec.json.decode(await request.read())
        self.asked.append(asked)
        if self.refusal is not None:
            status, content_type, text = self.refusal
            return web.Response(status=status, content_type=content_type, body=text)
        house = self.houses.get(asked["venue_id"])
        body = house if isinstance(house, bytes) else find(*([] if house is None else [house]))
        return web.Response(body=body, content_type="application/json")

    async def search(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=page(self.hits), content_type="application/json")

    async def ask(self, *venues: str, size: int = 2) -> Snapshot:
        return await self.resy.look_at(NYC, THE_DAY, {size: venues or ("1",)})

    async def sweep(self, *hits: Any) -> Snapshot:
        self.hits = list(hits)
        return await self.resy.search_availability(NYC, THE_DAY, None, (2,))


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    town = Town()
    app = web.Application()
    app.router.add_post("/4/find", town.look)
    app.router.add_post("/3/venuesearch/search", town.search)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    town.caller = Caller("resy", seats=Seats(4), rate=10_000, timeout=20, user_agent="tablewire/test")
    town.resy = ResyProvider(
        base_url=f"http://127.0.0.1:{runner.addresses[0][1]}",
        api_key="made-up-key",
        auth_token=None,
        caller=town.caller,
        opted_out=frozenset({"66"}),
    )
    yield town
    await town.resy.aclose()
    await runner.cleanup()


def said(snapshot: Snapshot) -> dict[str, VenueAnswer]:
    return {one.venue_id: one for answer in snapshot.answers for one in answer.venues}


def starts(answer: VenueAnswer) -> list[str]:
    return [seen.actual_time[11:] for seen in answer.slots]


def test_resy_looks_at_one_venue_a_call() -> None:
    caller = Caller("resy", seats=Seats(1), rate=1, timeout=1, user_agent="tablewire/test")
    resy = ResyProvider(base_url="http://127.0.0.1:1", api_key="any", auth_token=None, caller=caller)
    assert isinstance(resy, VenueLooks)
    assert resy.venues_per_call == 1


async def test_a_look_asks_as_the_wire_wants_it(town: Town) -> None:
    await town.ask("1")
    assert town.asked == [{"lat": 0, "long": 0, "day": DAY, "party_size": 2, "venue_id": 1}]


async def test_each_venue_and_size_is_a_call_and_an_answer_of_its_own(town: Town) -> None:
    town.houses[2] = found(2)
    snapshot = await town.resy.look_at(NYC, THE_DAY, {2: ("1", "2"), 4: ("1",)})
    assert snapshot.outcome is Outcome.OK
    assert snapshot.calls == 3
    assert sorted((one.party_size, one.venues[0].venue_id) for one in snapshot.answers) == [
        (2, "1"),
        (2, "2"),
        (4, "1"),
    ]
    assert all((one.page, one.one_venue, one.time_slots) == (0, True, None) for one in snapshot.answers)


async def test_only_public_tables_of_the_date_are_slots_and_seatings_share_one(town: Town) -> None:
    card = {"exclusive": {"id": 1000, "is_eligible": True}}
    town.houses[1] = found(
        1,
        slot("19:00:00"),
        slot("19:00:00", config={"type": "Bar"}),
        slot("20:00:00", **card),
        slot("21:00:00", is_global_dining_access=True),
        slot("22:00:00", template={"id": 12}),
        slot("18:00:00", shift={"day": "2026-10-21"}),
        templates={"11": template(), "12": template(is_event=1)},
    )
    (seen,) = said(await town.ask())["1"].slots
    assert (seen.actual_time, seen.seatings) == (f"{DAY} 19:00:00", ("Bar", "Dining Room"))


async def test_the_slot_itself_says_when_it_goes_off_the_market(town: Town) -> None:
    off = datetime(2026, 10, 22, 21, 30, tzinfo=UTC)
    dates = {"date": {"on": 0, "off": int(off.timestamp())}}
    town.houses[1] = found(1, slot("19:00:00", market=dates), templates={"11": template(3600)})
    assert said(await town.ask())["1"].slots[0].off_market_at == off


@pytest.mark.parametrize("odd", [None, {}, {"date": None}, {"date": {"off": "soon"}}, {"date": {"off": -5}}])
async def test_where_the_slot_does_not_say_its_template_does(town: Town, odd: Any) -> None:
    town.houses[1] = found(1, slot("19:00:00", market=odd), templates={"11": template(3600)})
    assert said(await town.ask())["1"].slots[0].off_market_at == datetime(2026, 10, 22, 22, 0, tzinfo=UTC)


async def test_no_venue_in_the_answer_means_no_table(town: Town) -> None:
    snapshot = await town.ask("5")
    assert snapshot.outcome is Outcome.OK
    assert said(snapshot) == {"5": VenueAnswer("5", ())}


async def test_several_venues_that_are_suddenly_empty_are_a_soft_block(town: Town) -> None:
    names = ("1", "2", "3")
    town.houses = {int(name): found(int(name), slot("19:00:00")) for name in names}
    assert (await town.ask(*names)).outcome is Outcome.OK
    town.houses = {}
    snapshot = await town.ask(*names)
    assert snapshot.outcome is Outcome.BLOCKED
    assert "soft block" in str(snapshot.cause)


@pytest.mark.parametrize("refusal", [BAD_REQUEST, INVITED_ONLY])
async def test_a_venue_that_is_refused_is_no_fault_of_resy(town: Town, refusal: Refusal) -> None:
    town.refusal = refusal
    for _ in range(9):  # with the last one, more in a row than the breaker stands
        await town.ask("999")
    snapshot = await town.ask("999")
    assert snapshot.outcome is Outcome.FAILED
    assert str(snapshot.cause).startswith("venue 999 for 2: ")
    status = town.resy.status()
    assert (status.breaker, status.problems, status.error_rate) == ("closed", (), 0.0)


async def test_a_challenge_page_is_a_block(town: Town) -> None:
    town.refusal = PAGE
    assert (await town.ask()).outcome is Outcome.BLOCKED


@pytest.mark.parametrize("venue_id", ["", "abc", "-1", "0", "01", "1/2", "9" * 40, "٣"])
async def test_an_id_that_is_none_is_named_and_not_asked_for(town: Town, venue_id: str) -> None:
    snapshot = await town.ask(venue_id)
    assert (snapshot.outcome, snapshot.calls, town.asked) == (Outcome.FAILED, 0, [])
    assert snapshot.cause == f"venue {venue_id[:20]} for 2: an id of Resy is a whole number above 0"


async def test_a_venue_that_wants_to_be_left_alone_is_never_looked_at(town: Town) -> None:
    snapshot = await town.ask("66", "1")
    assert [one["venue_id"] for one in town.asked] == [1]
    assert set(said(snapshot)) == {"1"}


async def test_an_answer_of_another_venue_is_not_taken_for_this_one(town: Town) -> None:
    town.houses[5] = found(6, slot("19:00:00"))
    snapshot = await town.ask("5")
    assert (snapshot.outcome, snapshot.answers) == (Outcome.FAILED, ())


async def test_a_table_that_makes_no_sense_leaves_the_venue_understood_in_part(town: Town) -> None:
    town.houses[1] = found(1, slot("19:00:00"), None)
    snapshot = await town.ask()
    assert (snapshot.outcome, snapshot.cause) == (
        Outcome.PARTIAL,
        "venue 1 for 2 was understood in part",
    )
    assert (said(snapshot)["1"].whole, starts(said(snapshot)["1"])) == (False, ["19:00:00"])


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"results":{}}', b'{"results":{"venues":null}}', b"nonsense"]
)
async def test_a_body_that_is_no_answer_is_a_failure(town: Town, body: bytes) -> None:
    town.houses[1] = body
    snapshot = await town.ask()
    assert (snapshot.outcome, snapshot.answers) == (Outcome.FAILED, ())


async def test_a_venue_no_search_has_seen_is_described_by_its_look(town: Town) -> None:
    house = (await town.ask()).venues["1"]
    assert (house.name, house.neighborhood, house.price_range, house.cuisine) == (
        "House 1",
        "Old Harbour",
        2,
        "Noodles",
    )
    assert (house.latitude, house.longitude) == (40.71, -74.0)
    assert house.url == "https://resy.com/cities/new-york-ny/venues/house-1"
    assert house.image_url == "https://image.example/1/640x360"


async def test_what_a_search_said_of_a_venue_stays_when_it_is_looked_at(town: Town) -> None:
    before = (await town.sweep(hit(1, slot("19:00:00"), cuisine=["Noodles", "Bar"]))).venues["1"]
    assert (await town.ask()).venues["1"] is before


async def test_a_search_and_a_look_that_say_the_same_give_the_same_object(town: Town) -> None:
    before = said(await town.sweep(hit(1, slot("19:00:00"))))["1"]
    assert said(await town.ask())["1"] is before
    assert said(await town.sweep(hit(1, slot("19:00:00"), rating=None)))["1"] is before


async def test_a_look_that_says_otherwise_gives_another_object_and_so_does_the_search_after_it(
    town: Town,
) -> None:
    one = hit(1, slot("19:00:00"))
    before = said(await town.sweep(one))["1"]
    town.houses[1] = found(1, slot("20:00:00"))
    looked = said(await town.ask())["1"]
    assert starts(looked) == ["20:00:00"]
    assert said(await town.ask())["1"] is looked
    assert said(await town.sweep(one))["1"] is before
    assert said(await town.sweep(hit(1, slot("20:00:00"))))["1"] == looked


async def test_drift_of_looks_is_named(town: Town) -> None:
    tables = [slot(f"{hour}:00:00") for hour in range(12, 22)]
    town.houses[1] = found(1, *({**one, "date": {}} for one in tables))
    for _ in range(15):
        await town.ask()
    problem = town.resy.status().problems[0]
    assert problem.startswith("resy /4/find: date.start missing in 100% of slots since ")
    town.houses[1] = found(1, *tables)
    for _ in range(5):
        await town.ask()
    assert town.resy.status().problems == ()


async def test_a_venue_whose_tables_are_all_for_card_holders_is_no_drift(town: Town) -> None:
    town.houses[1] = found(
        1,
        *(
            slot(f"{hour}:{minute}:00", is_global_dining_access=True)
            for hour in range(12, 22)
            for minute in (15, 30, 45)
        ),
    )
    for _ in range(20):
        await town.ask()
    assert town.resy.status().problems == ()


async def test_the_captured_answer_is_understood(town: Town, captures: Path) -> None:
    town.houses[87134] = (captures / "resy/find.87134.2026-10-22.json").read_bytes()
    snapshot = await town.ask("87134")
    assert (snapshot.outcome, snapshot.cause) == (Outcome.OK, None)
    answer = said(snapshot)["87134"]
    assert len(answer.slots) == 33
    assert answer.slots[0].actual_time == "2026-10-22 12:00:00"
    assert answer.slots[0].off_market_at == datetime(2026, 10, 22, 15, 0, tzinfo=UTC)
    assert answer.slots[0].book_url == (
        "https://resy.com/cities/new-york-ny/venues/brooklyn-chop-house-downtown-fidi?date=2026-10-22&seats=2"
    )
    house = snapshot.venues["87134"]
    assert (house.neighborhood, house.price_range, house.cuisine) == ("Financial District", 3, "Steakhouse")


@pytest.mark.parametrize("name", ["find.venues-empty.json", "find.slots-empty.json"])
async def test_both_ways_to_say_that_nothing_is_free_are_understood(
    town: Town, captures: Path, name: str
) -> None:
    town.houses[87134] = (captures / "resy/synthetic" / name).read_bytes()
    assert said(await town.ask("87134")) == {"87134": VenueAnswer("87134", ())}
