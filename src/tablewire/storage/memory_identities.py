"""Which venues are one restaurant, in memory: the part of the store in memory that is about that."""

from collections.abc import Callable, Collection, Mapping, Sequence

from tablewire.domain.restaurants import Decision, Link, Listing, Pair
from tablewire.storage.protocol import Identities


class MemoryIdentities:
    """See `protocol.IdentityBook` for what each question means; `answer` raises while the store is away."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self.restaurants: dict[Listing, str] = {}
        self._answer = answer
        self._links: dict[Pair, Link] = {}
        self._decisions: dict[Pair, Decision] = {}

    async def identities(self) -> Identities:
        """Everything."""
        return Identities(
            links=tuple(self._links[pair] for pair in sorted(self._links)),
            decisions=await self.decisions(),
            restaurants=dict(self.restaurants),
        )

    async def decisions(self) -> tuple[Decision, ...]:
        """What people decided."""
        self._answer()
        return tuple(self._decisions[pair] for pair in sorted(self._decisions))

    async def relink(
        self, listings: Collection[Listing], links: Sequence[Link], restaurants: Mapping[Listing, str]
    ) -> None:
        """Replace what is held of listings."""
        self._answer()
        for pair in [pair for pair in self._links if not set(pair).isdisjoint(listings)]:
            del self._links[pair]
        self._links |= {link.pair: link for link in links}
        for listing in listings:
            self.restaurants.pop(listing, None)
        self.restaurants |= restaurants

    async def decide(self, decision: Decision) -> None:
        """Keep a decision."""
        self._answer()
        self._decisions[decision.pair] = decision

    async def undecide(self, pair: Pair) -> bool:
        """Take a decision back."""
        self._answer()
        return self._decisions.pop(pair, None) is not None
