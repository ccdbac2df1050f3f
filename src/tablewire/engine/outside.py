"""What the window cannot answer: dates beyond it and party sizes that are not polled, asked of the providers for all who want the same."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import SeenSlot, Venue
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.engine.clock import Clock
from tablewire.engine.supervisor import Loop
from tablewire.providers.protocol import AvailabilityProvider, VenueLooks

TURN = 10.0
"""Seconds between two calls of one provider: six a minute, whatever is asked for, so that discovery hardly notices."""
CALL_TIMEOUT = 20.0
KEPT = timedelta(minutes=15)
"""How long an answer is good at least; as long as the interval of whoever asks, where that is longer."""
FORGOTTEN = 4
"""A question that nobody has repeated for so many times its answer's age is dropped."""
MOST_QUESTIONS = 5_000
_ROOM = 0.5
"""Share of its full rate below which a provider, slowed down by its own complaints, is asked nothing extra."""


class Question(msgspec.Struct, frozen=True, order=True):
    """What is free at one venue on a date for a party size."""

    listing: Listing
    day: date
    size: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider answered to a question."""

    slots: tuple[SeenSlot, ...]
    venue: Venue | None
    at: datetime


class _Asked(msgspec.Struct):
    """A question that somebody asks."""

    good_for: timedelta
    wanted_at: datetime
    asked_at: datetime | None = None
    told: Told | None = None


class Outside:
    """Answers from what was asked before, and asks again in turn: the question that has waited longest first.

    No event is ever made of an answer: it says what is free, not since when.
    """

    def __init__(
        self,
        providers: Mapping[str, AvailabilityProvider],
        market_of: Callable[[Listing], Market],
        clock: Clock,
        *,
        left_alone: Collection[tuple[str, str]] = (),
    ) -> None:
        """`left_alone` are venues, by provider and id, that want not to be asked for."""
        self._providers = providers
        self.market_of = market_of
        self._clock = clock
        self._left_alone = frozenset(left_alone)
        self._asked: dict[Question, _Asked] = {}

    def open_slots(
        self, listing: Listing, day: date, size: int, *, good_for: timedelta = KEPT
    ) -> Sequence[SeenSlot] | None:
        """What is free, as far as it was answered lately; None where it was not, and it will be asked soon."""
        told = self.told(Question(listing, day, size), good_for=good_for)
        return None if told is None else told.slots

    def told(self, question: Question, *, good_for: timedelta = KEPT) -> Told | None:
        """The answer to a question, where there is one; to ask is to want it asked again when it is older than `good_for`."""
        now, good_for = self._clock.now(), max(good_for, KEPT)
        known = self._asked.get(question)
        if known is None:
            if len(self._asked) < MOST_QUESTIONS and self._may_ask(question.listing):
                self._asked[question] = _Asked(good_for, now)
            return None
        known.good_for, known.wanted_at = min(good_for, known.good_for), now
        old = known.told is not None and now - known.told.at > FORGOTTEN * known.good_for
        return None if old else known.told

    def _may_ask(self, listing: Listing) -> bool:
        return listing.provider in self._providers and listing not in self._left_alone

    def trouble(self, provider: str) -> str | None:
        """Why a provider is asked nothing now, in plain words; None where it is."""
        known = self._providers.get(provider)
        if known is None or not known.status().enabled:
            return f"{provider} is not set up here"
        if not isinstance(known, VenueLooks):
            return f"{provider} cannot be asked for single venues"
        status = known.status()
        if status.breaker != "closed" or status.rate_now < _ROOM * status.rate:
            return f"{provider} is being left alone for a while"
        return None

    async def run(self, loop: Loop) -> None:
        """The loop `outside`: a call for each provider at a time."""
        while True:
            loop.beat()
            await self.turn()
            await self._clock.sleep(TURN)

    async def turn(self) -> int:
        """Ask each provider once, where there is something to ask and it has room; answers how many calls that took."""
        self._forget()
        calls = 0
        for provider_id, provider in self._providers.items():
            if self.trouble(provider_id) is None and isinstance(provider, VenueLooks):
                bundle = self._next(provider_id, provider.venues_per_call)
                if bundle:
                    calls += 1
                    await self._ask(provider, bundle)
        return calls

    def _forget(self) -> None:
        now = self._clock.now()
        self._asked = {
            question: known
            for question, known in self._asked.items()
            if now - known.wanted_at <= FORGOTTEN * known.good_for
        }

    def _next(self, provider_id: str, per_call: int) -> list[Question]:
        """The question that has waited longest, and others that the same call can ask."""
        now = self._clock.now()
        due = [
            question
            for question, known in self._asked.items()
            if question.listing.provider == provider_id
            and (known.asked_at is None or now - known.asked_at >= known.good_for)
        ]
        if not due:
            return []
        due.sort(key=self._waiting_since)
        first = due[0]
        market = self.market_of(first.listing)
        same = (
            other
            for other in due
            if (other.day, other.size) == (first.day, first.size) and self.market_of(other.listing) == market
        )
        return [question for question, _ in zip(same, range(per_call), strict=False)]

    def _waiting_since(self, question: Question) -> datetime:
        known = self._asked[question]
        return known.asked_at or known.wanted_at - known.good_for

    async def _ask(self, provider: VenueLooks, bundle: Sequence[Question]) -> None:
        first, now = bundle[0], self._clock.now()
        for question in bundle:
            self._asked[question].asked_at = now
        wanted = {first.size: tuple(question.listing.venue_id for question in bundle)}
        until = self._clock.monotonic() + CALL_TIMEOUT
        snapshot = await provider.look_at(self.market_of(first.listing), first.day, wanted, until=until)
        # Half an answer would show tables as gone that are not: better the one before it.
        if snapshot.outcome is Outcome.OK:
            self._keep(snapshot, bundle)

    def _keep(self, snapshot: Snapshot, bundle: Iterable[Question]) -> None:
        for question in bundle:
            venue_id = question.listing.venue_id
            said = [one for answer in snapshot.answers for one in answer.venues if one.venue_id == venue_id]
            if (known := self._asked.get(question)) is not None and said and all(one.whole for one in said):
                known.told = Told(
                    slots=tuple(slot for one in said for slot in one.slots),
                    venue=snapshot.venues.get(venue_id),
                    at=snapshot.finished_at,
                )
