"""What stands for buckets in the rows of their slots and pairs, and how much those rows hold."""

import msgspec

from tablewire.domain.buckets import BucketKey


class BucketRef(msgspec.Struct):
    """A bucket at a provider as its rows name it."""

    ref: int
    entries: int | None
    """Slots that its rows in `slot_changes` speak of; None where that is not known."""


class BucketRefs:
    """Remembers what stands for which bucket and provider; filled by whoever reads or makes the rows."""

    def __init__(self) -> None:
        self._refs: dict[tuple[BucketKey, str], BucketRef] = {}

    def get(self, key: BucketKey, provider: str) -> BucketRef | None:
        """What stands for a bucket, where it is known."""
        return self._refs.get((key, provider))

    def put(self, key: BucketKey, provider: str, ref: int, entries: int | None) -> BucketRef:
        """A bucket as the store has it now."""
        found = self._refs[key, provider] = BucketRef(ref, entries)
        return found

    def drop(self, key: BucketKey, provider: str) -> None:
        """Forget a bucket whose rows are gone."""
        self._refs.pop((key, provider), None)

    def forget(self) -> None:
        """Forget all of them: their rows are gone."""
        self._refs.clear()
