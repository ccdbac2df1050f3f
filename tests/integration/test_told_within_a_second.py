"""A table opens, and its user hears of it in the app, by ntfy and by a signed webhook: each after its commit, each once.

The provider is the simulator over real HTTP, the service a process of its own on PostgreSQL; both receivers are real servers.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web as aiohttp_web
from standardwebhooks import Webhook

from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions
from tests.faults.service import Child, until, web
from tests.receivers import Receiver, Taken, receiver

PROGRAM = Path(__file__).parents[1] / "telling.py"
LISTENS = "Tablewire listens at "
VENUES = 6


class Hearing:
    """What the app's stream has said."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def notifications(self) -> list[dict[str, Any]]:
        """The notifications, in order; repeats would be here twice."""
        return [frame["data"] for frame in self.frames if frame["event"] == "notification"]


class Scene:
    """A quiet city, two receivers, and a service that is started and killed."""

    def __init__(
        self, city: Simulator, session: aiohttp.ClientSession, hook: Receiver, phone: Receiver
    ) -> None:
        self.city, self.session, self.hook, self.phone = city, session, hook, phone
        self.settings: dict[str, str] = {}
        self.address = ""
        self.secret = ""
        self.too_early = False
        """Whether a receiver heard of a table before anybody could read of it in the log."""
        self.strict = False
        hook.behave = phone.behave = self._check

    async def launch(self, *dies_at: str) -> Child:
        """Start the service, and do not wait for it."""
        return await Child.start(sys.executable, str(PROGRAM), *dies_at, settings=self.settings)

    async def start(self, *dies_at: str) -> Child:
        """Start the service, and wait until it listens."""
        child = await self.launch(*dies_at)
        self.address = (await child.until_it_says(LISTENS)).strip()
        return child

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the service answers."""
        async with self.session.request(method, f"{self.address}{path}", json=body) as answer:
            said = await answer.json(content_type=None)
            assert answer.status < 300, said
            return said

    async def connect(self) -> None:
        """Make both channels."""
        made = await self.ask(
            "POST", "/channels", {"name": "hook", "type": "webhook", "url": self.hook.url()}
        )
        self.secret = made["secret"]
        topic = self.phone.url("/tables", "ntfy")
        await self.ask("POST", "/channels", {"name": "phone", "type": "apprise", "url": topic})

    async def wish(self, **wish: Any) -> int:
        """A notify request for the venue, once the service has heard of it; answers its id."""
        await until(self._venue_is_known, "the venue is known")
        venue = {"provider": "resy", "venue_id": str(self.venue)}
        body = {"venues": [venue], "dates": [str(self.day)], "party_size": 2, **wish}
        return int((await self.ask("POST", "/notify-requests", body))["id"])

    @property
    def venue(self) -> int:
        """The venue that is wished for."""
        return next(iter(self.city.city.houses("resy")))

    @property
    def day(self) -> date:
        """A day within the window."""
        return date.fromordinal(sorted(self.city.city.inventory.days)[1])

    def open(self, time: str) -> None:
        """Put a table on the market by hand."""
        self.city.city.open(self.venue, f"{self.day} {time}", (2,))

    async def built(self) -> None:
        """Wait until every bucket has its baseline: from here on an opening is a drop."""

        async def all_built() -> bool:
            health = await self.ask("GET", "/discovery/health")
            return all(bucket["status"] == "ok" for bucket in health["bucket_health"])

        await until(all_built, "every bucket is built")

    async def notifications(self) -> list[dict[str, Any]]:
        """What the user was told, oldest first."""
        found: list[dict[str, Any]] = (await self.ask("GET", "/notifications"))["notifications"]
        return found[::-1]

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[Hearing]:
        """The app's stream, open."""
        heard = Hearing()
        headers = {"Accept": "application/x-ndjson"}
        async with self.session.get(f"{self.address}/notifications/stream", headers=headers) as answer:

            async def read() -> None:
                async for line in answer.content:
                    heard.frames.append(msgspec.json.decode(line))

            reading = asyncio.create_task(read(), name="the app's stream")
            await until(lambda: heard.frames, "hello")
            try:
                yield heard
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    def hooked(self) -> list[dict[str, Any]]:
        """What the webhook was told, its signatures verified."""
        return [self._verified(taken) for taken in self.hook.taken]

    def message_ids(self) -> list[str]:
        """The ids of the webhook's messages."""
        return [taken.headers["webhook-id"] for taken in self.hook.taken]

    def _verified(self, taken: Taken) -> dict[str, Any]:
        said: dict[str, Any] = Webhook(self.secret).verify(taken.body.decode(), taken.headers)
        return said

    async def _venue_is_known(self) -> bool:
        async with self.session.get(f"{self.address}/venues/resy/{self.venue}") as answer:
            return answer.status == 200

    async def _check(self, _: aiohttp_web.Request) -> aiohttp_web.StreamResponse:
        """When a receiver hears of a table, the log must have it already."""
        heard = max(len(self.hook.taken), len(self.phone.taken))
        if self.strict and len(await self.events()) < heard:
            self.too_early = True
        return aiohttp_web.Response(text="{}")

    async def events(self) -> list[dict[str, Any]]:
        """The log."""
        found: list[dict[str, Any]] = (await self.ask("GET", "/feed?since=0"))["events"]
        return found

    async def nothing_waits(self) -> bool:
        """Whether both receivers have heard something, and nothing is left to be sent."""
        channels = (await self.ask("GET", "/channels"))["channels"]
        return bool(self.hook.taken and self.phone.taken) and not any(one["pending"] for one in channels)


