"""Supply: how many tables are open now in some buckets, against their baseline, and against what is usual."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import msgspec

from tablewire.domain.markets import Market, service_today
from tablewire.insights.supply import BucketSupply, Supply, Usual, supply, usual
from tablewire.live.fill import BucketFill
from tablewire.storage.insight_door import MarketBook

EARLIER: Final = timedelta(days=56)
"""So far back lies what is usual."""
_FRIDAY = 4


class FillDoor(Protocol):
    """What is open now."""

    def buckets(self, market: str, neighborhoods: Collection[str] = ()) -> list[BucketFill]:
        """The buckets of a market, in order."""
        ...


class SupplyWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which buckets are meant. What is left out is no limit."""

    bucket_id: str | None = None
    dates: tuple[date, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    weekend: bool = False
    """This weekend: the Friday, Saturday and Sunday that come next, or are now."""
    time_slots: frozenset[str] = frozenset()
    providers: tuple[str, ...] = ()
    neighborhoods: frozenset[str] = frozenset()
    """Name keys."""


class BucketOfSupply(msgspec.Struct, frozen=True, kw_only=True):
    """One bucket, its providers taken together."""

    bucket_id: str
    date: date
    time_slot: str
    time_bucket: str
    lead_days: int
    supply: Supply


class MarketSupply(msgspec.Struct, frozen=True, kw_only=True):
    """The supply of some buckets of a market, together and one by one."""

    market: str
    now: datetime
    total: Supply
    buckets: list[BucketOfSupply]


class SupplyInsight:
    """Compares the board with earlier days."""

    def __init__(self, book: MarketBook, board: FillDoor, now: Callable[[], datetime]) -> None:
        self._book = book
        self._board = board
        self._now = now

    async def supply(self, market: Market, wish: SupplyWish) -> MarketSupply:
        """The supply of the buckets that are meant.

        Earlier days are not kept by neighbourhood: with some of them named, nothing is known of a baseline or of what is usual.
        """
        now = self._now()
        today = service_today(now, market.zone)
        fills = [
            fill
            for fill in self._board.buckets(market.id, wish.neighborhoods)
            if _is_meant(fill, wish, today)
        ]
        earlier = [] if wish.neighborhoods else await self._earlier(market, today)
        known = usual(earlier)
        return MarketSupply(
            market=market.id,
            now=now,
            total=_supply(fills, today, known),
            buckets=_by_bucket(fills, today, known),
        )

    async def _earlier(self, market: Market, today: date) -> list[BucketSupply]:
        return await self._book.earlier_buckets(market.id, today - EARLIER, today)


def weekend(today: date) -> tuple[date, ...]:
    """The Friday, Saturday and Sunday that come next, or what is left of those that are now."""
    weekday = today.weekday()
    first = today + timedelta(days=max(0, _FRIDAY - weekday))
    return tuple(first + timedelta(days=ahead) for ahead in range(7 - max(weekday, _FRIDAY)))


def _is_meant(fill: BucketFill, wish: SupplyWish, today: date) -> bool:
    day = fill.service_date
    return (
        wish.bucket_id in (None, fill.bucket_id)
        and (not wish.dates or day in wish.dates)
        and (wish.date_from is None or day >= wish.date_from)
        and (wish.date_to is None or day <= wish.date_to)
        and (not wish.weekend or day in weekend(today))
        and (not wish.time_slots or fill.time_slot in wish.time_slots)
        and (not wish.providers or fill.provider in wish.providers)
    )


def _by_bucket(fills: Sequence[BucketFill], today: date, known: Usual) -> list[BucketOfSupply]:
    buckets: defaultdict[str, list[BucketFill]] = defaultdict(list)
    for fill in fills:
        buckets[fill.bucket_id].append(fill)
    return [
        BucketOfSupply(
            bucket_id=bucket_id,
            date=found[0].service_date,
            time_slot=found[0].time_slot,
            time_bucket=found[0].time_bucket,
            lead_days=(found[0].service_date - today).days,
            supply=_supply(found, today, known),
        )
        for bucket_id, found in buckets.items()
    ]


def _supply(fills: Sequence[BucketFill], today: date, known: Usual) -> Supply:
    """Buckets that nobody has looked at are none."""
    return supply([_now(fill, today) for fill in fills if fill.observed_venues], known)


def _now(fill: BucketFill, today: date) -> BucketSupply:
    return BucketSupply(
        provider=fill.provider,
        service_date=fill.service_date,
        time_slot=fill.time_slot,
        lead_days=(fill.service_date - today).days,
        baseline=fill.baseline,
        open_slots=fill.open_slots,
    )
