"""Notify requests as documents."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from tablewire.domain.notify_requests import NotifyRequest, Status
from tablewire.domain.venue_names import ChosenVenue
from tablewire.services.notify_requests import NotifyRequestBody
from tablewire.services.wish_fields import time_text
from tablewire.services.wish_history import MOST_DAYS


class NotifyRequestView(msgspec.Struct, frozen=True, kw_only=True):
    """What a user wants to be told of."""

    id: int
    venues: list[ChosenVenue]
    dates: list[date]
    time_from: str | None
    time_to: str | None
    party_size: int | None
    once: bool
    status: Status
    created_at: datetime
    fulfilled_by: int | None
    """The notification that fulfilled it."""


class NotifyRequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """Notify requests, newest first."""

    notify_requests: list[NotifyRequestView]
    next_cursor: str | None
    has_more: bool


class NotifyRequestPreview(NotifyRequestBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notify request that is not made yet, and how far back to look."""

    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = MOST_DAYS


def view(request: NotifyRequest) -> NotifyRequestView:
    """A notify request as a document."""
    limits = request.limits
    return NotifyRequestView(
        id=request.id,
        venues=list(request.venues),
        dates=list(limits.dates),
        time_from=time_text(limits.time_from),
        time_to=time_text(limits.time_to),
        party_size=limits.party_size,
        once=request.once,
        status=request.status,
        created_at=request.created_at,
        fulfilled_by=request.fulfilled_by,
    )
