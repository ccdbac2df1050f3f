"""What belongs to users, in a service on PostgreSQL."""

import re
from pathlib import Path

import anyio
import pytest

from tablewire.app import Service
from tablewire.domain.channels import ChannelType
from tablewire.domain.notifications import Facts, Kind, Telling
from tablewire.domain.wanted import WantedVenue
from tablewire.people import People
from tablewire.settings import Settings
from tablewire.storage.channel_door import NewChannel
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics
from tests.clock import StepClock
from tests.integration.test_users_apart import accounts_on


@pytest.fixture
def people(store: PostgresStore, tmp_path: Path) -> People:
    settings = Settings.load({"TABLEWIRE_DATA_DIR": str(tmp_path)})
    metrics = Metrics(version="0", demo=False)
    service = Service(settings, store, {}, metrics, accounts=accounts_on(store), clock=StepClock())
    assert service.people is not None
    return service.people


async def _wait_for_delivery(people: People) -> None:
    """A notification, and a channel that it has to go to."""
    books, now = people.core.store.people, people.core.clock.now()
    user, _ = await accounts_on(people.core.store).add("ann")
    new = NewChannel(
        user_id=user.id,
        name="hook",
        type=ChannelType.WEBHOOK,
        address=b"cannot be read",
        shown="https://hooks.example/…",
    )
    assert await books.channels.make(new, now, 1) is not None
    table = Telling(
        user_id=user.id,
        kind=Kind.SYSTEM,
        title="Carbone",
        body="Fri 20 Feb 20:30",
        slot_key="slot-1",
        opening="1",
        facts=Facts(provider="resy", venue_id="834"),
    )
    await books.notifications.tell([table], now)


async def test_the_metrics_say_how_full_the_outbox_is(people: People) -> None:
    await _wait_for_delivery(people)
    await people.core.clock.sleep(90)
    async with anyio.create_task_group() as group:
        await people.deliver.turn(group)
    shown = people.core.metrics.render().decode()
    assert "tablewire_outbox_deliveries 1.0" in shown
    age = re.search(r"^tablewire_outbox_age_seconds (.+)$", shown, re.MULTILINE)
    assert age is not None
    assert int(float(age[1])) == 90


@pytest.mark.parametrize("source", ["notify", "watches", "watch_list"])
async def test_of_an_emptied_store_nothing_is_wanted_for_users(people: People, source: str) -> None:
    wanted = people.core.discovery.wanted
    wanted.set_wanted("settings", [WantedVenue(provider="resy", venue_id="1")])
    wanted.set_wanted(source, [WantedVenue(provider="resy", venue_id="2")])
    people.forget()
    assert wanted.venues_of("resy") == {"1"}
