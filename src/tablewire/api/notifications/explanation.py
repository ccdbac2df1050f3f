"""Why an alert came: its way as a document, every instant true or null."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tablewire.api.notifications.schemas import NotificationView, UrlOf, view_of
from tablewire.domain.trails import ActTrail, DeliveryTrail
from tablewire.notifications.pacing import is_quiet
from tablewire.services.notifications import Explained

Word = Literal["not_open", "open", "committed", "matched", "stored", "streamed"]
_A_MOMENT: Final = timedelta(seconds=1)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step from the table to the app."""

    step: Word
    meaning: str
    at: datetime | None
    """Null where it is not known."""
    seconds: float | None
    """Since the step before whose instant is known."""


class DeliveryStep(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery through a channel."""

    channel_id: int
    channel: str
    purpose: str
    """`new`, or `gone`: that the table is gone."""
    status: str
    """`pending`, `sent`, `skipped` or `failed`."""
    queued_at: datetime
    held_until: datetime | None
    """Until when it waited, or waits; null where it was not held."""
    held_because: Literal["quiet_hours", "pace", "retry"] | None
    """`pace`: a minimum interval, a digest that gathers, or a channel that fails."""
    attempts: int
    sent_at: datetime | None
    error: str | None
    seconds: float | None
    """From queuing to sending."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the user did about it."""

    event_type: str
    channel: str | None
    at: datetime
    seconds: float | None
    """Since it was told."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an alert came, and how long each step took."""

    notification: NotificationView
    source: dict[str, Any] | None
    """The watch, notify request or goal as it is now; null where there is none any more."""
    steps: list[Step]
    deliveries: list[DeliveryStep]
    acts: list[Act]


def explanation_of(explained: Explained, zone: ZoneInfo, url_of: UrlOf) -> Explanation:
    """The document; quiet hours are meant in the user's `zone`."""
    trail = explained.trail
    return Explanation(
        notification=view_of(trail.notification, url_of),
        source=trail.source,
        steps=_steps(explained),
        deliveries=[_delivery(one, zone) for one in trail.deliveries],
        acts=[_act(one, trail.notification.created_at) for one in trail.acts],
    )


def _steps(explained: Explained) -> list[Step]:
    trail = explained.trail
    told: tuple[tuple[Word, str, datetime | None], ...] = (
        ("not_open", "the call was sent whose answer did not show it yet", _opened_after(explained)),
        ("open", "the answer came that first showed it", _opened_at(explained)),
        ("committed", "the opening was stored, and announced by this process", explained.announced_at),
        ("matched", "it was found that it is wanted", trail.notification.created_at),
        ("stored", "the notification was stored, by the database's clock", trail.stored_at),
        ("streamed", "it was written to an open stream of this process", explained.streamed_at),
    )
    steps: list[Step] = []
    before: datetime | None = None
    for word, meaning, at in told:
        steps.append(Step(step=word, meaning=meaning, at=at, seconds=_between(before, at)))
        before = at or before
    return steps


def _opened_after(explained: Explained) -> datetime | None:
    opening = explained.trail.opening
    return None if opening is None else opening.opened_after


def _opened_at(explained: Explained) -> datetime | None:
    """From the log; where its event is not kept any more, as it was told."""
    opening = explained.trail.opening
    return opening.opened_at if opening else explained.trail.notification.facts.opened_at


def _delivery(delivery: DeliveryTrail, zone: ZoneInfo) -> DeliveryStep:
    held = delivery.due_at > delivery.created_at
    return DeliveryStep(
        channel_id=delivery.channel_id,
        channel=delivery.channel,
        purpose=delivery.purpose,
        status=delivery.status,
        queued_at=delivery.created_at,
        held_until=delivery.due_at if held else None,
        held_because=_held_because(delivery, zone) if held else None,
        attempts=delivery.attempts,
        sent_at=delivery.sent_at,
        error=delivery.last_error,
        seconds=_between(delivery.created_at, delivery.sent_at),
    )


def _held_because(delivery: DeliveryTrail, zone: ZoneInfo) -> Literal["quiet_hours", "pace", "retry"]:
    quiet = delivery.quiet
    if quiet is not None and is_quiet(quiet, zone, delivery.due_at - _A_MOMENT):
        return "quiet_hours"
    failed_once = delivery.status == "pending" and delivery.last_error is not None
    return "retry" if delivery.attempts > 1 or failed_once else "pace"


def _act(act: ActTrail, told_at: datetime) -> Act:
    return Act(
        event_type=act.event_type,
        channel=act.channel,
        at=act.occurred_at,
        seconds=_between(told_at, act.occurred_at),
    )


def _between(before: datetime | None, after: datetime | None) -> float | None:
    """Seconds between two instants; None where one is not known, or two clocks disagree about their order."""
    if before is None or after is None or after < before:
        return None
    return (after - before).total_seconds()
