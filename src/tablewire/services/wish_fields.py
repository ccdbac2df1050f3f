"""The fields that bodies of wishes share, and how they are read."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Annotated, Literal, Protocol

import msgspec

from tablewire.domain.filters import WEEKDAYS
from tablewire.domain.goals import Goal
from tablewire.domain.notifications import Kind
from tablewire.domain.notify_requests import NotifyRequest
from tablewire.domain.restaurants import Listing
from tablewire.domain.venue_names import ChosenVenue
from tablewire.errors import BadInput

WallTime = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["19:30"])]
PartySize = Annotated[int, msgspec.Meta(ge=1, le=20)]
PriceRange = Annotated[int, msgspec.Meta(ge=1, le=4)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

FARTHEST = timedelta(days=366)
"""How far ahead a date may be."""


class MatcherDoor(Protocol):
    """Who matches openings with wishes; see `engine.matcher`."""

    def changed(self, wish: NotifyRequest | Goal) -> None:
        """A wish has just been stored, or changed."""
        ...

    def deleted(self, kind: Kind, wish_id: int) -> None:
        """A wish is gone."""
        ...


def wall_time(text: str | None) -> time | None:
    """A time as bodies have it."""
    return None if text is None else time.fromisoformat(text)


def time_text(at: time | None) -> str | None:
    """The same the other way round."""
    return None if at is None else f"{at:%H:%M}"


def weekday_words(days: Sequence[int]) -> list[Weekday]:
    """Weekdays as bodies have them."""
    return [WEEKDAYS[day] for day in days]  # type: ignore[misc]  # they are the same words


def weekdays(words: Sequence[Weekday]) -> tuple[int, ...]:
    """Weekdays by number, each once, Monday 0 first."""
    return tuple(sorted({WEEKDAYS.index(word) for word in words}))


def listings_of(venues: Sequence[ChosenVenue]) -> tuple[Listing, ...]:
    """Venues by provider and id."""
    return tuple(Listing(venue.provider, venue.venue_id) for venue in venues)


def check_day(field: str, day: date, today: date) -> None:
    """Raises `BadInput` where a date is further ahead than anybody takes bookings."""
    if day > today + FARTHEST:
        raise BadInput.of(field, f"{day} is too far ahead; dates up to {today + FARTHEST} are allowed")
