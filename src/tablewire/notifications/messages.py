"""Messages: what is said when several notifications go at once, when a table is gone, and when a channel is tried out."""

from collections.abc import Sequence
from datetime import datetime

from tablewire.domain.channels import Channel
from tablewire.domain.notifications import Kind, Notification
from tablewire.notifications.protocol import Item, Message, Purpose

LISTED = 10
"""Notifications that a digest names; the rest it counts."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def news(batch: str, items: Sequence[Item], gone: int, at: datetime) -> Message:
    """One notification as it is, several as a digest; `gone` are those whose tables were gone before they could be sent."""
    if len(items) == 1 and not gone:
        return _single(batch, items[0], at)
    return _digest(batch, items, gone, at)


def over(batch: str, item: Item, receipt: str | None, at: datetime) -> Message:
    """A table is gone of which a message told before."""
    notification = item.notification
    how_long = "" if notification.open_seconds is None else f" after {lasted(notification.open_seconds)}"
    return Message(
        id=batch,
        purpose=Purpose.GONE,
        kind=notification.kind,
        title=f"Gone: {notification.title}",
        body=f"Gone{how_long}.",
        tag=_tag(notification),
        replaces=receipt,
        at=at,
        items=(item,),
    )


def trial(id: str, channel_name: str, at: datetime) -> Message:
    """A test at its user's wish."""
    return Message(
        id=id,
        purpose=Purpose.TEST,
        kind=Kind.SYSTEM,
        title="Tablewire: a test",
        body=f"The channel “{channel_name}” works: this is where your notifications will come.",
        tag=f"test-{id}",
        at=at,
    )


def given_up(channel: Channel, why: str) -> tuple[str, str]:
    """Title and body of what a user is told whose channel was paused."""
    title = f"Channel “{channel.name}” is paused"
    return title, f"Nothing more is sent to it: {why}. Mend it, then let it go on under Channels."


def lasted(seconds: float) -> str:
    """A length of time in its two largest units: `1 min 42 s`."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in _UNITS:
        count, rest = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        left = rest if count or parts else left
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


def _single(batch: str, item: Item, at: datetime) -> Message:
    notification = item.notification
    return Message(
        id=batch,
        purpose=Purpose.NEW,
        kind=notification.kind,
        title=notification.title,
        body=notification.body,
        url=item.url,
        tag=_tag(notification),
        at=at,
        items=(item,),
    )


def _digest(batch: str, items: Sequence[Item], gone: int, at: datetime) -> Message:
    kinds = {item.notification.kind for item in items}
    lines = [_line(item) for item in items[:LISTED]]
    if len(items) > LISTED:
        lines.append(f"… and {len(items) - LISTED} more.")
    if gone:
        lines.append(f"{gone} more came and {'is' if gone == 1 else 'are'} gone again.")
    return Message(
        id=batch,
        purpose=Purpose.DIGEST,
        kind=kinds.pop() if len(kinds) == 1 else Kind.SYSTEM,
        title=f"{len(items)} notifications" if len(items) > 1 else items[0].notification.title,
        body="\n".join(lines),
        tag=f"digest-{batch}",
        at=at,
        items=tuple(items),
    )


def _line(item: Item) -> str:
    link = f" {item.url}" if item.url else ""
    return f"• {item.notification.title}{link}"


def _tag(notification: Notification) -> str:
    return f"notification-{notification.id}"
