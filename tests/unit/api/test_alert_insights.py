"""What came of alerts, over HTTP, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tablewire.api.insights.alerts import routes
from tablewire.domain.alert_events import AlertEvent, AlertType
from tablewire.domain.markets import NYC
from tablewire.domain.venue_names import VenueWish
from tablewire.services.alert_events import AlertEvents
from tablewire.services.alert_figures import AlertInsight
from tablewire.services.drop_counts import DropCounts
from tablewire.storage.store import PostgresStore
from tests.api_client import Client, serving
from tests.unit.domain.scenes import EIGHT, NINE, after
from tests.wish_scenes import WishScene

NOW = after(60)


@pytest.fixture
async def scene(store: PostgresStore) -> WishScene:
    """Ann wishes for tables for two at v, and has been told of two."""
    scene = await WishScene.begin(store)
    await scene.goal(party_size=2, venues=[VenueWish(provider="resy", venue_id="v")], preferred_time="20:00")
    await scene.poll(1, {"v": [EIGHT, NINE], "w": [EIGHT]})
    assert len(await scene.match()) == 2
    return scene


@pytest.fixture
async def client(scene: WishScene) -> AsyncIterator[Client]:
    drops = DropCounts(scene.store.market_figures, [NYC])
    insight = AlertInsight(scene.store.alert_figures, drops, lambda: NOW)
    async with serving(routes(insight, lambda: NOW), user=scene.ann) as client:
        yield client


async def act(scene: WishScene, *types: AlertType) -> None:
    """Ann does something about the first of her notifications, a minute later."""
    first = (await scene.notifications.of_user(scene.ann.id, None, 10))[-1]
    events = [
        AlertEvent(
            client_id=kind.value,
            event_type=kind,
            notification_id=first.id,
            occurred_at=first.created_at + timedelta(minutes=1),
            channel="app",
        )
        for kind in types
    ]
    await AlertEvents(scene.store.people.alert_events, lambda: NOW).take(scene.ann, events, many=True)


async def asked(client: Client, **query: Any) -> Any:
    answer = await client.get("/insights/alerts", **query)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_the_funnel_is_told_whole_and_cut(scene: WishScene, client: Client) -> None:
    await act(scene, AlertType.ALERT_OPENED, AlertType.TAP_TO_RESERVE, AlertType.BOOKING_CONFIRMED)
    alerts = (await asked(client))["alerts"]

    assert {name: alerts["total"][name] for name in ("sent", "opened", "tapped", "booked")} == {
        "sent": 2,
        "opened": 1,
        "tapped": 1,
        "booked": 1,
    }
    assert alerts["total"]["sent_to_booked"] == {"value": 0.5, "samples": 2}
    assert alerts["total"]["median_seconds_to_action"] == {"value": 60.0, "samples": 1}
    assert set(alerts["by_filter"]) == {"party_size", "preferred_time", "venues"}
    assert set(alerts["by_channel"]) == {"app"}


async def test_goals_have_their_rates(scene: WishScene, client: Client) -> None:
    await act(scene, AlertType.TAP_TO_RESERVE)
    goals = (await asked(client))["goals"]

    (one,) = goals["each"]
    assert one["name"] == "dinner"
    assert one["figures"]["match_rate"] == {"value": 2 / 3, "samples": 3}
    assert one["figures"]["conversion_rate"] == {"value": 0.5, "samples": 2}
    assert goals["all"]["share_of_drops_matched"] == {"value": 2 / 3, "samples": 3}


async def test_what_is_anothers_counts_for_nobody_else(scene: WishScene, client: Client) -> None:
    client.user = scene.bob
    found = await asked(client)

    assert (found["alerts"]["total"]["sent"], found["goals"]["each"]) == (0, [])
    assert found["alerts"]["total"]["sent_to_opened"] == {"value": None, "samples": 0}


async def test_only_an_admin_sees_all_and_nobodys_names(scene: WishScene, client: Client) -> None:
    client.user = scene.bob
    assert (await client.get("/insights/alerts", all="true")).status == 403
    client.user = msgspec.structs.replace(scene.bob, is_admin=True)
    found = await asked(client, all="true")

    assert (found["alerts"]["total"]["sent"], found["goals"]["each"]) == (2, [])


async def test_an_alert_belongs_to_the_window_in_which_it_was_sent(scene: WishScene, client: Client) -> None:
    before = await asked(client, to=after(0.5).isoformat())
    there = await asked(client, **{"from": after(0).isoformat(), "to": after(30).isoformat()})

    assert (before["alerts"]["total"]["sent"], there["alerts"]["total"]["sent"]) == (0, 2)
    assert there["window_end"] == "2026-02-18T17:30:00Z"


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"window": "soon"}, ["window"]),
        ({"window": "1d", "from": "2026-02-18T00:00:00Z"}, ["window"]),
        ({"from": "2026-02-18"}, ["from"]),
        ({"from": "2026-02-18T00:00:00"}, ["from"]),
        ({"from": "2027-01-01T00:00:00Z"}, ["from"]),
        ({"from": "2026-02-18T00:00:00Z", "to": "2026-02-17T00:00:00Z"}, ["to"]),
        ({"all": "yes"}, ["all"]),
        ({"user": "2"}, ["user"]),
    ],
)
async def test_a_wrong_window_is_named(client: Client, query: dict[str, str], wrong: list[str]) -> None:
    answer = await client.get("/insights/alerts", **query)

    assert (answer.status, answer.wrong) == (400, wrong)
