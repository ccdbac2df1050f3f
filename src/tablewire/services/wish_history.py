"""What a wish would have told lately, and why it may have been silent."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.domain.goals import GoalWish, goal_match_score
from tablewire.domain.looked import LookedAt
from tablewire.domain.notify_requests import NotifyWish
from tablewire.domain.polled import Polled
from tablewire.domain.restaurants import Listing
from tablewire.domain.wishes import Limit, Limits, opening_of_table
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.protocol import EventLog

MOST_DAYS = 14
SILENCE_DAYS = 7
MOST_SHOWN = 100
MOST_READ = 10_000
"""Events that are read for one answer; what lies before them is left out, and the answer says so."""
MOST_EXAMPLES = 20
_AT_ONCE = 500
_OPENINGS = frozenset({"drop", "reopened"})


class WishOpening(msgspec.Struct, frozen=True, kw_only=True):
    """An opening that would have been told."""

    event: Event
    open_seconds: float | None
    """How long the table lasted; null where it is still open, or was when the log was read."""
    still_open: bool
    score: float | None = None
    """Of a goal."""


class WishPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a wish would have told, newest first."""

    since: datetime
    complete: bool
    """Whether everything since then was looked at and is shown."""
    openings: tuple[WishOpening, ...]


class WishVenue(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue is being looked at."""

    provider: str
    venue_id: str
    last_looked_at: datetime | None
    """For one of the wish's dates and party sizes."""
    share_observed: float | None
    """The share of its dates and party sizes that was looked at in the last ten minutes."""


class WishDate(msgspec.Struct, frozen=True, kw_only=True):
    """A date of a wish."""

    date: date
    state: Literal["watched", "beyond", "past"]
    """Beyond: later than what is polled; providers are asked for it now and then."""


class WishMiss(msgspec.Struct, frozen=True, kw_only=True):
    """An opening that was not told, and why."""

    event: Event
    ruled_out_by: Limit | Literal["score"]
    score: float | None = None


class WishSilence(msgspec.Struct, frozen=True, kw_only=True):
    """Why a wish may have been silent."""

    venues: tuple[WishVenue, ...]
    """Those that it names, at all providers."""
    dates: tuple[WishDate, ...]
    party_size_polled: bool
    since: datetime
    complete: bool
    openings: int
    """Openings at its places since then."""
    matched: int
    ruled_out: dict[str, int]
    """How many openings each limit ruled out, the first that did."""
    examples: tuple[WishMiss, ...]


class WishHistory:
    """Reads the log back, within bounds; nothing is asked of a provider."""

    def __init__(
        self,
        event_log: EventLog,
        listings: ListingsDoor,
        looked: LookedAt,
        polled: Polled,
        now: Callable[[], datetime],
        scarcity: Callable[[str, str], float | None] = lambda _, __: None,
    ) -> None:
        self._log = event_log
        self._listings = listings
        self._looked = looked
        self._polled = polled
        self._now = now
        self._scarcity = scarcity

    async def preview(self, wish: NotifyWish | GoalWish, days: int) -> WishPreview:
        """What it would have told in the last days."""
        since = self._now() - timedelta(days=days)
        closed: dict[str, Event] = {}
        shown: list[WishOpening] = []
        read = _Reading(since)
        async for event in self._back(self._filter(wish.limits), frozenset(EVENT_TYPES), read):
            if event.event_type is EventType.CLOSED:
                closed[event.slot_id] = event
                continue
            closing = closed.pop(event.slot_id, None)
            against, score = self._judge(wish, event)
            if against is None:
                shown.append(
                    WishOpening(
                        event=event,
                        open_seconds=None if closing is None else closing.drop_duration_seconds,
                        still_open=closing is None,
                        score=score,
                    )
                )
            if len(shown) == MOST_SHOWN:
                read.complete = False
                break
        return WishPreview(since=read.reached, complete=read.complete, openings=tuple(shown))

    async def silence(self, wish: NotifyWish | GoalWish) -> WishSilence:
        """What is watched for it, and which openings lately its limits ruled out."""
        read = _Reading(self._now() - timedelta(days=SILENCE_DAYS))
        against: Counter[str] = Counter()
        examples: list[WishMiss] = []
        openings = 0
        async for event in self._back(self._filter(wish.limits, only_place=True), _OPENINGS, read):
            limit, score = self._judge(wish, event)
            if limit == "place":
                continue  # filters cannot say "one of these venues or neighbourhoods"
            openings += 1
            if limit is not None:
                against[limit] += 1
                if len(examples) < MOST_EXAMPLES:
                    examples.append(WishMiss(event=event, ruled_out_by=limit, score=score))
        size = wish.limits.party_size
        return WishSilence(
            venues=tuple(self._venue_looks(wish.limits)),
            dates=tuple(self._date_states(wish.limits)),
            party_size_polled=size is None or size in self._polled.party_sizes,
            since=read.reached,
            complete=read.complete,
            openings=openings,
            matched=openings - against.total(),
            ruled_out=dict(against.most_common()),
            examples=tuple(examples),
        )

    def _judge(
        self, wish: NotifyWish | GoalWish, event: Event
    ) -> tuple[Limit | Literal["score"] | None, float | None]:
        opening = opening_of_table(event, self._listings.listings_of(event.provider, event.venue_id))
        limit = wish.limits.ruled_out_by(opening)
        if limit is not None or isinstance(wish, NotifyWish):
            return limit, None
        score = goal_match_score(wish, opening, self._scarcity(event.provider, event.venue_id))
        return ("score" if score < wish.min_score else None), round(score, 4)

    def _filter(self, limits: Limits, *, only_place: bool = False) -> EventFilter:
        venues = tuple(self._all_listings(limits))
        return msgspec.structs.replace(limits, venues=venues).as_filter(only_place=only_place)

    def _all_listings(self, limits: Limits) -> list[Listing]:
        return list(
            dict.fromkeys(other for named in limits.venues for other in self._listings.listings_of(*named))
        )

    async def _back(
        self, wanted: EventFilter, types: frozenset[str], read: "_Reading"
    ) -> AsyncIterator[Event]:
        """Events, newest first, as far back as is read."""
        cursor: int | None = None
        for _ in range(MOST_READ // _AT_ONCE):
            events = await self._log.before(cursor, _AT_ONCE, wanted=wanted, types=types)
            for event in reversed(events):
                if event.happened_at < read.since:
                    return
                read.oldest = event.happened_at
                yield event
            if len(events) < _AT_ONCE:
                return
            cursor = events[0].id
        read.complete = False

    def _venue_looks(self, limits: Limits) -> list[WishVenue]:
        now = self._now()
        days = [day for day in self._polled.window(now) if _is_asked(limits, day)]
        sizes = self._polled.party_sizes if limits.party_size is None else (limits.party_size,)
        found = []
        for listing in self._all_listings(limits):
            looks = (self._looked.last_looked(*listing, day, size) for day in days for size in sizes)
            found.append(
                WishVenue(
                    provider=listing.provider,
                    venue_id=listing.venue_id,
                    last_looked_at=max((at for at in looks if at is not None), default=None),
                    share_observed=self._looked.share_observed(*listing, now - timedelta(minutes=10)),
                )
            )
        return found

    def _date_states(self, limits: Limits) -> list[WishDate]:
        now = self._now()
        dates, today = self._polled.window(now), self._polled.today(now)
        days = limits.dates or tuple(day for day in dates if _is_asked(limits, day))
        return [
            WishDate(date=day, state="past" if day < today else "watched" if day in dates else "beyond")
            for day in days
        ]


class _Reading:
    """How far the log was read."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.oldest: datetime | None = None
        self.complete = True

    @property
    def reached(self) -> datetime:
        """From when on everything was looked at."""
        return self.since if self.complete or self.oldest is None else self.oldest


def _is_asked(limits: Limits, day: date) -> bool:
    return (
        (not limits.dates or day in limits.dates)
        and (limits.date_from is None or day >= limits.date_from)
        and (limits.date_to is None or day <= limits.date_to)
        and (not limits.weekdays or day.weekday() in limits.weekdays)
    )
