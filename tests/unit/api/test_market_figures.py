"""A market's figures and supply, over HTTP, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tablewire.api.market.figures import KnownNames, routes
from tablewire.domain.markets import NYC
from tablewire.domain.state import Pair
from tablewire.engine.market_rollups import MarketRollups
from tablewire.insights.market_metrics import METRIC_TYPES
from tablewire.live.board import Board
from tablewire.live.fill import BoardFill
from tablewire.services.market_figures import MarketInsight
from tablewire.services.supply import SupplyInsight
from tablewire.storage.store import PostgresStore
from tests.api_client import Client, serving
from tests.stored_log import store_log
from tests.unit.live.doubles import make_slot, make_state

NOW = datetime(2026, 2, 16, 18, 30, tzinfo=UTC)


def known(store: PostgresStore) -> KnownNames:
    return KnownNames(providers=("resy", "opentable"), book=store)


@pytest.fixture
async def client(store: PostgresStore, dsn: str) -> AsyncIterator[Client]:
    """Five drops an hour and a half ago, rolled up now, and one table open."""
    await store_log(dsn, 10, NOW - timedelta(minutes=90))
    board, state = Board(), make_state(make_slot("19:00", in_baseline=True))
    state.pairs[2] = {"834": Pair(count=1, observed_at=NOW)}
    board.put(state)
    fill, book = BoardFill(board), store.market_figures
    await MarketRollups(book, fill).roll_up(NYC, NOW)
    insight, supply = MarketInsight(book, fill, lambda: NOW), SupplyInsight(book, fill, lambda: NOW)
    async with serving(routes([NYC], insight, supply, lambda: NOW, known(store))) as client:
        yield client


async def test_a_market_has_every_metric_type(client: Client) -> None:
    answer = await client.get("/market/metrics", window="24h")
    found = answer.json()

    assert (answer.status, set(found["metrics"])) == (200, set(METRIC_TYPES))
    assert (found["window_start"], found["window_end"]) == ("2026-02-15T18:30:00Z", "2026-02-16T18:30:00Z")
    assert [hour["drops"] for hour in found["metrics"]["drops_per_hour"] if hour["drops"]] == [5]
    assert found["metrics"]["drops_by_day_of_week"] == {"2": 5}


async def test_only_the_metric_types_that_are_asked_for_are_told(client: Client) -> None:
    found = (await client.get("/market/metrics?metric_type=drops_by_neighborhood,observed_hours")).json()

    assert found["metrics"] == {"drops_by_neighborhood": {"NoHo": 5}, "observed_hours": 0.0}


async def test_drops_can_be_cut(client: Client) -> None:
    cut = "metric_type=drops_by_neighborhood&weekday=wed&time_bucket=prime"

    assert (await client.get(f"/market/metrics?{cut}")).json()["metrics"] == {
        "drops_by_neighborhood": {"NoHo": 5}
    }
    assert (await client.get(f"/market/metrics?{cut}&neighborhood=SoHo")).json()["metrics"] == {
        "drops_by_neighborhood": {}
    }


async def test_supply_is_told_together_and_by_bucket(client: Client) -> None:
    found = (await client.get("/market/supply", time_slot="19:00")).json()

    assert [bucket["bucket_id"] for bucket in found["buckets"]] == ["2026-02-18_19:00"]
    assert (found["total"]["open_now"], found["total"]["scarcity_delta"]) == (1, None)
    assert (await client.get("/market/supply", weekend="true")).json()["buckets"] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/market/metrics?metric_type=drops", ["metric_type"]),
        ("/market/metrics?market=sfo&weekday=someday", ["market", "weekday"]),
        ("/market/metrics?time_bucket=late&neighborhood=-", ["neighborhood", "time_bucket"]),
        ("/market/metrics?window=500d", ["window"]),
        ("/market/metrics?window=0d", ["window"]),
        ("/market/metrics?from=2026-02-17T00:00:00Z", ["from"]),
        ("/market/metrics?from=2024-02-17T00:00:00Z", ["from"]),
        ("/market/metrics?to=2026-02-17T00:00:00Z", ["to"]),
        ("/market/metrics?from=2026-02-15T00:00:00Z&to=2026-02-14T00:00:00Z", ["to"]),
        ("/market/supply?provider=tock", ["provider"]),
        ("/market/supply?date_from=2026-02-18&date_to=2026-02-17", ["date_to"]),
        ("/market/supply?date=2026-02-30&date_from=tomorrow", ["date", "date_from"]),
        ("/market/supply?bucket_id=tonight", ["bucket_id"]),
        ("/market/supply?weekend=1", ["weekend"]),
    ],
)
async def test_what_is_wrong_is_named(client: Client, path: str, wrong: list[str]) -> None:
    answer = await client.get(path)

    assert (answer.status, answer.wrong) == (400, wrong)


async def test_where_several_markets_are_watched_one_has_to_be_named(store: PostgresStore) -> None:
    other = NYC.__class__(id="sfo", time_zone="America/Los_Angeles", latitude=0, longitude=0, radius_m=1)
    fill, book = BoardFill(Board()), store.market_figures
    insight, supply = MarketInsight(book, fill, lambda: NOW), SupplyInsight(book, fill, lambda: NOW)
    async with serving(routes([NYC, other], insight, supply, lambda: NOW, known(store))) as client:
        assert (await client.get("/market/supply")).wrong == ["market"]
        assert (await client.get("/market/supply?market=sfo")).json()["buckets"] == []