@pytest.fixture
async def scene(dsn: str, tmp_path: Path) -> AsyncIterator[Scene]:
    options = SimulatorOptions(venues=VENUES, quiet=True, empty=True)
    async with running_simulator(options) as city, web() as session, receiver() as hook, receiver() as phone:
        scene = Scene(city, session, hook, phone)
        scene.settings = {
            "DATABASE_URL": dsn,
            "DATA_DIR": str(tmp_path),
            "PROVIDERS": "resy",
            "RESY_BASE_URL": city.base_url,
            "RESY_API_KEY": "x",
            "RESY_RATE": "200/s",
            "POLL_INTERVAL": "0.3s",
            "PARTY_SIZES": "2",
            "WINDOW_DAYS": "2",
            "PORT": "0",
            "LOG_LEVEL": "warning",
            "CHANNEL_ALLOW": "127.0.0.0/8",
        }
        yield scene


async def test_an_open_table_reaches_the_app_ntfy_and_a_signed_webhook_once_and_in_order(
    scene: Scene,
) -> None:
    service = await scene.start()
    try:
        await scene.connect()
        await scene.wish(once=False)
        await scene.built()
        scene.strict = True
        async with scene.hearing() as heard:
            for count, time in enumerate(("20:00:00", "21:00:00"), start=1):
                scene.open(time)
                everybody = (heard.notifications, lambda: scene.hook.taken, lambda: scene.phone.taken)
                await until(lambda: all(len(told()) >= count for told in everybody), f"{time} reaches all")  # noqa: B023 - called within this turn
            told = await scene.notifications()
            assert [one["table"]["slot_time"] for one in told] == ["20:00:00", "21:00:00"]
            assert [bare(one) for one in heard.notifications()] == [bare(one) for one in told]
        hooked = [said["data"]["notifications"] for said in scene.hooked()]
        assert [[one["id"] for one in notifications] for notifications in hooked] == [
            [one["id"]] for one in told
        ]
        assert [taken.json()["title"] for taken in scene.phone.taken] == [one["title"] for one in told]
        assert len(set(scene.message_ids())) == 2
        assert not scene.too_early
        assert [one["event_id"] for one in told] == [event["id"] for event in await scene.events()]
        for one, event in zip(told, await scene.events(), strict=True):
            assert instant(event["opened_at"]) <= instant(one["created_at"])
    finally:
        await service.kill()


async def test_a_service_that_is_killed_again_and_again_tells_once_in_the_app_and_each_channel_under_one_id(
    scene: Scene,
) -> None:
    """Between commit and telling, then right after telling, then after sending and before that is noted."""
    service = await scene.start("before_telling")
    try:
        await scene.connect()
        first = await scene.wish(once=True)
        await scene.built()
        scene.open("20:00:00")
        await service.ended()
        for step in ("after_telling", "before_noting"):
            service = await scene.launch(step)
            await service.ended()
        service = await scene.start()
        await until(scene.nothing_waits, "both receivers hear of it")
        # Once another request's table has been told, nothing of the first one is left to be told.
        await scene.wish(once=False, time_from="21:00")
        scene.open("21:00:00")
        await until(lambda: told_last(scene) == "21:00:00", "the next table is told")
        told = await scene.notifications()
        assert [one["table"]["slot_time"] for one in told] == ["20:00:00", "21:00:00"]
        hooked = scene.hooked()
        ids = dict(zip(scene.message_ids(), hooked, strict=True))
        assert [said["data"]["notifications"][0]["id"] for said in ids.values()] == [
            one["id"] for one in told
        ]
        assert len(hooked) + len(scene.phone.taken) > 4, "what was sent and not noted is sent again"
        request = await scene.ask("GET", f"/notify-requests/{first}")
        assert (request["status"], request["fulfilled_by"]) == ("fulfilled", told[0]["id"])
    finally:
        await service.kill()


def told_last(scene: Scene) -> Any:
    """The time of the table that the webhook heard of last."""
    return scene.hooked()[-1]["data"]["notifications"][0]["facts"]["slot_time"]


def bare(told: dict[str, Any]) -> dict[str, Any]:
    """A notification without its link, which is written anew each time."""
    return told | {"url": None}


def instant(text: str) -> datetime:
    """An instant as documents have it."""
    return datetime.fromisoformat(text)
