"""Delivering: what waits in the outbox is sent, each channel in a task of its own, so that none waits for another."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import random
from typing import Literal
from zoneinfo import ZoneInfo

import anyio
from anyio.abc import TaskGroup

from tablewire.domain.channels import Channel
from tablewire.domain.notifications import Kind, Notification, Telling
from tablewire.engine.clock import Clock
from tablewire.engine.supervisor import Loop
from tablewire.errors import StoreError
from tablewire.notifications import pacing
from tablewire.notifications.messages import given_up, news, over
from tablewire.notifications.pacing import Pace
from tablewire.notifications.protocol import Courier, Failed, FailureKind, Item, Message, Sent
from tablewire.storage.channel_door import Batch, Depth, Outbox, Parcel, Waiting
from tablewire.storage.notification_door import NotificationWriter
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.deliver")

TURN = 1.0
"""Seconds between looks at the outbox, where nobody wakes the loop before."""
SEND_SECONDS = 15.0
"""For one try."""
LEASE = timedelta(seconds=45)
"""A try's time and that of noting its outcome; after it another process may take the batch over."""
AT_ONCE = 500
"""Channels that are being sent to."""
DEPTH_EVERY = timedelta(seconds=10)

Link = Callable[[int, int], str]
"""The address by which a notification (its id, and its channel's) leads to its table."""


