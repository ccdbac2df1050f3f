"""The insights where there is little to tell: right or null, never wrong, and never an exception."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyarrow import parquet
from typer import Typer
from typer.testing import CliRunner

from tablewire import figures, report_command
from tablewire.app import Service
from tablewire.domain.slots import Venue
from tablewire.export_command import exports
from tablewire.insights.local_time import HOUR, local_day
from tablewire.metrics_command import metrics
from tablewire.pictures.charts import Chart
from tablewire.retention_command import retention
from tablewire.settings import Settings
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics
from tests.api_client import Answer, Client
from tests.integration.test_rollups import MONDAY, NYC, ZONE, City, local
from tests.integration.test_users_apart import StandingClock, accounts_on
from tests.stored_scenes import StoredScene
from tests.unit.domain.scenes import DAY, EIGHT, Scene, after, call

OF_ALL = (
    "/venues/rankings",
    "/venues/rankings?by=median_drop_duration_seconds&order=easiest&min_samples=0",
    "/insights/forecasts",
    "/insights/alerts",
    "/insights/alerts?all=true&window=1d",
    "/market/metrics",
    "/market/metrics?window=24h",
    "/market/metrics?window=90m",
    "/market/metrics?weekday=sat&time_bucket=prime",
    "/market/supply",
    "/market/supply?weekend=true&provider=opentable",
    "/curated",
    "/curated/nyc_hotspots",
)
OF_A_VENUE = (
    "",
    "/history",
    "/metrics",
    *(f"/metrics?window_days={days}&cuts=weekday,time,party_size" for days in (1, 7, 14, 30, 90)),
    "/metrics?weekday=sat&time=20:00&party_size=2",
    "/forecast?dates=2026-02-18,2026-03-08",
    "/chart.svg",
)


class Drawer:
    """Keeps what it was to draw."""

    def __init__(self) -> None:
        self.charts: list[Chart] = []

    async def draw(self, chart: Chart) -> bytes:
        self.charts.append(chart)
        return b"<svg/>"


class Whole:
    """The whole service on PostgreSQL with a clock that stands, asked by an admin; and the commands."""

    def __init__(self, city: City, dsn: str, folder: Path, drawer: Drawer) -> None:
        self.city, self.drawer, self.folder = city, drawer, folder
        self.clock = StandingClock(local(0, 0))
        self.settings = Settings.load(
            {
                "TABLEWIRE_DATABASE_URL": dsn,
                "TABLEWIRE_DATA_DIR": str(folder),
                "TABLEWIRE_AUTH": "token",
                "TABLEWIRE_RATE_LIMIT": "off",
                "TABLEWIRE_SECRET_KEY": "not-at-all-secret-but-for-tests-only",
            }
        )
        accounts = accounts_on(city.store)
        counted = Metrics(version="0", demo=False)
        self.service = Service(self.settings, city.store, {}, counted, accounts=accounts, clock=self.clock)
        self.client = Client(self.service.application)
        self._accounts = accounts

    async def begin(self) -> None:
        _, token = await self._accounts.add("root", is_admin=True)
        self.client.headers["authorization"] = f"Bearer {token}"

    async def refresh(self, at: datetime) -> None:
        self.clock.not_before(at)
        assert (await self.client.post("/admin/metrics/refresh")).status == 200

    async def learn(self, venue_id: str = "v", provider: str = "resy", name: str = "Chez V") -> None:
        await self.city.store.learn(
            [Venue(provider=provider, venue_id=venue_id, name=name)], self.clock.now()
        )

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status == 200, (path, answer.body)
        return answer.json()

    async def everything(self, *venues: str) -> None:
        """Ask for all there is; nothing of it may fail."""
        for path in (*OF_ALL, *(f"/venues/{venue}{of}" for venue in venues for of in OF_A_VENUE)):
            answer = await self.client.get(path)
            assert answer.status == 200, (path, answer.body)
        assert (await self.client.post("/admin/retention/run")).status == 200
        assert (await self.report()).startswith("<!doctype html>")

    async def report(self) -> str:
        return (await report_command._page(self.settings, NYC, 14)).decode()

    async def command(self, command: Typer, *words: str) -> str:
        """What a command says that an operator runs beside the service."""
        run = CliRunner().invoke
        done = await asyncio.to_thread(run, command, words, obj=lambda: self.settings, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    async def export(self) -> list[Any]:
        """The events as the command writes them."""
        path = self.folder / "events.ndjson"
        await self.command(exports, "events", "--format", "ndjson", "-o", str(path))
        return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]

    async def found(self, name: str) -> Any:
        """Whether a name of a curated list is known."""
        entries = (await self.get("/curated/nyc_hotspots"))["entries"]
        return next(entry["found"] for entry in entries if entry["name"] == name)

    async def of_venue(self, venue: str = "resy/v", days: int = 14) -> Any:
        return (await self.get(f"/venues/{venue}/metrics?window_days={days}"))["figures"]


@pytest.fixture
async def whole(store: PostgresStore, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Whole:
    drawer = Drawer()
    for module in (figures, report_command):
        monkeypatch.setattr(module, "Artist", lambda: drawer)
    whole = Whole(await City.begin(store, dsn), dsn, tmp_path, drawer)
    await whole.begin()
    return whole


async def test_of_nothing_everything_is_null_or_empty(whole: Whole) -> None:
    for refreshed in (False, True):
        if refreshed:
            await whole.refresh(local(0, 12))
        await whole.everything()
        for of in OF_A_VENUE:
            assert (await whole.client.get(f"/venues/resy/v{of}")).status == 404, of
        found = (await whole.get("/market/metrics"))["metrics"]
        assert found["drops_total"] == {"value": None, "samples": 0}
        assert (await whole.get("/market/supply"))["total"]["open_now"] is None
        assert (await whole.get("/venues/rankings"))["venues"] == []
    assert "No venue has enough samples yet" in await whole.report()
    assert await whole.export() == []
    path = str(whole.folder / "events.parquet")
    assert "0 events" in await whole.command(exports, "events", "-o", path)
    assert parquet.read_table(path).num_rows == 0
    assert "0 days of 0 venues" in await whole.command(metrics, "refresh", "--everything")
    assert "Removed: 0 events" in await whole.command(retention, "run")


async def test_of_a_venue_that_is_new_everything_is_null(whole: Whole) -> None:
    await whole.learn()
    await whole.everything("resy/v")
    assert (await whole.of_venue())["drop_frequency_per_day"] == {"value": None, "samples": 0}
    (drawn,) = (chart for chart in whole.drawer.charts if chart.title == "Chez V")
    assert [day.drops for day in drawn.days] == [None] * 30


async def test_one_event_is_one_drop_and_nothing_is_said_of_time(whole: Whole) -> None:
    await whole.learn()
    scene = await StoredScene.begin(whole.city.store)
    await scene.keep(call(0, {"v": []}))
    await scene.keep(call(5, {"v": [EIGHT]}))
    await whole.refresh(after(60))

    await whole.everything("resy/v")

    found = await whole.of_venue()
    assert (found["drops"], found["drop_frequency_per_day"]) == (1, {"value": None, "samples": 0})
    assert found["scarcity_score"]["value"] is None
    market = (await whole.get("/market/metrics"))["metrics"]
    assert market["drops_total"] == {"value": 1, "samples": 1}
    assert market["drops_per_observed_hour"]["value"] is None
    assert market["prime_time_volatility_index"]["value"] is None
    assert [event["event_type"] for event in await whole.export()] == ["NEW_DROP"]


async def test_one_venue_that_was_looked_at_without_an_event_has_zeros_that_were_seen(whole: Whole) -> None:
    await whole.learn()
    await whole.city.observe(0)
    await whole.refresh(local(1, 1))

    await whole.everything("resy/v")

    found = await whole.of_venue()
    assert found["drop_frequency_per_day"] == {"value": 0.0, "samples": 1}
    assert found["median_drop_duration_seconds"]["value"] is None
    assert found["avg_drop_duration_seconds"]["value"] is None
    assert [one["venue_id"] for one in (await whole.get("/venues/rankings"))["venues"]] == ["v"]


async def test_a_day_without_scans_is_no_day_without_drops(whole: Whole) -> None:
    await whole.learn()
    for day in (0, 2):
        await whole.city.observe(day)
        await whole.city.drop(local(day, 9), 142)
    await whole.refresh(local(3, 1))

    await whole.everything("resy/v")

    found = await whole.of_venue()
    assert found["drop_frequency_per_day"] == {"value": 1.0, "samples": 2}
    assert found["volatility_score"] == {"value": 0.0, "samples": 2}
    assert "Chez V" in await whole.report()  # on two days only, but there is no other
    tuesday = f"from={local(1, 0):%Y-%m-%dT%H:%M:%SZ}&to={local(2, 0):%Y-%m-%dT%H:%M:%SZ}"
    market = (await whole.get(f"/market/metrics?{tuesday}"))["metrics"]
    assert market["drops_total"] == {"value": None, "samples": 0}
    assert {hour["drops"] for hour in market["drops_per_hour"]} <= {None}
    drawn = next(chart for chart in whole.drawer.charts if chart.title == "Chez V")
    assert [day.drops for day in drawn.days] == [*[None] * 26, 1, None, 1, None]


@pytest.mark.parametrize(
    ("changes_on", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)], ids=["spring", "autumn"]
)
async def test_the_days_on_which_clocks_change_are_as_long_as_they_are(
    store: PostgresStore, dsn: str, whole: Whole, changes_on: date, hours: int
) -> None:
    whole.city = await City.begin(store, dsn, changes_on)
    day = (changes_on - MONDAY).days
    await whole.learn()
    await whole.city.observe(day, hours)
    first = local(day, 0)
    for hour in range(hours):  # one in every hour, the one that comes twice with it
        await whole.city.drop(first + timedelta(hours=hour, minutes=30), 600)
    await whole.refresh(local(day + 1, 1))

    await whole.everything("resy/v")

    found = await whole.of_venue()
    assert (found["drops"], found["observed_days"]) == (hours, pytest.approx(hours / 24))
    assert found["drop_frequency_per_day"]["value"] == pytest.approx(24)
    local_one = local_day(changes_on, ZONE)
    assert local_one.end - local_one.start == hours * HOUR
    until = local(day + 1, 0)
    asked = f"from={first:%Y-%m-%dT%H:%M:%SZ}&to={until:%Y-%m-%dT%H:%M:%SZ}"
    market = (await whole.get(f"/market/metrics?{asked}"))["metrics"]
    assert [hour["drops"] for hour in market["drops_per_hour"]] == [1] * hours
    assert market["drops_total"] == {"value": hours, "samples": hours}
    by_hour = {one["key"]: one["drops"] for one in market["drops_by_hour_of_day"]}
    assert sum(by_hour.values()) == hours
    assert (by_hour.get(2, 0), by_hour[1]) == ((0, 1) if hours == 23 else (1, 2))


async def test_a_venue_that_changes_its_name_has_the_newest_everywhere_and_one_line_of_figures(
    whole: Whole,
) -> None:
    await whole.learn(name="Chez V")
    for day in range(2):
        await whole.city.observe(day)
        await whole.city.drop(local(day, 9), 142, venue_name="Chez V" if day == 0 else "Maison V")
        await whole.refresh(local(day, 23))
        await whole.learn(name="Maison V")
    await whole.city.observe(2)
    await whole.refresh(local(3, 1))

    await whole.everything("resy/v")

    assert (await whole.get("/venues/resy/v/metrics"))["venue_name"] == "Maison V"
    (ranked,) = (await whole.get("/venues/rankings"))["venues"]
    assert (ranked["venue_name"], ranked["figures"]["drops"]) == ("Maison V", 2)
    history = await whole.get("/venues/resy/v/history")
    assert len(history["events"]) == 4
    assert "Maison V" in await whole.report()
    assert "Chez V" not in await whole.report()
    assert {chart.title for chart in whole.drawer.charts} <= {"Maison V", "All venues of nyc"}


async def test_a_restaurant_on_two_platforms_has_figures_at_each(whole: Whole) -> None:
    for provider in ("resy", "opentable"):
        await whole.learn(provider=provider)
        await whole.city.observe(0, provider=provider)
    await whole.city.drop(local(0, 9), 142)
    for hour in (10, 11):
        await whole.city.drop(local(0, hour), 300, provider="opentable")
    await whole.refresh(local(1, 1))

    await whole.everything("resy/v", "opentable/v")

    assert [(await whole.of_venue(one))["drops"] for one in ("resy/v", "opentable/v")] == [1, 2]
    market = (await whole.get("/market/metrics"))["metrics"]
    assert market["drops_total"]["value"] == 3
    assert market["observed_hours"] == 24
    ranked = (await whole.get("/venues/rankings?by=drop_frequency_per_day"))["venues"]
    assert [(one["provider"], one["figures"]["drops"]) for one in ranked] == [("resy", 1), ("opentable", 2)]
    only = (await whole.get("/venues/rankings?provider=opentable"))["venues"]
    assert [one["provider"] for one in only] == ["opentable"]


async def test_after_emptying_the_service_knows_no_figure_any_more(whole: Whole) -> None:
    await whole.learn()
    await whole.learn("834", name="Carbone")
    assert await whole.found("Carbone") == "one"
    await whole.city.observe(0)
    await whole.city.drop(local(0, 9), 142)
    await whole.refresh(local(1, 1))
    known = whole.service.figures
    assert known is not None
    assert known.scarcities.of("resy", "v") is not None
    scene = Scene()
    for minute in (0, 5):
        known.observed(scene.poll(call(minute, {"v": [EIGHT]})))  # in memory only yet

    body = {"confirm": await whole.city.store.database_name()}
    assert (await whole.client.post("/admin/clear-db", body)).status == 200

    assert known.scarcities.of("resy", "v") is None
    assert await whole.found("Carbone") == "none"
    await known.save()
    async with whole.city.store.figures.rolled.reading("19:00", lambda _, __: None) as view:
        assert await view.observed("nyc", MONDAY, DAY) == []
    await whole.everything()
    assert (await whole.get("/venues/rankings"))["venues"] == []
    assert (await whole.get("/market/metrics"))["computed_at"] is None
    assert (await whole.get("/insights/forecasts"))["forecasts"] == []


def messages(answer: Answer) -> dict[str, str]:
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


WRONG = (
    ("/market/metrics?market=sfo", "market", "nyc"),
    ("/market/metrics?window=0d", "window", "up to 400 days"),
    ("/market/metrics?window=401d", "window", "up to 400 days"),
    ("/market/metrics?from=2026-02-20T00:00:00Z", "from", "in the future"),
    ("/market/metrics?to=2026-02-20T00:00:00Z", "to", "in the future"),
    ("/insights/alerts?from=2026-02-15T00:00:00Z&to=2026-02-14T00:00:00Z", "to", "after from"),
    ("/insights/alerts?from=2020-01-01T00:00:00Z", "from", "last 400 days"),
    ("/market/supply?market=sfo", "market", "nyc"),
    ("/market/supply?provider=tock", "provider", "resy, opentable"),
    ("/venues/rankings?provider=tock", "provider", "resy, opentable"),
    ("/venues/rankings?market=sfo", "market", "nyc"),
    ("/venues/resy/v/metrics?window_days=0", "window_days", "1, 7, 14, 30, 90"),
    ("/venues/resy/v/chart.svg?window_days=0", "window_days", "from 1 to 90"),
    ("/venues/resy/v/forecast?dates=2026-02-18&hours=0", "hours", "from 1 to 336"),
    ("/insights/forecasts?market=sfo", "market", "nyc"),
)


async def test_what_is_wrong_is_named_with_what_is_allowed(whole: Whole) -> None:
    for path, field, said in WRONG:
        answer = await whole.client.get(path)
        assert answer.status == 400, path
        assert said in messages(answer)[field], path
