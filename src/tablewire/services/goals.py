"""What users wish for in general: goals, made, changed, listed and taken back."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from tablewire.domain.goals import LONGEST_NAME, MAX_NEIGHBORHOODS, MAX_VENUES, Goal, GoalWish
from tablewire.domain.names import name_key
from tablewire.domain.notifications import Kind
from tablewire.domain.polled import Polled
from tablewire.domain.users import User
from tablewire.domain.venue_names import VenueWish
from tablewire.domain.wishes import Limits
from tablewire.errors import BadInput, FieldError, NotFound
from tablewire.services.named_venues import VenueFinder
from tablewire.services.wish_fields import (
    MatcherDoor,
    PartySize,
    PriceRange,
    WallTime,
    Weekday,
    check_day,
    listings_of,
    time_text,
    wall_time,
    weekday_words,
    weekdays,
)
from tablewire.storage.wish_door import GoalBook, GoalFigures

PAGE = 50
DEFAULT_SCORE = 0.5
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Places = Annotated[list[Place], msgspec.Meta(max_length=MAX_NEIGHBORHOODS)]
Venues = Annotated[list[VenueWish], msgspec.Meta(max_length=MAX_VENUES)]
Weekdays = Annotated[list[Weekday], msgspec.Meta(max_length=7)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class GoalBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A goal as a client writes it. What is left out is no limit."""

    name: Name
    date_from: date | None = None
    date_to: date | None = None
    weekdays: Weekdays = []
    """Of the evening."""
    time_from: WallTime | None = None
    time_to: WallTime | None = None
    """The latest start. Earlier than `time_from`: over midnight."""
    preferred_time: WallTime | None = None
    party_size: PartySize | None = None
    neighborhoods: Places = []
    venues: Venues = []
    """Where neighbourhoods are named too, one of both is enough."""
    price_max: PriceRange | None = None
    min_score: Score = DEFAULT_SCORE
    """From which score on its user is told."""
    active: bool = True


class GoalChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about a goal; what is left out stays, null takes a limit away."""

    name: Name | UnsetType = UNSET
    date_from: date | UnsetType | None = UNSET
    date_to: date | UnsetType | None = UNSET
    weekdays: Weekdays | UnsetType = UNSET
    time_from: WallTime | UnsetType | None = UNSET
    time_to: WallTime | UnsetType | None = UNSET
    preferred_time: WallTime | UnsetType | None = UNSET
    party_size: PartySize | UnsetType | None = UNSET
    neighborhoods: Places | UnsetType = UNSET
    venues: Venues | UnsetType = UNSET
    price_max: PriceRange | UnsetType | None = UNSET
    min_score: Score | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Goals:
    """Each user's own; the matcher hears of every change at once."""

    def __init__(
        self,
        book: GoalBook,
        finder: VenueFinder,
        matcher: MatcherDoor,
        polled: Polled,
        now: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._finder = finder
        self._matcher = matcher
        self._polled = polled
        self._now = now

    async def make(self, user: User, body: GoalBody) -> Goal:
        """A new goal. Raises `BadInput` that names what is wrong, `Conflict` where the user has too many."""
        goal = await self._book.make(user.id, await self.wish_of(body), self._now())
        self._matcher.changed(goal)
        return goal

    async def wish_of(self, body: GoalBody) -> GoalWish:
        """What a body asks for. Raises `BadInput`."""
        self._check(body)
        places = _places(body.neighborhoods)
        venues = await self._finder.choose(body.venues, least=0)
        limits = Limits(
            venues=listings_of(venues),
            neighborhoods=tuple(sorted({name_key(place) for place in places})),
            date_from=body.date_from,
            date_to=body.date_to,
            weekdays=weekdays(body.weekdays),
            time_from=wall_time(body.time_from),
            time_to=wall_time(body.time_to),
            party_size=body.party_size,
            price_max=body.price_max,
        )
        return GoalWish(
            name=body.name,
            venues=venues,
            neighborhoods=places,
            limits=limits,
            preferred_time=wall_time(body.preferred_time),
            min_score=body.min_score,
            active=body.active,
        )

    async def list(self, user: User, before: int | None = None, limit: int = PAGE) -> list[Goal]:
        """A page, newest first."""
        return await self._book.of_user(user.id, before, limit)

    async def get(self, user: User, goal_id: int) -> Goal:
        """One of the user's own. Raises `NotFound`."""
        goal = await self._book.get(user.id, goal_id)
        if goal is None:
            raise NotFound("There is no such goal.")
        return goal

    async def change(self, user: User, goal_id: int, change: GoalChange) -> Goal:
        """Change one of the user's own. Raises `NotFound`, `BadInput`."""
        known = await self.get(user, goal_id)
        changed = await self._book.change(user.id, goal_id, await self.wish_of(_changed(known, change)))
        if changed is None:
            raise NotFound("There is no such goal.")
        self._matcher.changed(changed)
        return changed

    async def delete(self, user: User, goal_id: int) -> None:
        """Take one of the user's own back. Raises `NotFound`."""
        if not await self._book.delete(user.id, goal_id):
            raise NotFound("There is no such goal.")
        self._matcher.deleted(Kind.GOAL, goal_id)

    async def figures(self, goals: Sequence[Goal]) -> "dict[int, GoalFigures]":
        """What became of goals, by id."""
        return dict(await self._book.figures(goals)) if goals else {}

    def _check(self, body: GoalBody) -> None:
        today = self._polled.today(self._now())
        if body.date_from is not None:
            check_day("date_from", body.date_from, today)
        if body.date_from is not None and body.date_to is not None and body.date_to < body.date_from:
            raise BadInput.of(
                "date_to", f"it is before date_from; dates from {body.date_from} on are allowed"
            )
        if body.active and body.date_to is not None and body.date_to < today:
            raise BadInput.of("date_to", f"it has passed; dates from {today} on are allowed")


def body_of(goal: GoalWish) -> GoalBody:
    """A goal as a client would write it."""
    limits = goal.limits
    return GoalBody(
        name=goal.name,
        date_from=limits.date_from,
        date_to=limits.date_to,
        weekdays=weekday_words(limits.weekdays),
        time_from=time_text(limits.time_from),
        time_to=time_text(limits.time_to),
        preferred_time=time_text(goal.preferred_time),
        party_size=limits.party_size,
        neighborhoods=list(goal.neighborhoods),
        venues=[VenueWish(provider=venue.provider, venue_id=venue.venue_id) for venue in goal.venues],
        price_max=limits.price_max,
        min_score=goal.min_score,
        active=goal.active,
    )


def _changed(goal: Goal, change: GoalChange) -> GoalBody:
    said = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    return msgspec.structs.replace(body_of(goal), **said)


def _places(texts: Sequence[str]) -> tuple[str, ...]:
    wrong = [
        FieldError(f"neighborhoods[{number}]", "it has neither letters nor digits")
        for number, text in enumerate(texts)
        if not name_key(text)
    ]
    if wrong:
        raise BadInput(wrong)
    return tuple(dict.fromkeys(texts))
