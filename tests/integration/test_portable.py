"""The file of everything that a user has made, over HTTP and on PostgreSQL."""

import socket
from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest

from tablewire.api.channels.controller import routes as channel_routes
from tablewire.api.portable.controller import routes
from tablewire.domain.goals import Goal
from tablewire.domain.markets import NYC
from tablewire.domain.notifications import Kind
from tablewire.domain.notify_requests import NotifyRequest
from tablewire.domain.polled import Polled
from tablewire.domain.slots import Venue
from tablewire.domain.users import User
from tablewire.domain.watches import Watch
from tablewire.live.restaurants import Restaurants
from tablewire.notifications.courier import ChannelCourier
from tablewire.notifications.guard import Guard
from tablewire.notifications.names import Names
from tablewire.notifications.sealing import FernetSealer
from tablewire.notifications.webpush import PushKey
from tablewire.services.channels import Channels
from tablewire.services.goals import Goals
from tablewire.services.named_venues import VenueFinder
from tablewire.services.notify_requests import NotifyRequests
from tablewire.services.portable import Portable
from tablewire.services.portable_channels import ChannelShelf
from tablewire.services.portable_watches import WatchShelf
from tablewire.services.portable_wishes import GoalShelf, RequestShelf
from tablewire.services.watches import Watches
from tablewire.storage.accounts import PostgresAccounts
from tablewire.storage.channels import PostgresChannels
from tablewire.storage.goals import PostgresGoals
from tablewire.storage.notify_requests import PostgresNotifyRequests
from tablewire.storage.store import PostgresStore
from tablewire.storage.watches import PostgresWatches
from tests.api_client import Client, serving
from tests.clock import START, StepClock

TODAY = date(2026, 2, 11)
SOON = str(TODAY + timedelta(days=3))
CARBONE = {"provider": "resy", "venue_id": "834", "name": "Carbone"}
FILE: dict[str, Any] = {
    "format": "tablewire-1",
    "channels": [
        {"name": "phone", "type": "apprise", "url": "ntfys://ntfy.sh/my-tables", "kinds": ["notify"]},
        {
            "name": "hook",
            "type": "webhook",
            "url": "https://203.0.114.7/in",
            "quiet": {"from": "22:00", "to": "07:30"},
        },
    ],
    "watches": [
        {"mode": "specific", "venues": [CARBONE], "filters": {"party_size": 2}, "every_minutes": 30},
        {"mode": "new", "filters": {"neighborhood": ["Greenwich Village"]}, "paused": True},
    ],
    "notify_requests": [
        {"venues": [CARBONE], "dates": [SOON], "time_from": "19:00", "party_size": 2, "once": False}
    ],
    "goals": [{"name": "dinner", "weekdays": ["fri"], "venues": [CARBONE], "min_score": 0.25}],
}
KINDS = ("channels", "watches", "notify_requests", "goals")


class Quiet:
    """Nobody matches, and nobody checks."""

    def changed(self, wish: NotifyRequest | Goal) -> None:
        """It was made."""

    def deleted(self, kind: Kind, wish_id: int) -> None:
        """It is gone."""

    async def run_now(self, user_id: int, watch_id: int) -> Watch | None:
        return None


class People:
    """A client, and those who ask by it."""

    def __init__(self, client: Client, ann: User, bob: User) -> None:
        self.client, self.ann, self.bob = client, ann, bob

    async def bring(self, file: Any) -> dict[str, dict[str, int]]:
        answer = await self.client.post("/me/import", file)
        assert answer.status == 200, answer.body
        brought = answer.json()
        self.secrets = brought.pop("webhook_secrets")
        return {kind: {what: n for what, n in counts.items() if n} for kind, counts in brought.items()}

    async def file(self, **query: Any) -> dict[str, Any]:
        answer = await self.client.get("/me/export", **query)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def people(store: PostgresStore) -> AsyncIterator[People]:
    clock, quiet, pool, engine = StepClock(), Quiet(), store._pool, store._engine
    accounts = PostgresAccounts(pool, engine)
    users = [
        await accounts.add(name, is_admin=False, time_zone="UTC", token=name.encode(), at=START)
        for name in ("ann", "bob")
    ]
    ann, bob = (user for user in users if user is not None)
    await store.learn([Venue(provider="resy", venue_id="834", name="Carbone")], START)
    sealer, book = FernetSealer(b"k" * 32), PostgresChannels(engine)
    courier = ChannelCourier(
        sealer=sealer,
        guard=Guard.of(["ntfy.sh"]),
        push_key=PushKey(b"secret", "mailto:ann@tables.example"),
        user_agent="tablewire/test",
        now=clock.now,
        names=Known(),
    )
    finder = VenueFinder(store, Restaurants())
    polled = Polled(markets=(NYC,), window_days=14, party_sizes=(2, 4))
    channels = Channels(book, courier, clock.now)
    watches = Watches(
        book=PostgresWatches(engine), finder=finder, checker=quiet, polled=polled, now=clock.now
    )
    requests = NotifyRequests(PostgresNotifyRequests(engine), finder, quiet, polled, clock.now)
    goals = Goals(PostgresGoals(engine), finder, quiet, polled, clock.now)
    shelf = ChannelShelf(channels, book, sealer)
    portable = Portable(
        {
            "channels": shelf,
            "watches": WatchShelf(watches),
            "notify_requests": RequestShelf(requests, polled, clock.now),
            "goals": GoalShelf(goals, polled, clock.now),
        }
    )
    told = [*routes(portable, shelf, clock.now), *channel_routes(channels)]
    async with serving(told, user=ann) as client:
        yield People(client, ann, bob)
    await courier.aclose()


