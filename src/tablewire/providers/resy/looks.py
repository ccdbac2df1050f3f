"""Looks at single venues by Resy's own call for one venue, date and party size."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import anyio
import msgspec

from tablewire.domain.snapshots import Answer, VenueAnswer
from tablewire.providers.calls import CallFailure, FailureKind, Fetched
from tablewire.providers.drift import Drift, Flaw, Shape
from tablewire.providers.resy.adornments import WITH_TABLES
from tablewire.providers.resy.convert import Asked
from tablewire.providers.resy.line import Line
from tablewire.providers.resy.memory import Memory, Sheet
from tablewire.providers.resy.poll import Poll
from tablewire.providers.resy.reading import ReadHit, read_look
from tablewire.providers.resy.search import SUDDENLY_EMPTY
from tablewire.providers.resy.wire import FindAnswer, decode_find

PATH = "/4/find"
_LARGEST_ID = 10**12
_JUDGED_TOGETHER = 5
"""One answer is too little to judge its shape by."""

_REFUSED = {
    HTTPStatus.BAD_REQUEST: "Resy knows no such venue (status 400)",
    HTTPStatus.NOT_FOUND: "Resy knows no such venue (status 404)",
    HTTPStatus.FORBIDDEN: "the venue is for the invited only (status 403)",
}


class Looks:
    """Asks for venues by name, one call each, and adds what is said of them to a poll."""

    def __init__(self, line: Line, memory: Memory, drift: Drift, opted_out: frozenset[str]) -> None:
        self._line = line
        self._memory = memory
        self._drift = drift
        self._opted_out = opted_out
        self._shape = _Gathered()

    async def look(self, poll: Poll, venues: Mapping[int, tuple[str, ...]]) -> None:
        """Ask for venues by party size; those that want to be left alone are left alone."""
        tally = _Tally()
        async with anyio.create_task_group() as group:
            for size, ids in venues.items():
                asked = Asked(service_date=poll.service_date, party_size=size, zone=poll.market.zone)
                for venue_id in dict.fromkeys(ids):
                    if venue_id not in self._opted_out:
                        group.start_soon(
                            self._look_at, poll, asked, venue_id, tally, name=f"resy look {venue_id}"
                        )
        if tally.lost >= SUDDENLY_EMPTY and not tally.slots:
            poll.soft_blocked = True
            poll.remark(
                f"{tally.lost} venues looked at are suddenly empty, and no other has a table: a soft block?"
            )

    async def _look_at(self, poll: Poll, asked: Asked, venue_id: str, tally: "_Tally") -> None:
        where = f"venue {venue_id[:20]} for {asked.party_size}"
        number = _number(venue_id)
        if number is None:
            message = "an id of Resy is a whole number above 0"
            poll.failed(where, CallFailure(kind=FailureKind.NOT_THERE, message=message))
            return
        question = {
            "lat": 0,
            "long": 0,
            "day": asked.day,
            "party_size": asked.party_size,
            "venue_id": number,
        }
        result = await self._line.ask(PATH, question, decode_find, poll, explain=_explain)
        if isinstance(result, CallFailure):
            poll.failed(where, result)
            return
        self._read(poll, asked, venue_id, result, tally)
        await asyncio.sleep(0)  # a body takes about a millisecond to read, and many may have come at once

    def _read(
        self, poll: Poll, asked: Asked, venue_id: str, fetched: Fetched[FindAnswer], tally: "_Tally"
    ) -> None:
        reads = [read_look(raw, asked, self._memory.known_venue) for raw in fetched.body.results.venues]
        if (shape := self._shape.add(reads)) is not None:
            self._drift.see(shape)
        where = f"venue {venue_id[:20]} for {asked.party_size}"
        said = VenueAnswer(venue_id=venue_id, slots=())
        if reads:
            read = next((one for one in reads if one.answer and one.answer.venue_id == venue_id), None)
            if read is None or read.answer is None or read.venue is None:
                poll.remark(f"the answer for {where} made no sense, or was of another venue")
                return
            said = read.answer
            poll.venues[venue_id] = self._memory.venue(read.venue)
        elif (known := self._memory.known_venue(venue_id)) is not None:
            poll.venues[venue_id] = known
        if not said.whole:
            poll.remark(f"{where} was understood in part")
        sheet = self._memory.sheet(poll.market, poll.service_date, asked.party_size)
        tally.count(sheet, said)
        poll.answers.append(
            Answer(
                party_size=asked.party_size,
                sent_at=fetched.sent_at,
                arrived_at=fetched.arrived_at,
                venues=(sheet.look(said),),
                page=0,
                one_venue=True,
            )
        )


class _Tally(msgspec.Struct):
    """What the looks of one poll come to together."""

    lost: int = 0
    """Venues that had tables when they were last answered for, and have none now."""
    slots: int = 0

    def count(self, sheet: Sheet, said: VenueAnswer) -> None:
        """Add an answer; the sheet does not know it yet."""
        before = sheet.last(said.venue_id)
        self.lost += bool(before is not None and before.slots and not said.slots)
        self.slots += len(said.slots)


class _Gathered:
    """Gathers the shapes of single answers until there are enough to be judged."""

    def __init__(self) -> None:
        self._reads: list[ReadHit] = []

    def add(self, reads: list[ReadHit]) -> Shape | None:
        """Add an answer's venues; the shape of all that were gathered, once they are enough."""
        self._reads += reads
        if len(self._reads) < _JUDGED_TOGETHER:
            return None
        gathered, self._reads = self._reads, []
        flaws: list[tuple[str, Flaw]] = [flaw for read in gathered for flaw in read.faults.flaws]
        listed = sum(read.slots_listed for read in gathered)
        unread = sum(sort == "slots" for sort, _ in flaws)
        # Venues for the invited only have slots, and none for the public: that is no drift. So what could be read counts, not what is free.
        return Shape(
            counts={
                "hits": len(gathered),
                "slots": listed,
                WITH_TABLES: sum(bool(read.answer and read.answer.slots) for read in gathered),
            },
            flaws=flaws,
            blemishes=[blemish for read in gathered for blemish in read.faults.blemishes],
            slots_read=listed - unread,
        )


def _number(venue_id: str) -> int | None:
    number = int(venue_id) if venue_id.isascii() and venue_id.isdigit() and len(venue_id) <= 12 else 0
    return number if str(number) == venue_id and 0 < number < _LARGEST_ID else None


def _explain(status: int, body: bytes) -> tuple[FailureKind, str] | None:
    """A refusal of this call is about the venue, and says nothing of the key: the sweep finds that out."""
    del body
    message = _REFUSED.get(HTTPStatus(status)) if status in _REFUSED else None
    return None if message is None else (FailureKind.NOT_THERE, message)
