"""The stays that go on as of one instant: from memory where that is as far as the store, else from the rows of the buckets."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.domain.buckets import BucketKey
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import OpenSlot
from tablewire.insights.stays import Stay, open_stay
from tablewire.storage.checkpoints import LOAD_CHANGES
from tablewire.storage.failures import unavailable
from tablewire.storage.figure_door import Remembered
from tablewire.storage.slot_rows import SlotReader, StoredRow
from tablewire.storage.storable import storable

BUCKETS = """
SELECT ref, provider, service_date, time_slot, poll_seq FROM discovery_buckets WHERE market = $1 ORDER BY ref
"""

OpenStays = dict[Listing, list[Stay]]
_ByVenue = Mapping[str, Sequence[OpenSlot]]


class OpenStayReader:
    """Reads on a connection that sees one instant."""

    def __init__(
        self,
        connection: "PoolConnectionProxy[asyncpg.Record]",
        market: str,
        prime_slot: str,
        remembered: Remembered,
    ) -> None:
        self._connection = connection
        self._market = market
        self._prime_slot = prime_slot
        self._remembered = remembered

    async def read(self, venues: Collection[Listing] | None) -> OpenStays:
        """The stays of some venues, or of all. Raises `StoreUnavailable`."""
        found: OpenStays = {}
        with unavailable():
            rows = await self._connection.fetch(BUCKETS, self._market)
        for row in rows:
            key = BucketKey(self._market, row["service_date"], row["time_slot"])
            state = self._remembered(key, row["provider"])
            # What is remembered follows the store poll by poll: at the same poll it says the same. It goes on at the next wait.
            if state is not None and state.row.poll_seq == row["poll_seq"]:
                self._add(found, state.by_venue, key, row["provider"], venues)
                await asyncio.sleep(0)
            else:
                stored = await self._stored(row["ref"], row["provider"])
                self._add(found, stored, key, row["provider"], venues)
        return found

    async def _stored(self, ref: int, provider: str) -> _ByVenue:
        with unavailable():
            rows = [StoredRow(*row) for row in await self._connection.fetch(LOAD_CHANGES, ref)]
        reader, found = SlotReader(provider), defaultdict[str, list[OpenSlot]](list)
        for slot in reader.slots_of(reader.read(rows)):
            found[slot.venue.venue_id].append(slot)
        return found

    def _add(
        self,
        found: OpenStays,
        by_venue: _ByVenue,
        key: BucketKey,
        provider: str,
        venues: Collection[Listing] | None,
    ) -> None:
        prime, day = key.time_slot == self._prime_slot, key.service_date
        for listing, slots in _of(by_venue, provider, venues):
            stays = found.setdefault(listing, [])
            stays += [open_stay(slot, day, prime=prime) for slot in slots]


def _of(
    by_venue: _ByVenue, provider: str, venues: Collection[Listing] | None
) -> Iterator[tuple[Listing, Sequence[OpenSlot]]]:
    """What is open at the venues that are wanted, without a look at the others."""
    if venues is None:
        for venue_id, slots in by_venue.items():
            yield Listing(provider, storable(venue_id)), slots
    else:
        for listing in venues:
            if listing.provider == provider and (found := by_venue.get(listing.venue_id)):
                yield listing, found
