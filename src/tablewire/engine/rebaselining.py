"""Rebaselining a bucket on an operator's wish, at every provider that is polled for it."""

from collections.abc import Mapping

from tablewire.domain.buckets import BucketKey
from tablewire.engine.clock import Clock
from tablewire.engine.discovery import Discovery


class Rebaselining:
    """Goes through the owners of a bucket, so that nobody but them changes it."""

    def __init__(self, discovery: Discovery, clock: Clock) -> None:
        self._discovery = discovery
        self._clock = clock

    def watched(self, bucket_id: str) -> list[BucketKey]:
        """The buckets with this id that are watched, one a market at most."""
        keys = {key for owner in self._discovery.owners.values() for key in owner.keys}
        return sorted(key for key in keys if key.bucket_id == bucket_id)

    async def rebaseline(self, key: BucketKey) -> Mapping[str, int]:
        """Make baseline of what is open without an opening event; answers how many slots, by provider.

        Each provider's bucket is one transaction: where one fails, those before it stay done. Raises `StoreError`.
        """
        owners = [owner for owner in self._discovery.owners.values() if key in owner.keys]
        return {
            owner.provider: await owner.rebaseline(key.time_slot, self._clock.now())
            for owner in sorted(owners, key=lambda owner: owner.provider)
        }
