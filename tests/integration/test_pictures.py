"""Pictures of what is rolled up, over HTTP and as a page."""

import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tablewire.api.pictures.controller import routes
from tablewire.domain.markets import NYC
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import Venue
from tablewire.errors import NotDrawn
from tablewire.pictures.artist import Artist
from tablewire.pictures.charts import Chart
from tablewire.services.pictures import Pictures
from tablewire.storage.figure_door import RolledDay
from tablewire.storage.store import PostgresStore
from tests.api_client import serving
from tests.insights_days import MONDAY, at, row, stay

NOW = datetime.combine(MONDAY + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=17)

BEFORE = [None] * 4
"""Days of the week of the chart before the first that was rolled up."""


class Drawer:
    """Keeps what it was to draw."""

    def __init__(self) -> None:
        self.charts: list[Chart] = []
        self.broken = False

    async def draw(self, chart: Chart) -> bytes:
        if self.broken:
            raise NotDrawn("the process that draws ended without a picture")
        self.charts.append(chart)
        return b"<svg/>"


class Drawn:
    """A venue with two rolled-up days, and who draws it."""

    def __init__(self, store: PostgresStore) -> None:
        self.store, self.drawer = store, Drawer()
        self.pictures = Pictures(
            days=store.figures.rolled,
            ranking=store.figures.rankings,
            venues=store,
            drawing=self.drawer,
            markets=[NYC],
            now=lambda: NOW,
        )

    async def begin(self) -> None:
        await self.store.learn([Venue(provider="resy", venue_id="v", name="Chez V")], NOW)
        days = [row(stay(at(12)), stay(at(13), 60)), row(day=MONDAY + timedelta(days=1))]
        listing = Listing("resy", "v")
        rows = [RolledDay(listing=listing, body=day, shown=()) for day in days]
        await self.store.figures.rolled.keep_days("nyc", rows, NOW)


@pytest.fixture
async def drawn(store: PostgresStore) -> Drawn:
    drawn = Drawn(store)
    await drawn.begin()
    return drawn


async def test_a_venues_chart_shows_its_drops_and_how_long_they_lasted(drawn: Drawn) -> None:
    async with serving(routes(drawn.pictures)) as client:
        answer = await client.get("/venues/resy/v/chart.svg", window_days=7)
    assert (answer.status, answer.body) == (200, b"<svg/>")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    chart = drawn.drawer.charts[0]
    assert chart.title == "Chez V"
    assert [(day.day - MONDAY).days for day in chart.days] == [*range(-4, 3)]
    assert [day.drops for day in chart.days] == [*BEFORE, 2, 0, None]
    assert [one.seconds for one in chart.lasted] == [60.0, 142.0]
    assert [chart.hours[0][hour] for hour in (11, 12, 13)] == [0.0, 1.0, 1.0]
    assert chart.hours[4][12] is None


async def test_days_before_the_window_are_not_in_it(drawn: Drawn) -> None:
    await drawn.pictures.of_venue("resy", "v", 2)
    assert [day.drops for day in drawn.drawer.charts[0].days] == [0, None]


async def test_a_markets_chart_is_of_all_its_venues(drawn: Drawn) -> None:
    await drawn.pictures.of_market(NYC, 7)
    assert [day.drops for day in drawn.drawer.charts[0].days] == [*BEFORE, 2, 0, None]
    assert await drawn.pictures.hardest(NYC) == []


async def test_what_cannot_be_shown_says_why(drawn: Drawn) -> None:
    async with serving(routes(drawn.pictures)) as client:
        assert (await client.get("/venues/resy/w/chart.svg")).status == 404
        assert (await client.get("/venues/resy/%00/chart.svg")).status == 404
        assert (await client.get("/venues/resy/v/chart.svg", window_days=91)).wrong == ["window_days"]
        drawn.drawer.broken = True
        answer = await client.get("/venues/resy/v/chart.svg")
    assert (answer.status, answer.json()["type"]) == (503, "/problems/not-drawn")
    assert "retry-after" in answer.headers


async def test_a_chart_is_handed_to_the_process_whole() -> None:
    echo = Artist((sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"))
    chart = Chart(title="東京", zone="UTC", days=(), lasted=(), taken=0, hours=())
    assert msgspec.msgpack.decode(await echo.draw(chart), type=Chart) == chart
