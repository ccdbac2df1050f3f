"""What an admin may do: empty the database, and make a baseline of what is open."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from tablewire.domain.buckets import BucketKey, parse_bucket_id
from tablewire.domain.users import User
from tablewire.errors import BadInput, NotFound
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("services.admin")

HOW_TO_CONFIRM = (
    "the name of the database that is to be emptied has to be given, as it stands at the end of DATABASE_URL:"
    " all that was observed and all watches, requests and notifications go, and nothing brings them back;"
    " this is wanted under the older path as well"
)


class NamedDatabase(Protocol):
    """The store."""

    async def database_name(self) -> str:
        """The name of its database."""
        ...


class ClearingDoor(Protocol):
    """Who empties the store, and memory with it."""

    async def clear(self) -> tuple[str, ...]:
        """Empty it; answers which tables. Raises `StoreError`."""
        ...


class RebaseliningDoor(Protocol):
    """Who makes a baseline of what is open."""

    def watched(self, bucket_id: str) -> Sequence[BucketKey]:
        """The buckets with this id that are watched, one a market at most."""
        ...

    async def rebaseline(self, key: BucketKey) -> Mapping[str, int]:
        """Do it; answers how many slots joined the baseline, by provider. Raises `StoreError`."""
        ...


class Rebaselined(msgspec.Struct, frozen=True, kw_only=True):
    """Which bucket it was, and what came of it."""

    key: BucketKey
    joined: Mapping[str, int]
    """Slots that are baseline now and were not before, by provider."""


class Admin:
    """Each is asked for by an admin only, which the address sees to, and stands in the log with their name."""

    def __init__(self, store: NamedDatabase, clearing: ClearingDoor, rebaselining: RebaseliningDoor) -> None:
        self._store = store
        self._clearing = clearing
        self._rebaselining = rebaselining

    async def clear(self, by: User, confirm: str) -> tuple[str, ...]:
        """Empty the database; answers which tables. Raises `BadInput` where it is not confirmed, `StoreError`."""
        if confirm != await self._store.database_name():
            raise BadInput.of("confirm", HOW_TO_CONFIRM)
        emptied = await self._clearing.clear()
        log.warning(LogEvent.CLEARED, message=f"{by.name} has emptied the database", user=by.name)
        return emptied

    async def rebaseline(self, by: User, bucket_id: str, market: str | None) -> Rebaselined:
        """Make a baseline of what is open in one bucket. Raises `BadInput`, `NotFound`, `StoreError`."""
        parse_bucket_id(bucket_id)
        keys = [key for key in self._rebaselining.watched(bucket_id) if market in (None, key.market)]
        if len(keys) > 1:
            markets = ", ".join(key.market for key in keys)
            message = f"several markets have this bucket: say which one is meant; there are: {markets}"
            raise BadInput.of("market", message)
        if not keys:
            raise NotFound("No such bucket is watched.")
        joined = await self._rebaselining.rebaseline(keys[0])
        message = f"{by.name} has made baseline of {sum(joined.values())} open slots of {bucket_id}"
        log.info(LogEvent.REBASELINED, message=message, user=by.name, market=keys[0].market)
        return Rebaselined(key=keys[0], joined=joined)
