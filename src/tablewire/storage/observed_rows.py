"""Observed time as rows of `observed_spans`: spans that many venues share are written once, there and back."""

import zlib
from collections import defaultdict
from collections.abc import Mapping
from itertools import accumulate, chain, pairwise

import msgspec

from tablewire.insights.intervals import Spans, union

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[list[int], list[str]]]).decode


def body_of(spans: Mapping[str, Spans]) -> bytes:
    """The spans of venues, packed: the same for the same spans, in whichever order they come."""
    groups: defaultdict[Spans, list[str]] = defaultdict(list)
    for venue_id, of_venue in spans.items():
        groups[of_venue].append(venue_id)
    packed = [(_steps(group), sorted(venue_ids)) for group, venue_ids in sorted(groups.items())]
    return zlib.compress(_encode(packed), level=6)


def spans_of(body: bytes) -> dict[str, Spans]:
    """What `body_of` packed; an empty body holds nothing."""
    if not body:
        return {}
    found: dict[str, Spans] = {}
    for steps, venue_ids in _decode(zlib.decompress(body)):
        edges = list(accumulate(steps))
        spans = tuple(zip(edges[::2], edges[1::2], strict=True))
        found.update(dict.fromkeys(venue_ids, spans))
    return found


def together(known: Mapping[str, Spans], more: Mapping[str, Spans]) -> dict[str, Spans]:
    """What both say; venues with the same spans go on sharing them."""
    made: dict[tuple[Spans, Spans], Spans] = {}
    merged = dict(known)
    for venue_id, spans in more.items():
        both = known.get(venue_id, ()), spans
        if both not in made:
            made[both] = union(chain(*both))
        merged[venue_id] = made[both]
    return merged


def _steps(spans: Spans) -> list[int]:
    """The edges of spans, each as its distance from the one before."""
    edges = [0, *chain.from_iterable(spans)]
    return [edge - before for before, edge in pairwise(edges)]
