"""Which venues are one restaurant: what people decided, and where nobody did, the best pairs that the evidence proves."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import msgspec

from tablewire.domain.identity import AUTOMATIC, DOUBTFUL, Judgement

CLEARLY = 1.5
"""By how much, in log odds, the best partner has to beat the next one that could be it."""


class Listing(NamedTuple):
    """One venue at one provider, by its name there."""

    provider: str
    venue_id: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.venue_id}"


def parse_listing(text: str) -> Listing:
    """A listing as it is written, `resy:834`. Raises ValueError."""
    provider, separator, venue_id = text.partition(":")
    if not (provider and separator and venue_id) or "\x00" in text or len(text) > 200:
        raise ValueError("a venue is written provider:id, as resy:834")
    return Listing(provider, venue_id)


def in_batches(listings: Iterable[Listing], most: int) -> Iterator[list[Listing]]:
    """Listings in their order, which is by provider, in batches of so many at most and of one provider each."""
    for _, of_provider in groupby(listings, key=lambda listing: listing.provider):
        mine = list(of_provider)
        for place in range(0, len(mine), most):
            yield mine[place : place + most]


class Pair(NamedTuple):
    """Two listings, the lesser first, so that equal pairs are equal values."""

    one: Listing
    other: Listing

    @classmethod
    def of(cls, one: Listing, other: Listing) -> "Pair":
        """The pair of two listings, in whatever order they are given."""
        return cls(min(one, other), max(one, other))


class Verdict(StrEnum):
    """What is held of a pair."""

    SAME = "same"
    APART = "apart"
    DOUBTFUL = "doubtful"
    """Likely, and not proven, or not the only one that it could be: left apart until somebody decides."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided of a pair; it wins over all evidence."""

    pair: Pair
    verdict: Verdict
    """Same or apart."""
    by: str
    at: datetime
    why: str | None = None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence says of a pair that it says something of."""

    pair: Pair
    verdict: Verdict
    """Same or doubtful."""
    confidence: float
    evidence: tuple[str, ...]


class Resolution(msgspec.Struct, frozen=True):
    """What becomes of listings whose evidence hangs together."""

    links: tuple[Link, ...]
    groups: tuple[frozenset[Listing], ...]
    """Those of more than one listing."""


class Groups:
    """Listings joined into restaurants: never two of one provider by evidence, never two that a person holds apart."""

    def __init__(self, apart: Collection[Pair]) -> None:
        self._apart = apart
        self._group_of: dict[Listing, set[Listing]] = {}

    def join(self, pair: Pair) -> None:
        """Join two listings and all that are joined to either."""
        joined = self._of(pair.one) | self._of(pair.other)
        for listing in joined:
            self._group_of[listing] = joined

    def keeps_apart(self, pair: Pair) -> bool:
        """Whether joining two listings would bring together what a person holds apart."""
        ones, others = self._of(pair.one), self._of(pair.other)
        return any(Pair.of(one, other) in self._apart for one in ones for other in others)

    def doubles(self, pair: Pair) -> bool:
        """Whether joining two listings would give a restaurant two of one provider."""
        ones, others = self._of(pair.one), self._of(pair.other)
        providers = {listing.provider for listing in ones}
        return ones is not others and any(listing.provider in providers for listing in others)

    def joined(self, pair: Pair) -> bool:
        """Whether two listings are one restaurant already."""
        return pair.other in self._of(pair.one)

    def all(self) -> tuple[frozenset[Listing], ...]:
        """All restaurants of more than one listing, in order."""
        groups = {frozenset(group) for group in self._group_of.values() if len(group) > 1}
        return tuple(sorted(groups, key=min))

    def _of(self, listing: Listing) -> set[Listing]:
        return self._group_of.setdefault(listing, {listing})


def resolve(judgements: Mapping[Pair, Judgement], decisions: Iterable[Decision]) -> Resolution:
    """Decide on pairs that hang together: by hand first, then by evidence, the surest first.

    By evidence a listing has at most one partner at each other provider, and only where each is clearly the other's best.
    """
    by_hand = {decision.pair: decision.verdict for decision in decisions}
    groups = Groups({pair for pair, verdict in by_hand.items() if verdict is Verdict.APART})
    for pair, verdict in sorted(by_hand.items()):
        if verdict is Verdict.SAME:
            groups.join(pair)
    open_pairs = {
        pair: judgement
        for pair, judgement in judgements.items()
        if not (groups.joined(pair) or groups.keeps_apart(pair) or groups.doubles(pair))
    }
    proven = [pair for pair in _mutual_best(open_pairs, groups) if open_pairs[pair].confidence >= AUTOMATIC]
    for pair in sorted(proven, key=lambda pair: (-open_pairs[pair].weight, pair)):
        if not (groups.keeps_apart(pair) or groups.doubles(pair)):
            groups.join(pair)
    return Resolution(tuple(_links(judgements, by_hand, groups)), groups.all())


def _mutual_best(judgements: Mapping[Pair, Judgement], groups: Groups) -> Iterator[Pair]:
    rivals: dict[tuple[Listing, str], list[tuple[float, Listing]]] = {}
    for (one, other), judgement in judgements.items():
        rivals.setdefault((one, other.provider), []).append((judgement.weight, other))
        rivals.setdefault((other, one.provider), []).append((judgement.weight, one))
    best = {side: _clear_best(ranked, groups) for side, ranked in rivals.items()}
    for pair in judgements:
        if (
            best[pair.one, pair.other.provider] == pair.other
            and best[pair.other, pair.one.provider] == pair.one
        ):
            yield pair


def _clear_best(ranked: list[tuple[float, Listing]], groups: Groups) -> Listing | None:
    """The best of several partners, where none comes close that is not the same restaurant as it."""
    (weight, best), *others = sorted(ranked, reverse=True)
    close = (listing for other, listing in others if weight - other < CLEARLY)
    return best if all(groups.joined(Pair.of(best, listing)) for listing in close) else None


def _links(
    judgements: Mapping[Pair, Judgement], by_hand: Mapping[Pair, Verdict], groups: Groups
) -> Iterator[Link]:
    for pair, judgement in sorted(judgements.items(), key=lambda item: item[0]):
        same = groups.joined(pair)
        settled = pair in by_hand or groups.keeps_apart(pair) or groups.doubles(pair)
        if same or (judgement.confidence >= DOUBTFUL and not settled):
            yield Link(
                pair=pair,
                verdict=Verdict.SAME if same else Verdict.DOUBTFUL,
                confidence=judgement.confidence,
                evidence=judgement.evidence,
            )


def contradiction(decisions: Iterable[Decision]) -> Pair | None:
    """A pair that people hold apart and yet have joined, itself or through others; None where all agree."""
    decided = list(decisions)
    groups = Groups(())
    for decision in decided:
        if decision.verdict is Verdict.SAME:
            groups.join(decision.pair)
    apart = (decision.pair for decision in decided if decision.verdict is Verdict.APART)
    return next((pair for pair in apart if groups.joined(pair)), None)


def restaurant_id(group: Iterable[Listing], first_seen: Mapping[Listing, datetime]) -> str:
    """The name of a restaurant: that of its listing which was known first, so that it stays when partners come and go."""
    return str(min(group, key=lambda listing: (first_seen[listing], listing)))
