"""From the commit of an opening to its user: in the app's stream, at an ntfy server, and at a webhook.

The provider is the simulator over HTTP, the service a process of its own on PostgreSQL that waits for its commits. Each table has a user
of its own, with a wish, a stream, and two channels, so that no channel's pace stands between. The instant of the commit is taken as that
at which the live feed shows the drop, which is a millisecond or so later.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.web
import msgspec

from tablewire.services.accounts import Accounts
from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.storage.store import PostgresStore
from tests.bench import databases
from tests.bench.figures import Bench, percentile, shown
from tests.faults.service import Child, until, web
from tests.receivers import Receiver, receiver

GOAL = 1.0
"""Seconds, for 95 of 100."""
ROADS = ("app", "ntfy", "webhook")
PROGRAM = Path(__file__).parents[1] / "telling.py"
FIRST = timedelta(hours=17)
STEP = timedelta(minutes=15)
A_DAY = 20
"""Tables on one day."""


def run(bench: Bench) -> None:
    """Open tables one after the other, and see when each is heard of."""
    tables = 100 if bench.full else 20
    with databases.server(bench.new_folder()) as dsn:
        seconds = asyncio.run(_measure(dsn, bench.new_folder(), tables))
    for road in ROADS:
        bench.say(f"   commit to {road}: {shown(seconds[road], ' s', digits=3)}, {tables} tables")
        bench.at_most(f"commit_to_{road}_p95", percentile(seconds[road], 0.95), GOAL)


class _Clocked:
    """When something was first heard of, by what it was."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def heard(self, what: str) -> None:
        self.at.setdefault(what, time.perf_counter())


class _Person:
    """One user with a wish for one table."""

    def __init__(self, number: int, token: str, day: date) -> None:
        self.number = number
        self.headers = {"Authorization": f"Bearer {token}"}
        self.day = day
        start = datetime.combine(day, datetime.min.time(), UTC) + FIRST + STEP * (number % A_DAY)
        self.time = f"{start:%H:%M}"


async def _measure(dsn: str, folder: Path, tables: int) -> dict[str, list[float]]:
    options = SimulatorOptions(venues=6, quiet=True, empty=True)
    async with AsyncExitStack() as stack:
        city = await stack.enter_async_context(running_simulator(options))
        session = await stack.enter_async_context(web())
        phone, hook = [await stack.enter_async_context(receiver()) for _ in range(2)]
        people = await _people(dsn, city, tables)
        child = await Child.start(
            sys.executable, str(PROGRAM), settings=_settings(dsn, folder, city.base_url)
        )
        stack.push_async_callback(child.kill)
        address = (await child.until_it_says("Tablewire listens at ")).strip()
        scene = _Scene(city, session, address, phone, hook)
        await scene.prepare(people)
        async with scene.listening(people):
            for person in people:
                await scene.open(person)
        return scene.seconds


