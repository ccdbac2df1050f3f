"""What people decide of venues: that two are one restaurant, that they are not, or that the evidence shall say."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from tablewire.domain.identity import Judgement, judge, traits_of
from tablewire.domain.restaurants import Decision, Link, Listing, Pair, Verdict, contradiction, parse_listing
from tablewire.domain.slots import Venue
from tablewire.errors import BadInput, FieldError
from tablewire.storage.protocol import IdentityBook, VenueBook

LONGEST_WHY = 500


class Book(VenueBook, IdentityBook, Protocol):
    """What is asked of the store."""


class Doubtful(msgspec.Struct, frozen=True):
    """A pair that waits for somebody to decide."""

    link: Link
    one: Venue
    other: Venue


class HandDecisions:
    """Decisions are stored, and win over all evidence; a running service takes them over by itself."""

    def __init__(self, book: Book, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now

    async def decide(
        self, one: str, other: str, verdict: Verdict, *, by: str, why: str | None = None
    ) -> tuple[Venue, Venue, Judgement]:
        """Hold two venues, written `provider:id`, the same or apart from now on; answers them, and what the evidence says.

        Raises `BadInput` where one was never seen, where both are one, or where other decisions say the contrary.
        """
        pair = _pair(one, other)
        if why is not None and len(why) > LONGEST_WHY:
            raise BadInput.of("why", f"it has {len(why)} characters; {LONGEST_WHY} are allowed")
        venues = await self._venue(pair.one), await self._venue(pair.other)
        decision = Decision(pair=pair, verdict=verdict, by=by, at=self._now(), why=why)
        others = [kept for kept in await self._book.decisions() if kept.pair != pair]
        against = contradiction([*others, decision])
        if against is not None:
            message = (
                f"{against.one} and {against.other} are held apart, and this would join them by way of others; "
                f"take one back first: tablewire venues auto {against.one} {against.other}"
                if against != pair
                else f"other decisions join {pair.one} and {pair.other} by way of a third; take one of those back first"
            )
            raise BadInput.of(verdict.value, message)
        await self._book.decide(decision)
        return *venues, judge(*map(traits_of, venues))

    async def leave_to_evidence(self, one: str, other: str) -> None:
        """Take back what was decided of a pair. Raises `BadInput` where nothing was."""
        pair = _pair(one, other)
        if not await self._book.undecide(pair):
            raise BadInput.of("auto", f"nobody has decided anything about {pair.one} and {pair.other}")

    async def doubtful(self) -> list[Doubtful]:
        """The pairs that the evidence leaves open, the likeliest first."""
        stored = await self._book.identities()
        decided = {decision.pair for decision in stored.decisions}
        links = [
            link for link in stored.links if link.verdict is Verdict.DOUBTFUL and link.pair not in decided
        ]
        links.sort(key=lambda link: (-link.confidence, link.pair))
        return [
            Doubtful(link, await self._venue(link.pair.one), await self._venue(link.pair.other))
            for link in links
        ]

    async def decisions(self) -> tuple[Decision, ...]:
        """All that people decided."""
        return await self._book.decisions()

    async def _venue(self, listing: Listing) -> Venue:
        known = await self._book.get(listing.provider, listing.venue_id)
        if known is None:
            message = f"no venue {listing} was ever seen; GET /venues?name=… finds a venue's provider and id"
            raise BadInput.of("venue", message)
        return known.venue


def _pair(one: str, other: str) -> Pair:
    named: list[Listing] = []
    wrong: list[FieldError] = []
    for text in (one, other):
        try:
            named.append(parse_listing(text))
        except ValueError as error:
            wrong.append(FieldError("venue", f"{text[:200]!r} is not allowed: {error}"))
    if wrong:
        raise BadInput(wrong)
    if named[0] == named[1]:
        raise BadInput.of("venue", f"both are {named[0]}: two different venues are wanted")
    return Pair.of(*named)
