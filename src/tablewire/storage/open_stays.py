"""The stays that go on as of one instant: from memory where that is as far as the store, else from the rows of the buckets."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

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

    async def read(self, venues: Collection[Listing] | None) -> dict[Listing, list[Stay]]:
        """The stays of some venues, or of all. Raises `StoreUnavailable`."""
        found = defaultdict[str, defaultdict[str, list[Stay]]](lambda: defaultdict(list))
        with unavailable():
            rows = await self._connection.fetch(BUCKETS, self._market)
        for row in rows:
            provider = row["provider"]
            key = BucketKey(self._market, row["service_date"], row["time_slot"])
            state = self._remembered(key, provider)
            # What is remembered follows the store poll by poll: at the same poll it says the same. It goes on at the next wait.
            if state is not None and state.row.poll_seq == row["poll_seq"]:
                self._add(found[provider], _at(state.by_venue, provider, venues), key)
                await asyncio.sleep(0)
            else:
                stored = await self._stored(row["ref"], provider)
                self._add(found[provider], _at(stored, provider, venues), key)
        return {
            Listing(provider, storable(venue_id)): stays
            for provider, by_venue in found.items()
            for venue_id, stays in by_venue.items()
        }

    async def _stored(self, ref: int, provider: str) -> _ByVenue:
        with unavailable():
            rows = [StoredRow(*row) for row in await self._connection.fetch(LOAD_CHANGES, ref)]
        # Of a venue a stay needs its id only, so that none has to be learnt first.
        reader, found = SlotReader(provider), defaultdict[str, list[OpenSlot]](list)
        for slot in reader.slots_of(reader.read(rows)):
            found[slot.venue.venue_id].append(slot)
        return found

    def _add(
        self,
        found: defaultdict[str, list[Stay]],
        opened: Iterable[tuple[str, Sequence[OpenSlot]]],
        key: BucketKey,
    ) -> None:
        prime, day = key.time_slot == self._prime_slot, key.service_date
        for venue_id, slots in opened:
            found[venue_id] += [open_stay(slot, day, prime=prime) for slot in slots]


def _at(
    by_venue: _ByVenue, provider: str, venues: Collection[Listing] | None
) -> Iterable[tuple[str, Sequence[OpenSlot]]]:
    """What is open at the venues that are wanted, without a look at the others."""
    if venues is None:
        return by_venue.items()
    wanted = (one.venue_id for one in venues if one.provider == provider)
    return ((venue_id, slots) for venue_id in wanted if (slots := by_venue.get(venue_id)))
