"""What is polled, and how much of it a search covers."""

from datetime import date, datetime

import msgspec

from tablewire.domain.buckets import DayParts
from tablewire.domain.filters import EventFilter
from tablewire.domain.markets import Market, service_today, window
from tablewire.domain.watch_span import Span, span_of


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """The window and the party sizes; everything else has to be asked for."""

    markets: tuple[Market, ...]
    window_days: int
    party_sizes: tuple[int, ...]
    parts: DayParts = DayParts()

    def today(self, now: datetime) -> date:
        """The evening that is still being served, where it is earliest."""
        return min(service_today(now, market.zone) for market in self.markets)

    def window(self, now: datetime, wanted: EventFilter | None = None) -> tuple[date, ...]:
        """The dates that are polled in the markets that a filter allows, in any of them."""
        allowed = [market for market in self.markets if wanted is None or _allows(wanted, market)]
        days = {
            day for market in allowed or self.markets for day in window(now, market.zone, self.window_days)
        }
        return tuple(sorted(days))

    def span(self, wanted: EventFilter, now: datetime) -> Span:
        """What a filter covers."""
        return span_of(wanted, self.window(now, wanted), self.party_sizes)


def _allows(wanted: EventFilter, market: Market) -> bool:
    return all(market.id in term.values for term in wanted.terms if term.field == "market")