class Deliver:
    """The outbox's worker. Several processes may run one each."""

    def __init__(
        self,
        outbox: Outbox,
        courier: Courier,
        writer: NotificationWriter,
        link: Link,
        clock: Clock,
        *,
        chance: Callable[[], float] = random,
        told: Callable[[Sequence[Notification]], None] = lambda _: None,
        measured: Callable[[Depth, datetime], None] = lambda _, __: None,
    ) -> None:
        """`told` gets what was told of channels that were paused; `measured` how full the outbox is, every few seconds."""
        self._outbox = outbox
        self._courier = courier
        self._writer = writer
        self._link = link
        self._clock = clock
        self._chance = chance
        self._told = told
        self._measured = measured
        self._woken = anyio.Event()
        self._busy: set[int] = set()
        self._depth_at: datetime | None = None

    def wake(self) -> None:
        """Look at the outbox now: something new is in it."""
        self._woken.set()

    async def run(self, loop: Loop) -> None:
        """The loop `deliver`: send for ever; while the store is away everything waits."""
        async with anyio.create_task_group() as group:
            while True:
                loop.beat()
                self._woken = anyio.Event()
                try:
                    await self.turn(group)
                except StoreError as error:
                    log.debug(LogEvent.STORE_AWAY, message=f"deliveries have to wait: {error}")
                await self._rest()

    async def turn(self, group: TaskGroup) -> None:
        """Begin to send to every channel that is due; what hangs is not waited for. Raises `StoreError`."""
        now = self._clock.now()
        if self._depth_at is None or now - self._depth_at >= DEPTH_EVERY:
            self._measured(await self._outbox.depth(), now)
            self._depth_at = now
        for waiting in await self._outbox.waiting(now, AT_ONCE):
            channel = waiting.channel
            if channel.id not in self._busy and len(self._busy) < AT_ONCE:
                self._busy.add(channel.id)
                group.start_soon(self._serve, waiting, now, name=f"deliver to channel {channel.id}")

    async def _rest(self) -> None:
        async with anyio.create_task_group() as group:

            async def nap() -> None:
                await self._clock.sleep(TURN)
                group.cancel_scope.cancel()

            group.start_soon(nap, name="nap between deliveries")
            await self._woken.wait()
            group.cancel_scope.cancel()

    async def _serve(self, waiting: Waiting, now: datetime) -> None:
        """Send one channel's next message, as far as its pace allows."""
        try:
            for purpose in _due(waiting):
                held = _held_until(waiting, purpose, now)
                if held > now:
                    await self._outbox.hold(waiting.channel.id, purpose, held)
                    continue
                batch = await self._outbox.claim(waiting.channel.id, purpose, now, now + LEASE)
                if batch is not None:
                    await self._deliver(batch)
        except StoreError as error:
            log.debug(LogEvent.STORE_AWAY, message=f"a delivery has to wait: {error}")
        except Exception as error:  # the edge of one channel's task: the others know nothing of it
            message = f"channel {waiting.channel.id} cannot be served: {type(error).__name__}"
            log.exception(LogEvent.DELIVERY_FAILED, message=message, channel=waiting.channel.id)
        finally:
            self._busy.discard(waiting.channel.id)

    async def _deliver(self, batch: Batch) -> None:
        """Send a batch that is ours, and note what came of it."""
        if batch.tries > pacing.TRIES:
            await self._give_up(batch, Failed(FailureKind.TEMPORARY, "every try broke off"))
            return
        live = _live(batch)
        if not live:
            why = (
                "its table was gone before it could be sent"
                if batch.purpose == "new"
                else "nothing told of it"
            )
            await self._outbox.skipped(batch, self._clock.now(), why)
            return
        message = self._message(batch, live)
        outcome = await self._courier.send(batch.channel.type, batch.address, message, SEND_SECONDS)
        if isinstance(outcome, Sent):
            left_out = [parcel.delivery_id for parcel in batch.parcels if parcel not in live]
            await self._outbox.sent(batch, self._clock.now(), outcome.receipt, left_out=left_out)
        else:
            await self._note_failure(batch, outcome)

    def _message(self, batch: Batch, live: list[Parcel]) -> Message:
        items = [Item(parcel.notification, self._link_of(parcel.notification, batch)) for parcel in live]
        at = self._clock.now()
        if batch.purpose == "gone":
            return over(batch.id, items[0], live[0].receipt, at)
        return news(batch.id, items, len(batch.parcels) - len(live), at)

    def _link_of(self, notification: Notification, batch: Batch) -> str | None:
        """Links lead to where a table is booked; what tells of no table has none."""
        return self._link(notification.id, batch.channel.id) if notification.book_url else None

    async def _note_failure(self, batch: Batch, failed: Failed) -> None:
        now = self._clock.now()
        since = batch.channel.failing_since or now
        if failed.kind is FailureKind.PERMANENT:
            await self._pause(batch, failed.reason)
        elif now - since >= pacing.GIVEN_UP:
            await self._pause(batch, f"it has failed for a day: {failed.reason}")
        elif failed.kind is FailureKind.REFUSED:
            await self._give_up(batch, failed)
        else:
            pause = pacing.pause_before_retry(batch.tries, self._chance(), failed.retry_after)
            retry_at = None if pause is None else now + pause
            await self._outbox.failed(batch, now, failed.reason, retry_at=retry_at)

    async def _give_up(self, batch: Batch, failed: Failed) -> None:
        await self._outbox.failed(batch, self._clock.now(), failed.reason, retry_at=None)

    async def _pause(self, batch: Batch, why: str) -> None:
        """Tell the user first: where this breaks off, the next failure tells again, which is the same notification."""
        channel, now = batch.channel, self._clock.now()
        title, body = given_up(channel, why)
        telling = Telling(
            user_id=channel.user_id,
            kind=Kind.SYSTEM,
            title=title,
            body=body,
            source_id=channel.id,
            slot_key="channel:paused",
            opening=batch.id,
        )
        self._told(await self._writer.tell([telling], now))
        await self._outbox.failed(batch, now, why, retry_at=None, pause=why)
        log.warning(
            LogEvent.CHANNEL_PAUSED, message=f"channel {channel.id} is paused: {why}", channel=channel.id
        )


def _due(waiting: Waiting) -> list[Literal["new", "gone"]]:
    purposes: list[Literal["new", "gone"]] = []
    if waiting.new or waiting.retries:
        purposes.append("new")
    if waiting.gone or waiting.retries:
        purposes.append("gone")
    return purposes


def _held_until(waiting: Waiting, purpose: Literal["new", "gone"], now: datetime) -> datetime:
    pace = _pace_of(waiting.channel, waiting.time_zone)
    if purpose == "gone" or waiting.first_at is None:
        return pacing.after_quiet(pace, now)
    return pacing.release(pace, waiting.first_at, waiting.burst_at, now)


def _live(batch: Batch) -> list[Parcel]:
    """What is still worth a message: tables that are open, and the end of those that a message told of."""
    if batch.purpose == "gone":
        return [parcel for parcel in batch.parcels if parcel.told]
    return [parcel for parcel in batch.parcels if parcel.notification.closed_at is None]


def _pace_of(channel: Channel, time_zone: str) -> Pace:
    return Pace(
        min_interval=timedelta(seconds=channel.min_interval_seconds),
        quiet=channel.quiet,
        zone=ZoneInfo(time_zone),
        last_sent_at=channel.last_sent_at,
        failed_at=channel.last_error_at if channel.failing_since is not None else None,
    )
