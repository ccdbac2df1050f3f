"""The newest events in memory."""

from tablewire.domain.filters import parse_filter
from tablewire.live.ring import Ring, Selections
from tablewire.live.sse import Entry
from tests.unit.live.doubles import make_event

DROPS = frozenset({"drop"})
PRIME = parse_filter({"time_bucket": ["prime"]})


def filled(capacity: int, count: int) -> Ring:
    ring = Ring(capacity)
    for number in range(1, count + 1):
        bucket = "prime" if number % 2 else "off_peak"
        ring.extend([Entry(make_event(number, time_bucket=bucket))], number)
    return ring


def test_it_keeps_at_least_its_capacity_and_forgets_the_oldest() -> None:
    ring = filled(8, 100)
    assert 8 <= len(ring.ids) < 10
    assert ring.ids[-1] == 100


def test_its_floor_is_the_last_id_it_has_forgotten() -> None:
    ring = filled(8, 100)
    assert ring.floor == ring.ids[0] - 1


def test_what_comes_after_a_cursor_is_found_where_ids_are_missing() -> None:
    ring = Ring(8)
    ring.extend([Entry(make_event(number)) for number in (2, 5, 9)], 10)
    assert [entry.id for entry in ring.between(3, 8)] == [5, 9]


def test_what_the_log_no_longer_keeps_leaves_the_ring() -> None:
    ring = filled(8, 5)
    ring.forget_below(4)
    assert ring.ids == [4, 5]
    assert ring.floor == 3


def test_a_selection_follows_the_ring() -> None:
    ring = filled(8, 4)
    selections = Selections(ring)
    assert selections.of(PRIME, DROPS).ids == [1, 3]
    ring.extend([Entry(make_event(5)), Entry(make_event(6))], 6)
    assert selections.of(PRIME, DROPS).ids == [1, 3, 5, 6]


def test_a_selection_forgets_what_the_ring_forgets() -> None:
    ring = filled(8, 4)
    selections = Selections(ring)
    selections.of(PRIME, DROPS)
    ring.forget_below(3)
    assert selections.of(PRIME, DROPS).ids == [3]


def test_equal_filters_share_a_selection() -> None:
    selections = Selections(filled(8, 4))
    again = parse_filter({"time_bucket": ["prime"]})
    assert selections.of(PRIME, DROPS) is selections.of(again, DROPS)


def test_the_selection_not_asked_for_longest_is_forgotten_first() -> None:
    selections = Selections(filled(8, 4), most=2)
    first = selections.of(PRIME, DROPS)
    selections.of(parse_filter({"venue_id": ["1"]}), DROPS)
    assert selections.of(PRIME, DROPS) is first
    selections.of(parse_filter({"venue_id": ["2"]}), DROPS)
    assert selections.of(PRIME, DROPS) is first
