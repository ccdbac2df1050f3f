"""The outbox from telling to the receiver: real PostgreSQL, real HTTP, a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import anyio
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tablewire.domain.channels import Channel, ChannelType, Quiet
from tablewire.domain.notifications import Facts, Kind, Telling
from tablewire.domain.users import User
from tablewire.engine import deliver
from tablewire.engine.deliver import Deliver
from tablewire.engine.supervisor import Loop
from tablewire.notifications.courier import ChannelCourier
from tablewire.notifications.names import Names
from tablewire.notifications.sealing import FernetSealer
from tablewire.notifications.webpush import PushKey
from tablewire.services.channels import ChannelChange, Channels, ChannelWish, examine_channels
from tablewire.storage.accounts import PostgresAccounts
from tablewire.storage.channels import PostgresChannels
from tablewire.storage.deliveries import PostgresOutbox
from tablewire.storage.notification_door import Gone
from tablewire.storage.store import PostgresStore
from tablewire.storage.telling import PostgresTelling
from tests.clock import StepClock
from tests.receivers import LOOPBACK, Receiver, hang, receiver

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


class Office:
    """Everything between a telling and its receivers, of one user."""

    def __init__(self, store: PostgresStore, user: User) -> None:
        self.user = user
        self.clock = StepClock()
        self.pool = store._pool
        self.outbox = PostgresOutbox(store._pool)
        self.writer = PostgresTelling(store._pool)
        self.courier = ChannelCourier(
            sealer=FernetSealer(b"k" * 32),
            guard=LOOPBACK,
            push_key=PushKey(b"secret", "mailto:ann@tables.example"),
            user_agent="tablewire/test",
            now=self.clock.now,
            names=Names(),
        )
        self.book = PostgresChannels(store._engine)
        self.channels = Channels(self.book, self.courier, self.clock.now)
        self.deliver = self.another()

    def another(self, outbox: Any = None) -> Deliver:
        """A worker, as another process has one."""
        return Deliver(
            outbox or self.outbox,
            self.courier,
            self.writer,
            lambda notification, channel: f"https://tables.example/go/{notification}.{channel}",
            self.clock,
            chance=lambda: 0.5,
        )

    async def hook(self, to: Receiver, **wishes: Any) -> tuple[Channel, str]:
        """A webhook, and its secret."""
        wish = ChannelWish(name="hook", type=ChannelType.WEBHOOK, url=to.url(), **wishes)
        made = await self.channels.make(self.user.id, wish)
        return made.channel, made.secret or ""

    async def ntfy(self, to: Receiver) -> Channel:
        """A topic."""
        wish = ChannelWish(name="ntfy", type=ChannelType.APPRISE, url=to.url("/t", "ntfy"))
        return (await self.channels.make(self.user.id, wish)).channel

    async def tell(self, *numbers: int, kind: Kind = Kind.SYSTEM) -> None:
        """Tables have opened."""
        tellings = [
            Telling(
                user_id=self.user.id,
                kind=kind,
                title=f"Table {number}",
                body="Fri 20 Feb 20:30",
                source_id=1,
                slot_key=f"slot-{number}",
                opening="1",
                event_id=number,
                book_url="https://resy.com/carbone",
                facts=Facts(provider="resy", venue_id="834"),
            )
            for number in numbers
        ]
        await self.writer.tell(tellings, self.clock.now())

    async def close(self, number: int, after: float = 102.0) -> None:
        """A table is gone."""
        now = self.clock.now()
        gone = Gone(slot_key=f"slot-{number}", opening="1", closed_at=now, open_seconds=after)
        await self.writer.tell([], now, gone=[gone])

    async def turn(self, worker: Deliver | None = None) -> None:
        """One look at the outbox, and all that it begins."""
        async with anyio.create_task_group() as group:
            await (worker or self.deliver).turn(group)

    async def after(self, passed: timedelta) -> None:
        """A turn, later."""
        self.clock.advance(passed.total_seconds())
        await self.turn()

    async def rows(self, query: str) -> list[Any]:
        """What the store holds."""
        return [tuple(row) for row in await self.pool.fetch(query)]

    async def statuses(self) -> list[str]:
        """Of all deliveries, in order."""
        return [row[0] for row in await self.rows("SELECT status FROM deliveries ORDER BY id")]

    async def channel(self, channel: Channel) -> Channel:
        """As it is now."""
        return await self.channels.get(self.user.id, channel.id)


@pytest.fixture
async def office(store: PostgresStore) -> AsyncIterator[Office]:
    accounts = PostgresAccounts(store._pool, store._engine)
    user = await accounts.add(
        "ann", is_admin=False, time_zone="America/New_York", token=b"hash", at=StepClock().now()
    )
    assert user is not None
    made = Office(store, user)
    yield made
    await made.courier.aclose()


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


async def test_what_is_told_comes_signed_and_is_noted(office: Office, hook: Receiver) -> None:
    channel, secret = await office.hook(hook)
    await office.tell(1)
    await office.turn()
    (taken,) = hook.taken
    at = datetime.fromtimestamp(int(taken.headers["webhook-timestamp"]), UTC)
    signed = Webhook(secret).sign(taken.headers["webhook-id"], at, taken.body.decode())
    assert taken.headers["webhook-signature"] == signed
    data = taken.json()["data"]
    assert (data["title"], data["url"]) == ("Table 1", f"https://tables.example/go/1.{channel.id}")
    assert await office.statuses() == ["sent"]
    now = await office.channel(channel)
    assert now.last_sent_at is not None
    assert now.pending == 0
    sent = "SELECT channel, notification_id, event_id, venue_id FROM alert_events WHERE event_type = 'alert_sent' ORDER BY channel"
    assert await office.rows(sent) == [("app", 1, 1, "834"), ("hook", 1, 1, "834")]


async def test_a_failed_try_is_repeated_with_the_same_id(office: Office, hook: Receiver) -> None:
    channel, _ = await office.hook(hook)
    hook.answers.append(web.Response(status=503))
    await office.tell(1)
    await office.turn()
    failing = await office.channel(channel)
    assert failing.last_error == "the receiver answered 503"
    assert failing.failing_since is not None
    await office.after(10 * SECOND)
    assert len(hook.taken) == 1
    await office.after(10 * SECOND)
    assert len({taken.headers["webhook-id"] for taken in hook.taken}) == 1
    assert len(hook.taken) == 2
    assert await office.statuses() == ["sent"]
    assert (await office.channel(channel)).failing_since is None


async def test_after_six_tries_it_is_given_up_and_the_channel_says_why(
    office: Office, hook: Receiver
) -> None:
    channel, _ = await office.hook(hook)
    hook.answers += [web.Response(status=500) for _ in range(6)]
    await office.tell(1)
    await office.turn()
    for _ in range(8):
        await office.after(49 * MINUTE)
    assert len(hook.taken) == 6
    assert await office.statuses() == ["failed"]
    assert (await office.channel(channel)).last_error == "the receiver answered 500"


async def test_a_channel_that_hangs_holds_up_no_other(office: Office, hook: Receiver) -> None:
    let_go = asyncio.Event()

    async def wait(_: web.Request) -> web.StreamResponse:
        await let_go.wait()
        return web.Response()

    async with receiver() as hanging:
        hanging.behave = wait
        stuck, _ = await office.hook(hanging)
        await office.hook(hook)
        await office.tell(1)
        async with anyio.create_task_group() as group:
            await office.deliver.turn(group)
            await hanging.came.wait()
            await hook.came.wait()
            await office.tell(2)
            while len(hook.taken) < 2:  # the next turns go on while the first channel hangs
                await office.deliver.turn(group)
                await asyncio.sleep(0.01)
            assert stuck.id in office.deliver._busy
            assert len(hanging.taken) == 1
            let_go.set()
    assert office.deliver._busy == set()


async def test_a_channel_that_never_answers_is_given_up_and_says_so(
    office: Office, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.behave = hang
    channel, _ = await office.hook(hook)
    monkeypatch.setattr(deliver, "SEND_SECONDS", 0.05)
    await office.tell(1)
    await office.turn()
    assert (await office.channel(channel)).last_error == "it did not answer within 0.05 s"
    assert await office.statuses() == ["pending"]


async def test_a_thousand_at_once_are_one_digest_half_a_minute_later(office: Office, hook: Receiver) -> None:
    await office.hook(hook)
    await office.tell(*range(1, 1001))
    await office.turn()
    await office.after(20 * SECOND)
    assert hook.taken == []
    await office.after(11 * SECOND)
    (taken,) = hook.taken
    assert taken.json()["data"]["count"] == 1000
    assert await office.rows(
        "SELECT status, count(*), count(DISTINCT batch) FROM deliveries GROUP BY status"
    ) == [("sent", 1000, 1)]


async def test_quiet_hours_hold_back_and_end_in_one_digest_of_what_is_still_open(
    office: Office, hook: Receiver
) -> None:
    office.clock.advance(13 * 3600)  # 23:00 in New York
    channel, _ = await office.hook(hook, quiet=Quiet(time(22, 0), time(7, 0)))
    for number in (1, 2, 3):
        await office.tell(number)
        await office.after(HOUR)
    await office.close(2)
    await office.after(4 * HOUR)
    assert hook.taken == []
    assert (await office.channel(channel)).pending == 4
    held = await office.rows("SELECT DISTINCT due_at FROM deliveries")
    assert [f"{row[0]:%H:%M}" for row in held] == ["12:00"]
    await office.after(HOUR + MINUTE)
    (taken,) = hook.taken
    assert [one["title"] for one in taken.json()["data"]["notifications"]] == ["Table 1", "Table 3"]
    assert "1 more came and is gone again." in taken.json()["data"]["body"]
    await office.after(SECOND)
    assert sorted(await office.statuses()) == ["sent", "sent", "skipped", "skipped"]
    assert len(hook.taken) == 1


async def test_the_minimum_interval_is_kept(office: Office, hook: Receiver) -> None:
    await office.hook(hook, min_interval_seconds=600)
    await office.tell(1)
    await office.turn()
    await office.tell(2)
    await office.after(9 * MINUTE)
    assert len(hook.taken) == 1
    await office.after(2 * MINUTE)
    assert len(hook.taken) == 2


async def test_the_end_of_a_table_replaces_what_told_of_it(office: Office, hook: Receiver) -> None:
    await office.ntfy(hook)
    await office.tell(1)
    await office.turn()
    await office.close(1)
    await office.turn()
    await office.turn()
    first, second = (taken.json() for taken in hook.taken)
    assert second["sequence_id"] == first["sequence_id"]
    assert second["message"] == "Gone after 1 min 42 s."
    assert await office.statuses() == ["sent", "sent"]


async def test_of_a_table_that_was_gone_before_it_was_told_nothing_is_said(
    office: Office, hook: Receiver
) -> None:
    await office.hook(hook)
    await office.tell(1)
    await office.close(1)
    await office.turn()
    await office.turn()
    assert hook.taken == []
    assert await office.statuses() == ["skipped", "skipped"]


async def test_a_channel_that_fails_for_a_day_is_paused_and_its_user_told(
    office: Office, hook: Receiver
) -> None:
    channel, _ = await office.hook(hook)
    hook.answers += [web.Response(status=500) for _ in range(20)]
    for number in range(1, 5):
        await office.tell(number)
        for _ in range(8):
            await office.after(HOUR)
    paused = await office.channel(channel)
    assert paused.paused
    assert paused.paused_why == "it has failed for a day: the receiver answered 500"
    told = await office.rows("SELECT title FROM notifications WHERE slot_key = 'channel:paused'")
    assert told == [("Channel “hook” is paused",)]
    assert "pending" not in await office.statuses()
    assert await examine_channels(office.outbox, office.clock.now()) == [
        "channels that were paused by the service: 1; their users see the reason in GET /channels"
    ]
    await office.channels.change(office.user.id, channel.id, ChannelChange(paused=False))
    hook.answers.clear()
    await office.tell(9)
    await office.after(SECOND)
    assert (await office.channel(channel)).failing_since is None


async def test_a_hook_that_is_no_more_is_paused_at_once(office: Office, hook: Receiver) -> None:
    channel, _ = await office.hook(hook)
    hook.answers.append(web.Response(status=410))
    await office.tell(1)
    await office.turn()
    assert (await office.channel(channel)).paused_why == "the receiver answered 410"


async def test_two_processes_send_each_message_once(office: Office) -> None:
    async with receiver() as one, receiver() as other:
        for to in (one, other):
            await office.hook(to)
        for number in range(1, 6):
            await office.tell(number)
            await asyncio.gather(office.turn(), office.turn(office.another()))
        assert len(one.taken) == len(other.taken) == 5


class _Broken:
    """An outbox whose worker dies at the n-th step: before it, or right after it was done."""

    def __init__(self, outbox: PostgresOutbox, at: int, *, after: bool) -> None:
        self._outbox = outbox
        self._left = at
        self._after = after

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        step = getattr(self._outbox, name)

        async def run(*args: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise asyncio.CancelledError
            outcome = await step(*args, **named)
            if self._left == 0:
                raise asyncio.CancelledError
            return outcome

        return run


@asynccontextmanager
async def dying() -> AsyncIterator[None]:
    task = asyncio.current_task()
    assert task is not None
    try:
        yield
    except asyncio.CancelledError:
        task.uncancel()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
async def test_whatever_step_a_process_dies_at_the_message_comes_with_one_id(
    office: Office, hook: Receiver, step: int, after: bool
) -> None:
    await office.hook(hook)
    await office.tell(1)
    async with dying():
        await office.turn(office.another(_Broken(office.outbox, step, after=after)))
    await office.after(MINUTE)
    assert len({taken.headers["webhook-id"] for taken in hook.taken}) == 1
    assert await office.statuses() == ["sent"]
    assert len(hook.taken) == (2 if (step, after) == (4, False) else 1)


async def test_a_fault_of_ours_in_one_channel_leaves_the_others_alone(
    office: Office, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _ = await office.hook(hook)
    await office.hook(hook)
    plain = office.courier.send

    async def send(type: Any, sealed: bytes, *rest: Any) -> Any:
        if sealed == (await office.book.get(office.user.id, bad.id) or (None, b""))[1]:
            raise KeyError("a fault")
        return await plain(type, sealed, *rest)

    monkeypatch.setattr(office.courier, "send", send)
    await office.tell(1)
    await office.turn()
    assert len(hook.taken) == 1
    for _ in range(6):
        await office.after(MINUTE)
    assert await office.statuses() == ["failed", "sent"]
    assert (await office.channel(bad)).last_error == "every try broke off"


async def test_the_loop_sends_as_soon_as_it_is_woken(office: Office, hook: Receiver) -> None:
    """Its clock stands still, so that it is the call that wakes it."""

    class Standing(StepClock):
        async def sleep(self, seconds: float) -> None:
            del seconds
            await anyio.sleep_forever()

    office.clock = Standing()
    worker = office.another()
    loop = Loop("deliver", worker.run, office.clock)
    await office.hook(hook)
    async with anyio.create_task_group() as group:
        group.start_soon(worker.run, loop)
        await anyio.sleep(0.05)
        await office.tell(1)
        while not hook.came.is_set():
            worker.wake()
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    assert loop.heartbeat_at is not None
