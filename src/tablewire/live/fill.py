"""How full the buckets of a market are now, from the board: for supply, and for the density of what is open ahead."""

from collections.abc import Collection, Iterator
from datetime import date

import msgspec

from tablewire.domain.names import name_key
from tablewire.insights.density import Density, Filled, densities
from tablewire.live.board import Board, Place


class BucketFill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bucket at one provider."""

    bucket_id: str
    provider: str
    service_date: date
    time_slot: str
    time_bucket: str
    baseline: int | None
    """Slots that were there when their venues were first observed; null where that is not built, or not told apart."""
    open_slots: int
    observed_venues: int
    venues_open: int


class BoardFill:
    """Counts what is on the board."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def buckets(self, market: str, neighborhoods: Collection[str] = ()) -> list[BucketFill]:
        """The buckets of a market, in order; with `neighborhoods` (name keys) only what is open there, without a baseline."""
        return [
            _within(place, neighborhoods) if neighborhoods else _whole(place)
            for place in self._places(market)
        ]

    def densities(self, market: str) -> tuple[Density, ...]:
        """How many tables are open for each date and time slot."""
        return densities(
            Filled(
                service_date=fill.service_date,
                time_slot=fill.time_slot,
                open_slots=fill.open_slots,
                venues_open=fill.venues_open,
                venues_looked_at=fill.observed_venues,
            )
            for fill in self.buckets(market)
        )

    def _places(self, market: str) -> Iterator[Place]:
        return (place for place in self._board.places() if place.state.key.market == market)


def _whole(place: Place) -> BucketFill:
    state, counts = place.state, place.counts()
    built = state.row.baseline_built_at is not None
    return _fill(
        place,
        len(state.baseline) if built else None,
        counts.open_slots,
        counts.observed_venues,
        counts.venues_open,
    )


def _within(place: Place, neighborhoods: Collection[str]) -> BucketFill:
    found = [
        slots
        for slots in place.state.by_venue.values()
        if any(name_key(slot.venue.neighborhood or "") in neighborhoods for slot in slots)
    ]
    looked_at = place.counts().observed_venues
    return _fill(place, None, sum(map(len, found)), looked_at, len(found))


def _fill(place: Place, baseline: int | None, open_slots: int, observed: int, venues_open: int) -> BucketFill:
    key = place.state.key
    return BucketFill(
        bucket_id=key.bucket_id,
        provider=place.state.provider,
        service_date=key.service_date,
        time_slot=key.time_slot,
        time_bucket=place.time_bucket,
        baseline=baseline,
        open_slots=open_slots,
        observed_venues=observed,
        venues_open=venues_open,
    )
