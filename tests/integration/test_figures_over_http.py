"""The figures of venues, as clients get them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tablewire.api.figures.forecasts import routes as forecast_routes
from tablewire.api.figures.rankings import KnownNames
from tablewire.api.figures.rankings import routes as ranking_routes
from tablewire.api.figures.refresh import routes as refresh_routes
from tablewire.api.figures.venue import routes as venue_routes
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import Venue
from tablewire.engine.forecasting import Forecasting
from tablewire.engine.rollups import Rollups
from tablewire.engine.scarcities import Scarcities
from tablewire.insights.stays import Stay
from tablewire.live.restaurants import Restaurants
from tablewire.services.forecasts import Forecasts
from tablewire.services.venue_figures import VenueFigureService, VenueWindows
from tablewire.storage.store import PostgresStore
from tests.api_client import ROOT, Client, serving
from tests.integration.test_rollups import NYC, City, local, three_days
from tests.stored_forecasts import store_days


class NothingOpen:
    def at(self, _: Listing) -> list[Stay]:
        return []


@pytest.fixture
async def city(store: PostgresStore, dsn: str) -> City:
    city = await City.begin(store, dsn)
    await store.learn(
        [
            Venue(provider="resy", venue_id=venue_id, name=f"Chez {venue_id}", neighborhood="SoHo")
            for venue_id in ("v", "w")
        ],
        local(0, 0),
    )
    figures = store.figures
    city.rollups = Rollups(
        figures.rolled,
        [NYC],
        "19:00",
        city.clock,
        after=[Forecasting(figures.rolled, figures.verdicts).after],
    )
    return city


@pytest.fixture
async def client(city: City) -> AsyncIterator[Client]:
    figures, store = city.store.figures, city.store
    windows = VenueWindows(figures.rolled, NothingOpen(), [NYC], city.clock.now)
    of_venues = VenueFigureService(windows, store, figures.rankings)
    served = [
        *ranking_routes(
            of_venues, Restaurants(), KnownNames(markets=("nyc",), providers=("resy",), book=store)
        ),
        *venue_routes(of_venues),
        *forecast_routes(Forecasts(windows, store, figures.verdicts, city.clock.now), ("nyc",)),
        *refresh_routes(city.rollups),
    ]
    async with serving(served, user=ROOT) as client:
        yield client


async def test_a_venues_figures_come_with_their_samples(city: City, client: Client) -> None:
    await three_days(city, city.refresh)

    found = (await client.get("/venues/resy/v/metrics", cuts="weekday,time")).json()

    assert (found["venue_name"], found["market"], found["window_days"]) == ("Chez v", "nyc", 14)
    assert found["figures"]["drop_frequency_per_day"] == {"value": pytest.approx(3 / (54 / 24)), "samples": 3}
    assert found["figures"]["median_drop_duration_seconds"]["value"] == 600
    assert [(cut["weekday"], cut["time"], cut["lasting"]["count"]) for cut in found["cuts"]] == [
        ("sat", "21:00", 3)
    ]


async def test_friday_at_seven_lasts_so_long(city: City, client: Client) -> None:
    await three_days(city, city.refresh)

    asked = (await client.get("/venues/resy/v/metrics", weekday="sat", time="21:00", party_size=2)).json()
    other = (await client.get("/venues/resy/v/metrics", weekday="fri")).json()

    assert asked["asked"]["lasting"]["median"]["value"] == 600
    assert other["asked"]["lasting"] == {**other["asked"]["lasting"], "count": 0, "mean": None}


async def test_a_venue_without_any_observation_has_null_and_never_zero(client: Client) -> None:
    found = (await client.get("/venues/resy/w/metrics")).json()["figures"]
    assert found["drop_frequency_per_day"] == {"value": None, "samples": 0}
    assert found["scarcity_score"]["value"] is None


async def test_a_venue_that_was_never_seen_is_not_found(client: Client) -> None:
    assert (await client.get("/venues/resy/nobody/metrics")).status == 404
    assert (await client.get("/venues/resy/nobody/forecast", dates="2026-02-18")).status == 404


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/venues/resy/v/metrics?window_days=2", "window_days"),
        ("/venues/resy/v/metrics?cuts=month", "cuts"),
        ("/venues/resy/v/metrics?weekday=x&time=7", "weekday time"),
        ("/venues/resy/v/metrics?window_days=0", "window_days"),
        ("/venues/rankings?by=name&order=up", "by order"),
        (
            "/venues/rankings?market=sfo&provider=tock&neighborhood=Soho%20House",
            "neighborhood market provider",
        ),
        ("/insights/forecasts?market=sfo", "market"),
        ("/venues/resy/v/forecast", "dates"),
        ("/venues/resy/v/forecast?dates=2026-2-1", "dates"),
        ("/venues/resy/v/forecast?dates=2026-02-18&time_from=20:00&time_to=19:00", "time_to"),
    ],
)
async def test_what_is_wrong_is_named(client: Client, path: str, wrong: str) -> None:
    answer = await client.get(path)
    assert (answer.status, answer.wrong) == (400, wrong.split())


async def test_who_misspells_a_neighbourhood_is_told_the_closest(client: Client) -> None:
    (error,) = (await client.get("/venues/rankings?neighborhood=Sohoo")).json()["errors"]
    assert error["message"] == "no venue was ever seen in 'Sohoo'; the closest are SoHo"
    (error,) = (await client.get("/venues/rankings?neighborhood=Xyz")).json()["errors"]
    assert error["message"].endswith("there are 1, such as SoHo")


async def test_the_hardest_tables_come_first_page_by_page(city: City, client: Client) -> None:
    await three_days(city, city.refresh)

    first = (await client.get("/venues/rankings", by="drop_frequency_per_day", limit=1)).json()
    second = (
        await client.get(
            "/venues/rankings", by="drop_frequency_per_day", limit=1, before=first["next_cursor"]
        )
    ).json()
    there = (await client.get("/venues/rankings", neighborhood="soho")).json()

    assert [(one["rank"], one["venue_id"]) for one in (*first["venues"], *second["venues"])] == [
        (1, "v"),
        (2, "w"),
    ]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert len(there["venues"]) == 2


async def test_an_admin_has_the_figures_made_anew(city: City, client: Client) -> None:
    await city.observe(0)
    city.clock.not_before(local(1, 0))

    answer = await client.post("/admin/metrics/refresh?everything=true")

    assert answer.json()["markets"][0]["days"] == 1
    async with city.store.figures.rolled.reading("19:00", lambda _, __: None):
        assert (await client.post("/admin/metrics/refresh")).status == 409


async def test_a_forecast_that_has_proved_nothing_is_not_shown(city: City, client: Client) -> None:
    silent = (await client.get("/venues/resy/v/forecast", dates="2026-02-18")).json()
    await three_days(city, city.refresh)

    found = (await client.get("/venues/resy/v/forecast", dates="2026-02-19", hours=12)).json()
    verdicts = (await client.get("/insights/forecasts", market="nyc")).json()["forecasts"]

    assert silent["forecast"] is None
    assert "Too little" in silent["why_not"]
    assert found["forecast"] is None
    assert "base rate" in found["why_not"]
    assert len(verdicts) == 3


async def test_a_forecast_that_beats_the_base_rate_is_shown(city: City, client: Client) -> None:
    await many_days(city)

    found = (await client.get("/venues/resy/v0/forecast", dates=date_in(city, 1), hours=24)).json()
    rare = (await client.get("/venues/resy/v59/forecast", dates=date_in(city, 1), hours=24)).json()

    assert found["forecast"]["chance"] > rare["forecast"]["chance"]
    assert found["scores"]["1"]["trials"] >= 100
    assert found["scores"]["1"]["brier"] < found["scores"]["1"]["base_brier"]
    assert found["why_not"] is None


async def test_how_forecasts_did_is_shown_with_how_often_they_came_true(city: City, client: Client) -> None:
    await many_days(city)

    (one,) = (await client.get("/insights/forecasts", market="nyc")).json()["forecasts"]
    score = one["verdict"]["by_lead"]["1"]

    assert one["shown_days_ahead"] == [1]
    assert (one["learned_from"], one["held_out_from"]) == ("2026-02-09", "2026-03-02")
    assert sum(part["trials"] for part in score["reliability"]) == score["trials"]
    assert [part["mean_chance"] for part in score["reliability"]] == sorted(
        part["mean_chance"] for part in score["reliability"]
    )


async def test_why_a_forecast_is_not_shown_is_told_for_each_date(city: City, client: Client) -> None:
    await many_days(city)
    dates = ",".join(date_in(city, days) for days in (-2, 1, 9))

    found = (await client.get("/venues/resy/v0/forecast", dates=dates)).json()

    assert found["forecast"] is None
    assert "-2 days ahead: the date is over; 9 days ahead: none has been judged yet." in found["why_not"]
    assert "1 day ahead" not in found["why_not"]


async def test_goals_are_scored_with_the_scarcity_of_venues(city: City) -> None:
    await three_days(city, city.refresh)
    scarcities = Scarcities(city.store.figures.rolled)

    await scarcities.load()

    known = scarcities.of("resy", "v")
    assert known is not None
    assert 0 < known < 1
    assert scarcities.of("resy", "nobody") is None


def date_in(city: City, days: int) -> str:
    return (city.clock.now() + timedelta(days=days)).date().isoformat()


async def many_days(city: City) -> None:
    """Half of the venues drop a table for tomorrow every day, the others never do."""
    venues = [f"v{number}" for number in range(60)]
    await city.store.learn(
        [Venue(provider="resy", venue_id=venue_id, name=venue_id) for venue_id in venues], local(0, 0)
    )
    await store_days(city.store, venues, local(0, 0).date(), 21)
    await city.refresh(local(21, 1))
