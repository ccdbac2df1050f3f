"""The evidence on all listings: which pairs could be one restaurant, judged again only where something changed."""

from collections.abc import Iterable, Mapping

import msgspec

from tablewire.domain.identity import DOUBTFUL, Judgement, judge, traits_of
from tablewire.domain.restaurants import Decision, Listing, Pair
from tablewire.domain.slots import Venue
from tablewire.engine.neighbours import Neighbourhoods


class Evidence:
    """What hangs together: pairs by evidence that is worth a look, and pairs that people decided on."""

    def __init__(self) -> None:
        self.unsettled: set[Listing] = set()
        """Listings about which something is different since somebody took note."""
        self._places = Neighbourhoods()
        self._judged: dict[Listing, dict[Listing, Judgement]] = {}
        """From both sides."""
        self._decisions: dict[Pair, Decision] = {}
        self._decided: dict[Listing, set[Listing]] = {}

    def put(self, listing: Listing, venue: Venue) -> None:
        """Take over what a listing is like now, without judging anything yet."""
        self._places.put(listing, traits_of(venue))

    def judge(self, listing: Listing) -> None:
        """Weigh a listing against each that is near it."""
        self.unsettled.add(listing)
        for other in self._judged.pop(listing, {}):
            del self._judged[other][listing]
            self.unsettled.add(other)
        traits = self._places.traits(listing)
        if self._places.is_switchboard(traits):
            traits = msgspec.structs.replace(traits, phone=None)
        for other in self._places.near(listing):
            judgement = judge(traits, self._places.traits(other))
            if judgement.confidence >= DOUBTFUL:
                self._judged.setdefault(listing, {})[other] = judgement
                self._judged.setdefault(other, {})[listing] = judgement
                self.unsettled.add(other)

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Take over all that people decided, of listings that are known."""
        said = {decision.pair: decision for decision in decisions if self._knows(decision.pair)}
        for pair in said.keys() | self._decisions.keys():
            if said.get(pair) != self._decisions.get(pair):
                self.unsettled.update(pair)
        self._decisions = said
        self._decided.clear()
        for one, other in said:
            self._decided.setdefault(one, set()).add(other)
            self._decided.setdefault(other, set()).add(one)

    def hanging_together(self, start: Listing) -> set[Listing]:
        """All listings that a change of one can matter to, itself among them."""
        found, ahead = {start}, [start]
        while ahead:
            listing = ahead.pop()
            new = {*self._judged.get(listing, ()), *self._decided.get(listing, ())} - found
            found |= new
            ahead += new
        return found

    def on(self, listings: set[Listing]) -> tuple[Mapping[Pair, Judgement], list[Decision]]:
        """All that is held for and against listings that hang together, by evidence and by hand."""
        judgements = {
            Pair.of(listing, other): judgement
            for listing in listings
            for other, judgement in self._judged.get(listing, {}).items()
        }
        pairs = {Pair.of(one, other) for one in listings for other in self._decided.get(one, ())}
        return judgements, [self._decisions[pair] for pair in sorted(pairs)]

    def _knows(self, pair: Pair) -> bool:
        return pair.one in self._places and pair.other in self._places
