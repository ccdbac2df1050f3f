"""Goals as documents."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from tablewire.domain.goals import Goal
from tablewire.domain.venue_names import ChosenVenue
from tablewire.services.goals import GoalBody
from tablewire.services.wish_fields import Weekday, time_text, weekday_words
from tablewire.services.wish_history import MOST_DAYS
from tablewire.storage.wish_door import GoalFigures


class GoalView(msgspec.Struct, frozen=True, kw_only=True):
    """A user's wish in general, and what became of it."""

    id: int
    name: str
    date_from: date | None
    date_to: date | None
    weekdays: list[Weekday]
    time_from: str | None
    time_to: str | None
    preferred_time: str | None
    party_size: int | None
    neighborhoods: list[str]
    venues: list[ChosenVenue]
    price_max: int | None
    min_score: float
    active: bool
    created_at: datetime
    seen: int
    """Openings of all venues since it was made."""
    matched: int
    """Those that no limit ruled out."""
    told: int
    """Those that had the score."""
    converted: int
    """Notifications of it after which a booking was confirmed."""


class GoalPage(msgspec.Struct, frozen=True, kw_only=True):
    """Goals, newest first."""

    goals: list[GoalView]
    next_cursor: str | None
    has_more: bool


class GoalPreview(GoalBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal that is not made yet, and how far back to look."""

    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = MOST_DAYS


def view(goal: Goal, figures: GoalFigures) -> GoalView:
    """A goal as a document."""
    limits = goal.limits
    return GoalView(
        id=goal.id,
        name=goal.name,
        date_from=limits.date_from,
        date_to=limits.date_to,
        weekdays=weekday_words(limits.weekdays),
        time_from=time_text(limits.time_from),
        time_to=time_text(limits.time_to),
        preferred_time=time_text(goal.preferred_time),
        party_size=limits.party_size,
        neighborhoods=list(goal.neighborhoods),
        venues=list(goal.venues),
        price_max=limits.price_max,
        min_score=goal.min_score,
        active=goal.active,
        created_at=goal.created_at,
        seen=figures.seen,
        matched=figures.matched,
        told=figures.told,
        converted=figures.converted,
    )
