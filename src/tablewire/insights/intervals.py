"""Spans of time in whole microseconds: what they cover together, and where they overlap."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""[from, until) in microseconds since 1970."""
Spans = tuple[Span, ...]
"""In order of time, none touching another."""


def union(spans: Iterable[Span]) -> Spans:
    """What the spans cover together; empty and reversed ones cover nothing."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def intersection(one: Spans, other: Spans) -> Spans:
    """What both cover."""
    found: list[Span] = []
    at = within = 0
    while at < len(one) and within < len(other):
        start = max(one[at][0], other[within][0])
        end = min(one[at][1], other[within][1])
        if start < end:
            found.append((start, end))
        if one[at][1] < other[within][1]:
            at += 1
        else:
            within += 1
    return tuple(found)


def clip(spans: Spans, start: int, end: int) -> Spans:
    """The part of the spans that lies in [start, end)."""
    if not spans or (start <= spans[0][0] and spans[-1][1] <= end):
        return spans
    return intersection(spans, ((start, end),))


def length(spans: Spans) -> int:
    """How much time the spans cover."""
    return sum(end - start for start, end in spans)


def covers(spans: Spans, at: int) -> bool:
    """Whether an instant lies in one of the spans; their ends do not."""
    place = bisect_right(spans, at, key=lambda span: span[0])
    return place > 0 and at < spans[place - 1][1]


def lengths_between(spans: Spans, edges: Sequence[int]) -> list[int]:
    """How much time the spans cover between each edge and the next; edges ascend."""
    lengths = [0] * (len(edges) - 1)
    part = 0
    for start, end in spans:
        while part < len(lengths) and edges[part + 1] <= start:
            part += 1
        reach = part
        while reach < len(lengths) and edges[reach] < end:
            lengths[reach] += min(end, edges[reach + 1]) - max(start, edges[reach])
            reach += 1
    return lengths


def observed(instants: Iterable[int], gap: int) -> Spans:
    """The time between observations that follow each other within `gap`: one observation alone proves no time."""
    seen: Spans = ()
    for at in sorted(instants):
        seen = seen_again(seen, at, gap)
    return union(seen)


def seen_again(seen: Spans, at: int, gap: int) -> Spans:
    """Observed time after one more, later observation: the last span grows, or an empty one begins."""
    if seen and at - seen[-1][1] <= gap:
        return (*seen[:-1], (seen[-1][0], max(seen[-1][1], at)))
    return (*seen, (at, at))
