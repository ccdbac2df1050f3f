"""What is kept of pairs, compactly: pairs in the order in which they were met, cut into chunks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from sys import intern

import msgspec

from tablewire.domain.state import BucketState, Change, Pair

CHUNK = 128
"""Pairs in a chunk: a row of them fits into a page."""


class PairChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 128 pairs of one party size; the first is the one that was met as number `chunk * 128`."""

    party_size: int
    chunk: int
    venue_ids: tuple[str, ...]
    counts: tuple[int, ...]
    """Stored observations; 0 for a pair that was met, but of which nothing is known yet."""
    observed_at: tuple[datetime | None, ...]


class _Known(msgspec.Struct, gc=False):
    """One pair as it is to be stored."""

    count: int
    observed_at: datetime | None


def chunks_of_change(change: Change, state: BucketState) -> list[PairChunk]:
    """The chunks that a change makes necessary, as they are once it is applied: first observations, and times taken back.

    `state` is memory before the change.
    """
    by_size: dict[int, set[str]] = {}
    for size, venue_id in (*change.first_pairs, *change.lapsed):
        by_size.setdefault(size, set()).add(venue_id)
    chunks: list[PairChunk] = []
    for size, first in by_size.items():
        known = _known(state, size)
        for seen in change.observed:
            if seen.party_size == size:
                pair = known.setdefault(seen.venue_id, _Known(0, None))
                if not seen.doubtful:
                    pair.count = min(pair.count + 1, 100)
                    pair.observed_at = seen.sent_at
        for lapsed_size, venue_id in change.lapsed:
            if lapsed_size == size and venue_id in known:
                known[venue_id].observed_at = None
        chunks.extend(_chunks(size, known, first))
    return chunks


def chunks_of_pairs(state: BucketState, pairs: Mapping[int, Iterable[str]]) -> list[PairChunk]:
    """The chunks that hold the given pairs (venue ids by party size), as memory has them now."""
    return [
        chunk for size, wanted in pairs.items() for chunk in _chunks(size, _known(state, size), set(wanted))
    ]


def newly_observed(change: Change, state: BucketState) -> int:
    """How many pairs a change observes for the first time."""
    before = (state.pair(size, venue_id) for size, venue_id in change.first_pairs)
    return sum(1 for pair in before if pair is None or not pair.count)


def restore_pairs(state: BucketState, chunks: Iterable[PairChunk]) -> None:
    """Put stored pairs back into memory, each at its old place in the order."""
    for chunk in sorted(chunks, key=lambda chunk: (chunk.party_size, chunk.chunk)):
        of_size = state.pairs.setdefault(chunk.party_size, {})
        for venue_id, count, at in zip(chunk.venue_ids, chunk.counts, chunk.observed_at, strict=True):
            of_size[intern(venue_id)] = Pair(count=count, observed_at=at if count else None)


def _known(state: BucketState, size: int) -> dict[str, _Known]:
    return {
        venue_id: _Known(pair.count, pair.observed_at if pair.count else None)
        for venue_id, pair in state.pairs.get(size, {}).items()
    }


def _chunks(size: int, known: Mapping[str, _Known], wanted: set[str]) -> list[PairChunk]:
    """The chunks with a wanted pair, and those with a pair of which nothing is known yet.

    The latter may never have been stored, and a chunk must not be missing before another: places are counted from the first.
    """
    venue_ids: Sequence[str] = list(known)
    pairs = list(known.values())
    chunks: list[PairChunk] = []
    for start in range(0, len(venue_ids), CHUNK):
        ids, part = venue_ids[start : start + CHUNK], pairs[start : start + CHUNK]
        if not wanted.isdisjoint(ids) or not all(pair.count for pair in part):
            chunks.append(
                PairChunk(
                    party_size=size,
                    chunk=start // CHUNK,
                    venue_ids=tuple(ids),
                    counts=tuple(pair.count for pair in part),
                    observed_at=tuple(pair.observed_at for pair in part),
                )
            )
    return chunks
