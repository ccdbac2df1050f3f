"""One check of a watch: what it sees now, and what of that is news. It asks memory and the log, never a provider."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec

from tablewire.domain.events import Event, microseconds
from tablewire.domain.filters import EventFilter, Op, Term
from tablewire.domain.notifications import Telling
from tablewire.domain.restaurants import Listing
from tablewire.domain.sightings import Sighting, sighting_of
from tablewire.domain.watch_news import (
    MOST_NEWS,
    OUTSIDE,
    FoundName,
    compare,
    is_late_look,
    key_of_name,
    names_of,
    new_names,
)
from tablewire.domain.watch_tellings import telling_of_name, tellings_of_tables
from tablewire.domain.watches import (
    SHOWN,
    CheckResult,
    Mode,
    Seen,
    Watch,
    criteria_key,
    filter_of,
    next_due,
    shown,
)
from tablewire.engine.sight import Answered, Sight
from tablewire.live.protocol import EventReader, ListingsDoor
from tablewire.live.restaurants import Partner
from tablewire.storage.watch_door import Names, Outcome, WatchBook

OPENINGS_AT_ONCE = MOST_NEWS
"""Openings of the log that one check looks at, so that it can tell of all of them; the next goes on after them."""
SETTLING = timedelta(hours=1)
"""A date that came into the window this long before a check may not have been looked at everywhere by then."""
SHARED_FOR = timedelta(seconds=5)
"""How long the names found for some criteria are good for all who have the same."""
_OPENINGS = frozenset({"drop", "reopened"})


class Houses(ListingsDoor, Protocol):
    """Which listings are one restaurant."""

    def widened(self, wanted: EventFilter) -> EventFilter:
        """A filter that names all listings of the restaurants that it names."""
        ...

    def partners_of(self, provider: str, venue_id: str) -> tuple[Partner, ...]:
        """The other listings of a listing's restaurant."""
        ...


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a check came to, before anything of it is stored."""

    tellings: tuple[Telling, ...]
    outcome: Outcome
    """As if nothing was told."""


class WatchChecks:
    """Checks watches of both modes."""

    def __init__(self, *, book: WatchBook, log: EventReader, houses: Houses, sight: Sight) -> None:
        self._book = book
        self._log = log
        self._houses = houses
        self._sight = sight
        self._found: dict[str, tuple[datetime, dict[str, FoundName]]] = {}
        """The names found for some criteria, and when."""

    async def check(self, watch: Watch, now: datetime) -> Checked:
        """What a watch finds now. Raises `StoreError`, and `BadInput` where its filters are none any more."""
        wanted = self._houses.widened(filter_of(watch.filters))
        if watch.mode is Mode.NEW:
            return await self._check_names(watch, wanted, now)
        return await self._check_venues(watch, wanted, now)

    # --- certain venues

    async def _check_venues(self, watch: Watch, wanted: EventFilter, now: datetime) -> Checked:
        listings = self.listings_of(watch)
        newest = (await self._log.bounds()).newest
        events = await self._openings(watch, wanted, listings, newest)
        # Memory is read after the log, without waiting: what opens in between is seen here, or by the next check.
        answered = self._outside(watch, wanted, listings, now)
        open_now = {slot: one for slot, (one, _) in answered.tables.items()}
        open_now |= {one.slot_key: one for one in self._sight.sightings.at(listings, wanted)}
        comparison = compare(
            watch.seen,
            open_now.values(),
            map(sighting_of, events),
            quiet=self._quiet(watch, answered),
        )
        still_open = frozenset((one.slot_key, one.opening) for one in open_now.values())
        result = CheckResult(
            open_now=len(open_now),
            told=0,
            left=comparison.left,
            tables=shown(open_now.values()),
            notes=answered.notes,
        )
        outcome = Outcome(
            at=now,
            next_due_at=next_due(watch, now),
            result=result,
            seen=Seen(slots=comparison.slots, outside=answered.questions),
            seen_event=events[-1].id if len(events) == OPENINGS_AT_ONCE else newest,
        )
        return Checked(tellings=tuple(tellings_of_tables(watch, comparison, still_open)), outcome=outcome)

    def _quiet(self, watch: Watch, answered: Answered) -> Callable[[Sighting], bool]:
        """Which tables may have been there at the last check: those that a first look at something shows."""
        watched_then = self._watched_at(watch.last_checked_at)
        known = () if watch.seen is None else watch.seen.outside
        first = {slot for slot, (_, question) in answered.tables.items() if question not in known}

        def quiet(one: Sighting) -> bool:
            from_outside = one.opening.startswith(OUTSIDE) and one.slot_key in first
            return from_outside or is_late_look(one, watched_then)

        return quiet

    def listings_of(self, watch: Watch) -> list[Listing]:
        """All listings of the restaurants that a watch is for."""
        found = (
            listing
            for venue in watch.venues
            for listing in self._houses.listings_of(venue.provider, venue.venue_id)
        )
        return list(dict.fromkeys(found))

    async def _openings(
        self, watch: Watch, wanted: EventFilter, listings: Sequence[Listing], newest: int
    ) -> list[Event]:
        """The openings since the last check, also of tables that are gone again."""
        since = watch.seen_event
        if watch.seen is None or since is None or since >= newest:
            return []
        there = Term("listing", Op.ANY, tuple(sorted(map(str, listings))))
        return await self._log.after(
            since, OPENINGS_AT_ONCE, wanted=EventFilter((*wanted.terms, there)), types=_OPENINGS, upto=newest
        )

    def _outside(
        self, watch: Watch, wanted: EventFilter, listings: Sequence[Listing], now: datetime
    ) -> Answered:
        """What is open outside; an opening that was seen before keeps its name."""
        span = self._sight.polled.span(wanted, now)
        # Named by the check before it, so that a check that is made again after a crash tells of the same opening.
        opening = f"{OUTSIDE}{microseconds(watch.last_checked_at or watch.created_at)}"
        found = self._sight.outside(listings, wanted, span, good_for=watch.interval, opening=opening)
        known = {} if watch.seen is None else watch.seen.slots
        kept = {
            slot: (msgspec.structs.replace(one, opening=known[slot]), question)
            for slot, (one, question) in found.tables.items()
            if known.get(slot, "").startswith(OUTSIDE)
        }
        return msgspec.structs.replace(found, tables={**found.tables, **kept})

    def _watched_at(self, at: datetime | None) -> frozenset[date]:
        return frozenset() if at is None else frozenset(self._sight.polled.window(at - SETTLING))

    # --- new names

    async def _check_names(self, watch: Watch, wanted: EventFilter, now: datetime) -> Checked:
        key = criteria_key(filter_of(watch.filters))
        found = await self._names(key, wanted, now)
        before = None if watch.seen_version is None else await self._book.names(key, watch.seen_version)
        names = [one.name for _, one in sorted(found.items())]
        latest = await self._remember(key, names, now)
        watched_then = self._watched_at(watch.last_checked_at)
        news = {} if watch.seen is None or before is None else new_names(before.names, found, watched_then)
        told = sorted(news.items())[:MOST_NEWS]
        span = self._sight.polled.span(wanted, now)
        notes = [
            *(["its dates have passed"] if span.is_past else []),
            *(["names are looked for in what is polled only"] if any(span.outside()) else []),
            *([f"{len(news) - MOST_NEWS} more names are new than one check tells"] if len(news) > MOST_NEWS else []),
        ]  # fmt: skip
        result = CheckResult(
            open_now=len(found),
            told=0,
            tables=shown(one.first for one in found.values()),
            names=tuple(names[: 5 * SHOWN]),
            notes=tuple(notes),
        )
        outcome = Outcome(
            at=now,
            next_due_at=next_due(watch, now),
            result=result,
            seen=Seen(),
            seen_version=latest.version,
        )
        return Checked(tellings=tuple(telling_of_name(watch, key, one) for key, one in told), outcome=outcome)

    async def _names(self, key: str, wanted: EventFilter, now: datetime) -> dict[str, FoundName]:
        """The restaurants that have something open, each once, by the key of its name; the same for all who ask within seconds."""
        self._found = {key: (at, found) for key, (at, found) in self._found.items() if now - at < SHARED_FOR}
        if key not in self._found:
            names: dict[str, FoundName] = {}
            async for venue in self._sight.sightings.venues(wanted):
                names_of([venue], self._name_of, names)
            self._found[key] = now, names
        return self._found[key][1]

    def _name_of(self, one: Sighting) -> str:
        """What its restaurant is called by the listing that was known first."""
        first = self._houses.id_of(one.provider, one.venue_id)
        if first == one.listing:
            return one.venue_name
        partners = (partner.venue for partner in self._houses.partners_of(one.provider, one.venue_id))
        return next(
            (venue.name for venue in partners if f"{venue.provider}:{venue.venue_id}" == first),
            one.venue_name,
        )

    async def _remember(self, key: str, names: Sequence[str], now: datetime) -> Names:
        """The newest version of the names; these, where they are others than the newest were."""
        latest = await self._book.names(key)
        while latest is None or set(map(key_of_name, latest.names)) != set(map(key_of_name, names)):
            version = 0 if latest is None else latest.version
            added = await self._book.add_names(key, version, names, now)
            if added is not None:
                return added
            latest = await self._book.names(key)
        return latest
