"""What is open now at some restaurants: from memory where that is polled, else from what the providers answered lately."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from tablewire.domain.filters import EventFilter
from tablewire.domain.markets import Market
from tablewire.domain.polled import Polled
from tablewire.domain.restaurants import Listing
from tablewire.domain.sightings import Sighting, sighting_outside
from tablewire.domain.slots import local_start
from tablewire.domain.watch_news import VenueTables
from tablewire.domain.watch_span import Span
from tablewire.engine.outside import KEPT, Question, Told

MOST_QUESTIONS = 60
"""What one search has providers asked: a date, a party size and a venue each."""


class Sightings(Protocol):
    """What is open, from memory."""

    def at(self, listings: Iterable[Listing], wanted: EventFilter) -> list[Sighting]:
        """At some venues."""
        ...

    def venues(self, wanted: EventFilter) -> AsyncIterator[VenueTables]:
        """Everywhere, by venue and bucket."""
        ...


class OutsideDoor(Protocol):
    """What is known of what is not polled."""

    def told(self, question: Question, *, good_for: timedelta = KEPT) -> Told | None:
        """The answer to a question, where there is one; it will be asked."""
        ...

    def trouble(self, provider: str) -> str | None:
        """Why a provider is asked nothing now."""
        ...

    def market_of(self, listing: Listing) -> Market:
        """The market of a venue."""
        ...


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What providers answered of what is not polled."""

    tables: Mapping[str, tuple[Sighting, str]] = {}
    """By slot, each with the question whose answer shows it."""
    questions: tuple[str, ...] = ()
    """What they answered to."""
    notes: tuple[str, ...] = ()


class Sight:
    """Looks in both places."""

    def __init__(self, sightings: Sightings, outside: OutsideDoor, polled: Polled) -> None:
        self.sightings = sightings
        self.polled = polled
        self._outside = outside

    def outside(
        self,
        listings: Sequence[Listing],
        wanted: EventFilter,
        span: Span,
        *,
        good_for: timedelta,
        opening: str,
    ) -> Answered:
        """What is open outside of what is polled, as far as it was answered; `opening` names what it shows."""
        if span.is_past:
            return Answered(notes=("its dates have passed",))
        pairs = list(span.outside())
        if not pairs:
            return Answered()
        wishes = [Question(listing, day, size) for day, size in pairs for listing in listings]
        answers = {
            question: self._outside.told(question, good_for=good_for) for question in wishes[:MOST_QUESTIONS]
        }
        told = {question: one for question, one in answers.items() if one is not None}
        tables: dict[str, tuple[Sighting, str]] = {}
        for question, one in told.items():
            for sighting in self._shown(question, one, opening):
                if sighting.fits(wanted):
                    known = tables.get(sighting.slot_key)
                    tables[sighting.slot_key] = (_with_sizes(sighting, known), name_of(question))
        return Answered(
            tables=tables,
            questions=tuple(map(name_of, told)),
            notes=tuple(self._notes(answers, left_out=len(wishes) - len(answers), more=span.more_later)),
        )

    def _shown(self, question: Question, told: Told, opening: str) -> Iterator[Sighting]:
        if told.venue is None:
            return
        parts, market = self.polled.parts, self._outside.market_of(question.listing)
        for slot in told.slots:
            part = parts.part_of(local_start(slot.actual_time), slot.service_date)
            yield sighting_outside(
                slot,
                told.venue,
                market=market.id,
                size=question.size,
                time_bucket=parts.time_bucket(part),
                opening=opening,
            )

    def _notes(self, answers: Mapping[Question, Told | None], *, left_out: int, more: bool) -> Iterator[str]:
        waiting = [question for question, told in answers.items() if told is None]
        yield f"{len(answers)} pairs of date and party size at its venues are outside of what is polled: providers are asked for them now and then"
        if waiting:
            yield f"{len(waiting)} of them have not been answered yet"
        if left_out or more:
            yield f"more than {MOST_QUESTIONS} are outside: the nearest are asked for, the rest are not"
        for provider in sorted({question.listing.provider for question in waiting}):
            if (trouble := self._outside.trouble(provider)) is not None:
                yield trouble


def name_of(question: Question) -> str:
    """A question as it is kept."""
    return f"{question.listing} {question.day} {question.size}"


def _with_sizes(one: Sighting, known: tuple[Sighting, str] | None) -> Sighting:
    sizes: Collection[int] = () if known is None else known[0].party_sizes
    return msgspec.structs.replace(one, party_sizes=tuple(sorted({*one.party_sizes, *sizes})))
