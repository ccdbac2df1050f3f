"""Resy's search, page by page: what is asked, and what the hits of its answers come to."""

import asyncio
import time
from collections.abc import Iterable

import anyio
import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Answer, VenueAnswer
from tablewire.providers.calls import CallFailure, Fetched
from tablewire.providers.drift import Drift, Flaw, Shape
from tablewire.providers.resy.adornments import WITH_TABLES
from tablewire.providers.resy.convert import Asked
from tablewire.providers.resy.line import Line
from tablewire.providers.resy.memory import Memory, Sheet
from tablewire.providers.resy.poll import Counted, Poll
from tablewire.providers.resy.reading import NO_FAULTS, ReadHit, read_hit
from tablewire.providers.resy.wire import PageCounts, SearchAnswer, decode_answer, page_counts

PER_PAGE = 75
"""Hits a page: Resy grants no more."""
PATH = "/3/venuesearch/search"
_MARK = (1 << 60) - 1
_TURN = 0.002
"""Seconds for which reading holds the loop before others have their turn."""
SUDDENLY_EMPTY = 3
"""So many venues that lose all they had at once, in answers that show nothing, are no accident."""


class Search:
    """Asks for pages of the search, and adds what they say to a poll."""

    def __init__(self, line: Line, memory: Memory, drift: Drift) -> None:
        self._line = line
        self._memory = memory
        self._drift = drift

    async def sweep(self, poll: Poll, size: int, wanted: tuple[int, ...] | None) -> None:
        """Ask for a party size's pages: those wanted, or all."""
        sheet = self._memory.sheet(poll.market, poll.service_date, size)
        asked = Asked(service_date=poll.service_date, party_size=size, zone=poll.market.zone)
        if wanted is not None:
            await self._ask_pages(poll, asked, sheet, _that_exist(wanted, sheet.total_pages))
            return
        await self._ask_page(poll, asked, sheet, 1)
        if (total := sheet.total_pages) is not None and size in poll.counted:
            await self._ask_pages(poll, asked, sheet, range(2, total + 1))
            poll.check_whole_sweep(size)

    async def _ask_pages(self, poll: Poll, asked: Asked, sheet: Sheet, pages: Iterable[int]) -> None:
        async with anyio.create_task_group() as group:
            for page in pages:
                group.start_soon(self._ask_page, poll, asked, sheet, page, name=f"resy page {page}")

    async def _ask_page(self, poll: Poll, asked: Asked, sheet: Sheet, page: int) -> None:
        question = question_of(poll.market, page=page)
        question["slot_filter"] = {"day": asked.day, "party_size": asked.party_size}
        result = await self._line.ask(PATH, question, decode_answer, poll)
        if isinstance(result, CallFailure):
            poll.failed(f"page {page} for {asked.party_size}", result)
            return
        counts = page_counts(result.body, page)
        sheet.total_pages = counts.total_pages
        if counts.page != page:
            poll.remark(f"page {counts.page} was answered where page {page} was asked for")
        async with self._line.caller.reading:
            await self._read_page(poll, asked, sheet, result, counts)

    # --- reading

    async def _read_page(
        self, poll: Poll, asked: Asked, sheet: Sheet, fetched: Fetched[SearchAnswer], counts: PageCounts
    ) -> None:
        page = _Page()
        turn_ends = time.perf_counter() + _TURN
        for raw in fetched.body.search.hits:
            page.take(self._recall(raw, asked, sheet, page))
            if time.perf_counter() >= turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.perf_counter() + _TURN
        self._drift.see(page.shape(fetched.size))
        if counts.page <= counts.total_pages:
            self._add(poll, asked, fetched, counts, page)

    def _recall(self, raw: msgspec.Raw, asked: Asked, sheet: Sheet, page: "_Page") -> ReadHit:
        """What a hit says: from memory where its bytes are known, else read now."""
        # Python's keyed hash: that a changed hit passes for a known one will not happen once in the service's life.
        # All but 60 of its bits are left out: an int of more takes half as much memory again.
        mark = hash(bytes(raw)) & _MARK
        if (known := sheet.same(mark)) is not None:
            return known
        read = read_hit(raw, asked)
        if read.venue is None or read.answer is None:
            return read
        before = sheet.last(read.answer.venue_id)
        page.lost += bool(before is not None and before.slots and not read.answer.slots)
        return sheet.keep(mark, msgspec.structs.replace(read, venue=self._memory.venue(read.venue)))

    def _add(
        self, poll: Poll, asked: Asked, fetched: Fetched[SearchAnswer], counts: PageCounts, page: "_Page"
    ) -> None:
        size = asked.party_size
        where = f"page {counts.page} for {size}"
        poll.answers.append(
            Answer(
                party_size=size,
                sent_at=fetched.sent_at,
                arrived_at=fetched.arrived_at,
                venues=tuple(page.answers),
                page=counts.page,
                total_pages=counts.total_pages,
            )
        )
        for read in page.reads:
            if read.venue is not None:
                poll.venues[read.venue.venue_id] = read.venue
        counted = poll.counted.setdefault(size, Counted())
        counted.hits += len(page.reads)
        counted.total = counts.total
        counted.venues.update(answer.venue_id for answer in page.answers)
        counted.others += len(page.reads) - len(page.answers)
        if page.senseless:
            poll.remark(f"{page.senseless} hits of {where} made no sense")
        if page.in_part:
            poll.remark(f"{page.in_part} venues of {where} were understood in part")
        if page.lost >= SUDDENLY_EMPTY and not page.slots_read:
            poll.soft_blocked = True
            poll.remark(
                f"{page.lost} venues of {where} are suddenly empty, and no other has a table: a soft block?"
            )


