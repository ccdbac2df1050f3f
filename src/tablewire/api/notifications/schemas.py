"""The answers about notifications, as documents."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from tablewire.domain.notifications import Facts, Kind, Notification

UrlOf = Callable[[int], str]
"""The link of a notification in the app."""


class NotificationView(msgspec.Struct, frozen=True, kw_only=True):
    """What a user was told."""

    id: int
    kind: Kind
    source_id: int | None
    """The id of the watch, notify request or goal."""
    event_id: int | None
    title: str
    body: str
    url: str | None
    """Leads to the page where the table is booked, and records the tap; null where there is no such page."""
    goal_match_score: float | None
    created_at: datetime
    read_at: datetime | None
    closed_at: datetime | None
    """When its table was seen to be gone; null while it is open, as far as is known."""
    open_seconds: float | None
    table: Facts
    """The table as it was then; what is not known is left out."""


class NotificationPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a user's notifications, newest first."""

    notifications: list[NotificationView]
    unread: int
    """How many of all are unread."""
    next_cursor: str | None
    """Hand it back as `before`; null where nothing is older."""
    has_more: bool
    stream_cursor: str
    """Hand it to the stream as `since`: it goes on from this page."""


class MarkedRead(msgspec.Struct, frozen=True):
    """How many were marked as read."""

    marked: int


def view_of(notification: Notification, url_of: UrlOf) -> NotificationView:
    """A notification as clients see it."""
    return NotificationView(
        id=notification.id,
        kind=notification.kind,
        source_id=notification.source_id,
        event_id=notification.event_id,
        title=notification.title,
        body=notification.body,
        url=None if notification.book_url is None else url_of(notification.id),
        goal_match_score=notification.goal_match_score,
        created_at=notification.created_at,
        read_at=notification.read_at,
        closed_at=notification.closed_at,
        open_seconds=notification.open_seconds,
        table=notification.facts,
    )