class Known(Names):
    """Names are not looked up: all are at one address of the internet."""

    async def look_up(self, host: str) -> Any:
        return [(socket.AF_INET, "203.0.114.7")]


async def test_what_was_written_makes_the_same_again_for_somebody_else(people: People) -> None:
    assert await people.bring(FILE) == {
        "channels": {"made": 2},
        "watches": {"made": 2},
        "notify_requests": {"made": 1},
        "goals": {"made": 1},
    }
    written = await people.file(secrets="true")
    people.client.user = people.bob
    await people.bring(written)
    again = await people.file(secrets="true")
    assert {kind: again[kind] for kind in KINDS} == {kind: written[kind] for kind in KINDS}
    assert [channel["url"] for channel in again["channels"]] == [one["url"] for one in FILE["channels"]]
    assert again["watches"][0]["venues"] == again["goals"][0]["venues"] == [CARBONE]


async def test_a_second_time_makes_no_doubles(people: People) -> None:
    await people.bring(FILE)
    everything = {kind: {"there_before": len(FILE[kind])} for kind in KINDS}
    assert await people.bring(FILE) == everything
    assert await people.bring(await people.file(secrets="true")) == everything
    assert await people.bring(await people.file()) == everything


async def test_addresses_are_in_the_file_only_where_they_are_asked_for(people: People) -> None:
    await people.bring(FILE)
    assert [channel["url"] for channel in (await people.file())["channels"]] == [None, None]


async def test_a_channel_without_its_address_waits_paused_until_it_gets_one(people: People) -> None:
    await people.bring(FILE)
    file = await people.file()
    people.client.user = people.bob
    await people.bring(file)
    hook, phone = (await people.client.get("/channels")).json()["channels"]
    assert [(one["name"], one["paused"], one["url"]) for one in (phone, hook)] == [
        ("phone", True, "(no address)"),
        ("hook", True, "(no address)"),
    ]
    changed = await people.client.patch(
        f"/channels/{phone['id']}", {"url": "ntfys://ntfy.sh/bobs", "paused": False}
    )
    assert changed.json()["url"] == "ntfys://ntfy.sh/…"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"quiet": {"from": "07:00", "to": "07:00"}}, "quiet"),
        ({"kinds": ["goal", "goal"]}, "kinds"),
    ],
)
@pytest.mark.parametrize("address", [{}, {"url": "ntfys://ntfy.sh/my-tables"}])
async def test_a_channel_is_looked_at_as_its_own_address_does(
    people: People, wrong: dict[str, Any], field: str, address: dict[str, str]
) -> None:
    channel = {"name": "phone", "type": "apprise", **address, **wrong}
    answer = await people.client.post("/me/import", {"format": "tablewire-1", "channels": [channel]})
    assert answer.wrong == [f"channels[0].{field}"]
    assert (await people.client.get("/channels")).json()["channels"] == []


async def test_a_webhook_gets_a_new_key_which_is_told_once(people: People) -> None:
    await people.bring(FILE)
    [told] = people.secrets
    assert told["name"] == "hook"
    assert told["secret"].startswith("whsec_")
    await people.bring(FILE)
    assert people.secrets == []


async def test_everything_that_is_wrong_is_named_by_its_place_and_nothing_is_made(people: People) -> None:
    file = deepcopy(FILE)
    file["goals"] += [{"name": "lunch", "time_from": "noon", "venue": []}]
    file["watches"][0]["every_minutes"] = "often"
    answer = await people.client.post("/me/import", file)
    assert (answer.status, sorted(answer.wrong)) == (
        400,
        ["goals[1].time_from", "goals[1].venue", "watches[0].every_minutes"],
    )
    file = deepcopy(FILE)
    file["goals"] += [{"name": "lunch", "venues": [{"name": "Nowhere"}]}]
    file["channels"][1]["url"] = "https://10.0.0.1/in"
    file["watches"][0]["filters"] = {"party": 2}
    answer = await people.client.post("/me/import", file)
    assert (answer.status, answer.wrong) == (
        400,
        ["channels[1].url", "watches[0].filters.party", "goals[1].venues[0]"],
    )
    written = await people.file()
    assert [written[kind] for kind in KINDS] == [[], [], [], []]


async def test_where_there_are_too_many_of_something_nothing_stays(people: People) -> None:
    file = deepcopy(FILE)
    file["channels"] = [
        {"name": f"hook {n}", "type": "webhook", "url": "https://203.0.114.7/in"} for n in range(21)
    ]
    answer = await people.client.post("/me/import", file)
    assert answer.status == 409
    assert "channels[20]" in answer.json()["detail"]
    assert (await people.file())["channels"] == []


async def test_what_is_over_comes_back_inactive_or_not_at_all(people: People) -> None:
    file = deepcopy(FILE)
    file["notify_requests"][0]["dates"] = [str(TODAY - timedelta(days=1))]
    file["goals"][0]["date_to"] = str(TODAY - timedelta(days=1))
    assert (await people.bring(file))["notify_requests"] == {"over": 1}
    [goal] = (await people.file())["goals"]
    assert goal["active"] is False
    assert (await people.bring(file))["goals"] == {"there_before": 1}


async def test_a_file_of_something_else_is_refused(people: People) -> None:
    answer = await people.client.post("/me/import", {"format": "tablewire-2"})
    assert (answer.status, answer.wrong) == (400, ["format"])
    assert "tablewire-1" in answer.json()["detail"]