class _Page:
    """What one page's hits come to."""

    def __init__(self) -> None:
        self.reads: list[ReadHit] = []
        self.answers: list[VenueAnswer] = []
        self.lost = 0
        """Venues that had tables when they were last answered for, and have none now."""
        self.slots_listed = 0
        self.slots_read = 0
        self.senseless = 0
        self.in_part = 0
        self._flaws: list[tuple[str, Flaw]] = []
        self._blemishes: list[tuple[str, Flaw]] = []
        self._with_tables = 0

    def take(self, read: ReadHit) -> None:
        """Add a hit."""
        self.reads.append(read)
        self.slots_listed += read.slots_listed
        if read.faults is not NO_FAULTS:
            self.senseless += read.is_senseless
            self._flaws.extend(read.faults.flaws)
            self._blemishes.extend(read.faults.blemishes)
        if read.answer is not None:
            self.answers.append(read.answer)
            self.slots_read += len(read.answer.slots)
            self._with_tables += bool(read.answer.slots)
            self.in_part += not read.answer.whole

    def shape(self, size: int) -> Shape:
        """What it looked like, for drift."""
        counts = {"hits": len(self.reads), "slots": self.slots_listed, WITH_TABLES: self._with_tables}
        return Shape(
            counts=counts,
            flaws=self._flaws,
            blemishes=self._blemishes,
            size=size,
            slots_read=self.slots_read,
        )


def _that_exist(wanted: tuple[int, ...], total: int | None) -> tuple[int, ...]:
    """The wanted pages that there were last time; all of them where none was, since it may have grown."""
    there = tuple(page for page in wanted if total is None or page <= total)
    return there or wanted


def question_of(market: Market, *, page: int) -> dict[str, object]:
    """The body of a search for a page of a market's venues, whatever the date."""
    return {
        "availability": True,
        "page": page,
        "per_page": PER_PAGE,
        "query": "",
        "types": ["venue"],
        "order_by": "availability",
        "geo": {"latitude": market.latitude, "longitude": market.longitude, "radius": market.radius_m},
        "include_tock_inventory": False,
    }
