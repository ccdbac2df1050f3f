"""Goals: a user's wish in general, and how well an opening answers it."""

from datetime import datetime, time

import msgspec

from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.wishes import Limits, Opening

MAX_NEIGHBORHOODS = 50
MAX_VENUES = 50
LONGEST_NAME = 100

TIME_SHARE = 0.6
"""How much of the fit is closeness in time; the rest is the place."""
ONLY_NEARBY = 0.5
"""What a place is worth in a neighbourhood that was named, where venues were named too and it is none of them."""
REACH = 180.0
"""Minutes from the preferred time to where closeness ends, where no hours are named."""
SHORTEST_REACH = 60.0
"""Minutes: a short span of hours does not make its ends worthless."""
_DAY = 24 * 60


class GoalWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal asks for."""

    name: str
    venues: tuple[ChosenVenue, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    """As the user wrote them."""
    limits: Limits
    """The same venues and neighbourhoods, and the rest."""
    preferred_time: time | None = None
    min_score: float
    """From which score on its user is told."""
    active: bool = True


class Goal(GoalWish, frozen=True, kw_only=True):
    """One goal, as it is stored."""

    id: int
    user_id: int
    created_at: datetime
    updated_at: datetime
    since_event: int
    """The newest event when it was stored or last changed: it is about those after it."""
    openings_before: int
    """Openings that had been counted when it was made."""
    matched: int = 0
    told: int = 0
    looked_back: bool = False
    """Whether it has been compared with events that came while it was stored."""


def goal_match_score(wish: GoalWish, opening: Opening, scarcity: float | None) -> float:
    """How well an opening answers a goal, 0 to 1: (0.6 · time + 0.4 · place) · scarcity; 0 where a limit rules it out.

    time: 1 at the preferred time, or else in the middle of the hours, falling in a straight line to 0 at the reach: the distance to
    the farther end of the hours, at least an hour; three hours where the hours have no two ends; 1 where no time is named at all.
    place: 1; 0.5 where venues are named and only the neighbourhood fits. scarcity: of the venue, 1 where it is not known.
    """
    if wish.limits.ruled_out_by(opening) is not None:
        return 0.0
    return score_within_limits(wish, opening, scarcity)


def score_within_limits(wish: GoalWish, opening: Opening, scarcity: float | None) -> float:
    """The same of an opening of which it is known that no limit rules it out."""
    fit = TIME_SHARE * _time_fit(wish, opening.slot_time) + (1.0 - TIME_SHARE) * _place_fit(wish, opening)
    return fit * _between(1.0 if scarcity is None else scarcity)


def _time_fit(wish: GoalWish, at: time) -> float:
    wanted, reach = _wanted_time(wish)
    if wanted is None:
        return 1.0
    return _between(1.0 - _apart(wanted, _minutes(at)) / reach)


def _wanted_time(wish: GoalWish) -> tuple[float | None, float]:
    """The best time in minutes of the day, and how many minutes from it closeness ends."""
    preferred = None if wish.preferred_time is None else _minutes(wish.preferred_time)
    start, end = wish.limits.time_from, wish.limits.time_to
    if start is None or end is None:
        return preferred, REACH
    first, last = _minutes(start), _minutes(end)
    wanted = (first + ((last - first) % _DAY) / 2) % _DAY if preferred is None else preferred
    return wanted, max(SHORTEST_REACH, _apart(wanted, first), _apart(wanted, last))


def _place_fit(wish: GoalWish, opening: Opening) -> float:
    venues = wish.limits.venues
    return 1.0 if not venues or any(listing in venues for listing in opening.listings) else ONLY_NEARBY


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def _apart(one: float, other: float) -> float:
    """Minutes between two times of the day, the short way round midnight."""
    straight = abs(one - other)
    return min(straight, _DAY - straight)


def _between(value: float) -> float:
    return min(1.0, max(0.0, value))
