"""Notify requests: "tell me when this venue opens", once or every time."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.wishes import Limits, Opening

MAX_DATES = 60
MAX_VENUES = 50


class Status(StrEnum):
    """Where a request stands."""

    ACTIVE = "active"
    FULFILLED = "fulfilled"
    """A one-off whose user has been told."""
    EXPIRED = "expired"
    """All its dates have passed."""


class NotifyWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for."""

    venues: tuple[ChosenVenue, ...]
    limits: Limits
    """The same venues, and the rest."""
    once: bool = True


class NotifyRequest(NotifyWish, frozen=True, kw_only=True):
    """One request, as it is stored."""

    id: int
    user_id: int
    status: Status
    created_at: datetime
    updated_at: datetime
    since_event: int
    """The newest event when it was stored: it is about those after it."""
    looked_back: bool = False
    """Whether it has been compared with what was open when it was made."""
    fulfilled_by: int | None = None
    """The notification that fulfilled it."""


def told_once_for(limits: Limits, opening: Opening) -> str:
    """The name under which a request is told of an opening once.

    The party size is part of it: a table that gains it later is news to those who asked for it, and to nobody else.
    """
    size = limits.party_size
    return opening.opening if size is None else f"{opening.opening}+{size}"


def is_over(request: NotifyRequest, today: date) -> bool:
    """Whether all its dates have passed; `today` is the evening that is still being served."""
    last = request.limits.last_date()
    return last is not None and last < today
