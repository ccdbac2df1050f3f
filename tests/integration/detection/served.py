"""What was served: the provider's own log of calls, read as polls and as looks at pairs, without asking the service."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from tablewire.simulator.requests import RequestRecord
from tests.integration.detection.starts import key_of, keys_of
from tests.integration.detection.world import Asked, Run

SWEPT = ("search", "availability")
"""The routes by which providers are swept."""
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
    late: frozenset[str] = frozenset()
    """Venues of which it says nothing: it was asked for before another answer for them came, and that one was taken over first."""

    def counts_for(self, venue_id: str) -> bool:
        """Whether it says anything of a venue."""
        return venue_id in self.shown and venue_id not in self.late


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """One poll of one date, or the part of one that was taken over by itself: its answered calls in the order in which they came."""

    key: str
    """What its answers speak of: a date, or one part of a date; see `starts.key_of`."""
    began: float
    finished: float
    pages: Sequence[Page]
    revisits: Mapping[tuple[int, int], float]
    """Planned seconds between two looks, by party size and page."""


def polls_of(run: Run) -> Iterator[Poll]:
    """All polls in the order in which they ended; where answers are for a part of a date, a poll for each part."""
    arrived: dict[tuple[str, Pair], float] = {}
    for poll in _all_polls(run):
        pages = [_without_late(page, poll.key, arrived) for page in poll.pages]
        for page in pages:
            for venue_id in filter(page.counts_for, page.shown):
                pair = poll.key, (venue_id, page.size)
                arrived[pair] = max(page.finished, arrived.get(pair, 0.0))
        yield msgspec.structs.replace(poll, pages=pages)


def _without_late(page: Page, key: str, arrived: Mapping[tuple[str, Pair], float]) -> Page:
    """An answer that was asked for before the last one for a pair had come says nothing of that pair."""
    late = [
        venue_id for venue_id in page.shown if page.at < arrived.get((key, (venue_id, page.size)), page.at)
    ]
    return msgspec.structs.replace(page, late=frozenset(late)) if late else page


def _all_polls(run: Run) -> Iterator[Poll]:
    by_key: dict[str, list[RequestRecord]] = defaultdict(list)
    for record in run.requests:
        if record.route in SWEPT and record.day is not None:
            by_key[_key(record)].append(record)
    times = {key: [record.at for record in records] for key, records in by_key.items()}
    for asked in sorted(run.polls, key=lambda poll: poll.finished):
        for key in keys_of(asked.provider, asked.day):
            at = times.get(key, [])
            first, last = bisect.bisect_left(at, asked.began), bisect.bisect_right(at, asked.finished)
            yield _poll(asked, key, by_key[key][first:last], run.pages_of)


def _poll(
    asked: Asked, key: str, records: Sequence[RequestRecord], pages_of: Mapping[tuple[str, str], int]
) -> Poll:
    return Poll(
        key=key,
        began=asked.began,
        finished=asked.finished,
        pages=[
            page
            for record in records
            if (page := _page(record, pages_of)) is not None and (page.size, page.number) in asked.revisits
        ],
        revisits=asked.revisits,
    )


def _page(record: RequestRecord, pages_of: Mapping[tuple[str, str], int]) -> Page | None:
    readable = record.fault in WHOLE | IN_PART | LIES
    if not readable or record.status != 200 or record.finished is None or record.served is None:
        return None
    assert record.party_size is not None
    return Page(
        at=record.at,
        finished=record.finished,
        size=record.party_size,
        number=record.page or _number(record, pages_of),
        whole=record.fault in WHOLE,
        strict=record.fault is None,
        lie=record.fault in LIES,
        shown={str(one.venue_id): frozenset(_of_its_part(record, one.actual_times)) for one in record.served},
    )


def _key(record: RequestRecord) -> str:
    """What an answer speaks of: see `starts.key_of`."""
    assert record.day is not None
    if record.window is None:
        return record.day
    first, last = (datetime.fromisoformat(start) for start in record.window)
    middle = first + (last - first) / 2
    return key_of("opentable", f"{middle:%Y-%m-%d %H:%M:%S}")


def _number(record: RequestRecord, pages_of: Mapping[tuple[str, str], int]) -> int:
    """The page of the sweep that a call for venues by their ids was."""
    part = _key(record).partition(" ")[2]
    return max((pages_of.get((part, str(venue_id)), 0) for venue_id in record.asked or ()), default=0)


def _of_its_part(record: RequestRecord, starts: Iterable[str]) -> Iterable[str]:
    """The starts that a call was made for: the parts of a day meet in an edge, and the later one has it."""
    if record.window is None:
        return starts
    key = _key(record)
    return [start for start in starts if key_of(record.provider, start) == key]
