"""Spans of time: together, in common, and within hours."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tablewire.insights.intervals import (
    Span,
    Spans,
    clip,
    covers,
    intersection,
    length,
    lengths_between,
    observed,
    seen_again,
    union,
)

some_spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def points(spans: list[Span] | Spans) -> set[int]:
    return {at for start, end in spans for at in range(start, end)}


@given(some_spans, some_spans)
def test_unions_and_intersections_are_those_of_sets(one: list[Span], other: list[Span]) -> None:
    both = intersection(union(one), union(other))

    assert points(union(one)) == points(one)
    assert points(both) == points(one) & points(other)
    assert length(both) == len(points(both))
    assert all(end < start for (_, end), (start, _) in zip(union(one), union(one)[1:], strict=False))


@given(some_spans, st.lists(st.integers(0, 30), min_size=2, max_size=6, unique=True).map(sorted))
def test_lengths_between_edges_are_those_of_the_parts(spans: list[Span], edges: list[int]) -> None:
    parts = [length(clip(union(spans), start, end)) for start, end in itertools.pairwise(edges)]

    assert lengths_between(union(spans), edges) == parts


def test_the_end_of_a_span_is_not_in_it() -> None:
    assert [covers(((2, 5), (7, 9)), at) for at in (1, 2, 4, 5, 7, 9)] == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]


def test_time_is_observed_between_looks_that_follow_each_other_closely() -> None:
    assert observed([0, 600, 1200, 1801, 5000, 5100], 600) == ((0, 1200), (5000, 5100))


def test_one_look_alone_proves_no_time() -> None:
    assert length(observed([17], 600)) == 0


def test_one_look_after_the_other_comes_to_the_same() -> None:
    seen: Spans = ()
    for at in (0, 600, 1201, 1300):
        seen = seen_again(seen, at, 600)

    assert union(seen) == observed([0, 600, 1201, 1300], 600)
