"""A time of observation that a poll takes back is taken back in the store with that poll."""

from datetime import UTC, date, datetime

from tablewire.domain.buckets import BucketKey
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState, Change, Pair
from tablewire.storage.observations import chunks_of_change

AT = datetime(2026, 2, 11, 15, tzinfo=UTC)
KEY = BucketKey("nyc", date(2026, 2, 18), "19:00")


def test_a_lapsed_pair_is_stored_without_its_time_and_its_neighbours_keep_theirs() -> None:
    state = BucketState(KEY, "resy")
    state.pairs[2] = {name: Pair(count=1, observed_at=AT) for name in "abc"}
    change = Change(key=KEY, provider="resy", expected_seq=1, at=AT, outcome=Outcome.OK, lapsed=((2, "b"),))
    [chunk] = chunks_of_change(change, state)
    assert chunk.venue_ids == ("a", "b", "c")
    assert chunk.counts == (1, 1, 1)
    assert chunk.observed_at == (AT, None, AT)
