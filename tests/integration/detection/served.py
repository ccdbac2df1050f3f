"""What was served: the provider's own log of calls, read as polls and as looks at pairs, without asking the service."""

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tablewire.simulator.requests import RequestRecord
from tests.integration.detection.world import Asked, Run

Pair = tuple[str, int]
"""(venue id, party size)."""

WHOLE = frozenset(
    {None, "slow_body", "drifting_pages", "changed_types", "malformed_hit", "missing_availability"}
)
"""Calls whose log lists exactly the venues that were answered whole: a hit that cannot be read is not listed."""
IN_PART = frozenset({"malformed_slot"})
"""One slot of one venue could not be read, and the log does not say whose: what is listed was shown, what is not proves nothing."""
LIES = frozenset({"soft_block"})
"""Every venue is listed, and none has a table: nothing of it is true."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answered call."""

    at: float
    """When the call came; what it was answered is no older, and no newer than `finished`."""
    finished: float
    size: int
    number: int
    whole: bool
    strict: bool
    """Whether nothing at all was wrong with it."""
    lie: bool
    """Whether it is a soft block."""
    shown: Mapping[str, frozenset[str]]
    """By venue: the starts that it listed."""


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """One poll of one date: its answered calls in the order in which they came."""

    day: str
    began: float
    finished: float
    pages: Sequence[Page]
    revisits: Mapping[tuple[int, int], float]
    """Planned seconds between two looks, by party size and page."""


def polls_of(run: Run) -> Iterator[Poll]:
    """All polls in the order in which they ended."""
    by_day: dict[str, list[RequestRecord]] = defaultdict(list)
    for record in run.requests:
        if record.route == "search" and record.day is not None:
            by_day[record.day].append(record)
    times = {day: [record.at for record in records] for day, records in by_day.items()}
    for asked in sorted(run.polls, key=lambda poll: poll.finished):
        day = asked.day.isoformat()
        at = times.get(day, [])
        first, last = bisect.bisect_left(at, asked.began), bisect.bisect_right(at, asked.finished)
        yield _poll(asked, by_day[day][first:last])


def _poll(asked: Asked, records: Sequence[RequestRecord]) -> Poll:
    return Poll(
        day=asked.day.isoformat(),
        began=asked.began,
        finished=asked.finished,
        pages=[page for record in records if (page := _page(record)) is not None],
        revisits=asked.revisits,
    )


def _page(record: RequestRecord) -> Page | None:
    readable = record.fault in WHOLE | IN_PART | LIES
    if not readable or record.status != 200 or record.finished is None or record.served is None:
        return None
    assert record.party_size is not None
    assert record.page is not None
    return Page(
        at=record.at,
        finished=record.finished,
        size=record.party_size,
        number=record.page,
        whole=record.fault in WHOLE,
        strict=record.fault is None,
        lie=record.fault in LIES,
        shown={str(one.venue_id): frozenset(one.actual_times) for one in record.served},
    )
