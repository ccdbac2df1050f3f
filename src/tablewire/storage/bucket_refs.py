"""The small numbers that stand for buckets in the rows of their slots and pairs."""

from tablewire.domain.buckets import BucketKey


class BucketRefs:
    """Remembers which number stands for which bucket and provider; filled by whoever reads or makes the rows."""

    def __init__(self) -> None:
        self._refs: dict[tuple[BucketKey, str], int] = {}

    def get(self, key: BucketKey, provider: str) -> int | None:
        """The number of a bucket, where it is known."""
        return self._refs.get((key, provider))

    def put(self, key: BucketKey, provider: str, ref: int) -> None:
        """The number of a bucket as the store has it now."""
        self._refs[key, provider] = ref

    def drop(self, key: BucketKey, provider: str) -> None:
        """Forget a bucket whose rows are gone."""
        self._refs.pop((key, provider), None)
