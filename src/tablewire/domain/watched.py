"""What is polled anyway: which dates of which markets, and for which party sizes."""

from datetime import date, datetime

import msgspec

from tablewire.domain.markets import Market, service_today, window


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """The window and the party sizes; everything else has to be asked for."""

    markets: tuple[Market, ...]
    window_days: int
    party_sizes: tuple[int, ...]

    def dates(self, now: datetime) -> frozenset[date]:
        """The dates of all windows."""
        return frozenset(day for market in self.markets for day in window(now, market.zone, self.window_days))

    def today(self, now: datetime) -> date:
        """The evening that is still being served, where it is earliest."""
        return min(service_today(now, market.zone) for market in self.markets)