async def _people(dsn: str, city: Simulator, tables: int) -> list[_Person]:
    days = [date.fromordinal(day) for day in sorted(city.city.inventory.days)[1:]]
    store = await PostgresStore.open(dsn)
    try:
        accounts = Accounts(store.people.accounts, lambda: datetime.now(UTC))
        made = [await accounts.add(f"user{number}") for number in range(tables)]
    finally:
        await store.close()
    return [_Person(number, token, days[number // A_DAY]) for number, (_, token) in enumerate(made)]


def _settings(dsn: str, folder: Path, provider: str) -> dict[str, str]:
    return {
        "DATABASE_URL": dsn,
        "DATA_DIR": str(folder),
        "AUTH": "token",
        "RATE_LIMIT": "10000/s",
        "PROVIDERS": "resy",
        "RESY_BASE_URL": provider,
        "RESY_API_KEY": "x",
        "RESY_RATE": "200/s",
        "POLL_INTERVAL": "0.5s",
        "PARTY_SIZES": "2",
        "WINDOW_DAYS": "7",
        "PORT": "0",
        "LOG_LEVEL": "warning",
        "CHANNEL_ALLOW": "127.0.0.0/8",
    }


class _Scene:
    def __init__(
        self,
        city: Simulator,
        session: aiohttp.ClientSession,
        address: str,
        phone: Receiver,
        hook: Receiver,
    ) -> None:
        self._city, self._session, self._address = city, session, address
        self._venue = next(iter(city.city.houses("resy")))
        self._phone, self._hook = phone, hook
        self._roads = {road: _Clocked() for road in ("feed", *ROADS)}
        self.seconds: dict[str, list[float]] = {road: [] for road in ROADS}

    async def prepare(self, people: list[_Person]) -> None:
        """Wait until the service knows the venue and has its baseline; then let everyone make a wish and two channels."""
        first = people[0]
        await until(lambda: self._is_known(first), "the venue is known")
        await until(lambda: self._is_built(first), "every bucket is built")
        for person in people:
            await self._ask(
                person, "/channels", name="hook", type="webhook", url=self._hook.url(f"/{person.number}")
            )
            topic = self._phone.url(f"/{person.number}", "ntfy")
            await self._ask(person, "/channels", name="phone", type="apprise", url=topic)
            await self._ask(
                person,
                "/notify-requests",
                venues=[{"provider": "resy", "venue_id": str(self._venue)}],
                dates=[str(person.day)],
                time_from=person.time,
                time_to=person.time,
            )

    @asynccontextmanager
    async def listening(self, people: list[_Person]) -> AsyncIterator[None]:
        """Everybody's stream is open, and one of the feed."""
        self._hook.behave, self._phone.behave = self._hear_hook, self._hear_phone
        tasks = [asyncio.create_task(self._follow_feed(people[0]), name="feed")]
        tasks += [
            asyncio.create_task(self._follow_app(person), name=f"app {person.number}") for person in people
        ]
        hellos = self._roads["app"].at
        await until(lambda: len(hellos) == len(people) + 1, "every stream is open")
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def open(self, person: _Person) -> None:
        """Open a person's table, and wait until all have heard of it."""
        what = str(person.number)
        self._city.city.open(self._venue, f"{person.day} {person.time}:00", (2,))
        slot = f"{person.day} {person.time}:00"
        await until(
            lambda: slot in self._roads["feed"].at and all(what in self._roads[road].at for road in ROADS),
            f"table {what} is heard of",
        )
        for road in ROADS:
            self.seconds[road].append(max(0.0, self._roads[road].at[what] - self._roads["feed"].at[slot]))

    async def _hear_hook(self, request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        self._roads["webhook"].heard(request.path.strip("/"))
        return aiohttp.web.Response(text="{}")

    async def _hear_phone(self, _: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        self._roads["ntfy"].heard(str(self._phone.taken[-1].json()["topic"]))
        return aiohttp.web.Response(text="{}")

    async def _follow_feed(self, person: _Person) -> None:
        async for frame in self._lines(person, "/feed/stream"):
            if frame["event"] == "hello":
                self._roads["app"].heard("hello of the feed")
            elif frame["event"] == "drop":
                event = frame["data"]
                self._roads["feed"].heard(f"{event['slot_date']} {event['slot_time']}")

    async def _follow_app(self, person: _Person) -> None:
        async for frame in self._lines(person, "/notifications/stream"):
            if frame["event"] == "hello":
                self._roads["app"].heard(f"hello of {person.number}")
            elif frame["event"] == "notification":
                self._roads["app"].heard(str(person.number))

    async def _lines(self, person: _Person, path: str) -> AsyncIterator[dict[str, Any]]:
        headers = {"Accept": "application/x-ndjson", **person.headers}
        async with self._session.get(f"{self._address}{path}", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                yield msgspec.json.decode(line)

    async def _ask(self, person: _Person, path: str, **body: Any) -> None:
        url = f"{self._address}{path}"
        async with self._session.post(url, json=body, headers=person.headers) as answer:
            assert answer.status == 201, await answer.text()

    async def _get(self, person: _Person, path: str) -> Any:
        async with self._session.get(f"{self._address}{path}", headers=person.headers) as answer:
            return await answer.json(content_type=None) if answer.status == 200 else None

    async def _is_known(self, person: _Person) -> bool:
        return await self._get(person, f"/venues/resy/{self._venue}") is not None

    async def _is_built(self, person: _Person) -> bool:
        health = await self._get(person, "/discovery/health")
        return health is not None and all(one["status"] == "ok" for one in health["bucket_health"])
