"""Reading what a batch of restaurants was answered: one answer for a part of the day, of as many calls as it took."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import msgspec

from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.calls import Fetched
from tablewire.providers.drift import Drift, Shape
from tablewire.providers.opentable.convert import Listed
from tablewire.providers.opentable.memory import Sheet
from tablewire.providers.opentable.reading import Asked, Flaws, ReadEntry, read_entry
from tablewire.providers.turns import ReadingTurns

_TURN = 0.002
"""Seconds for which reading holds the loop before others have their turn."""

_MARK = (1 << 60) - 1

Came = tuple[Asked, Fetched[list[msgspec.Raw]]]
"""A call, and what it was answered."""


class ReadBatch:
    """What the calls for one batch and part of the day came to."""

    def __init__(self) -> None:
        self.venues: tuple[VenueAnswer, ...] = ()
        self.senseless = 0
        self.in_part = 0


class BatchReader:
    """Reads batches, one at a time, and lets others have their turn meanwhile."""

    def __init__(self, drift: Drift, turns: ReadingTurns) -> None:
        self._drift = drift
        self._turns = turns

    async def read(self, came: Sequence[Came], batch: Mapping[int, Listed], sheet: Sheet) -> ReadBatch:
        """What the calls that came back say of the batch. Where one did not, nothing they say is whole."""
        found = ReadBatch()
        said: dict[str, list[VenueAnswer]] = {}
        async with self._turns:
            for asked, fetched in came:
                for read in await self._entries(asked, fetched, batch, sheet):
                    found.senseless += read.senseless
                    if read.answer is not None:
                        said.setdefault(read.answer.venue_id, []).append(read.answer)
        calls = len(came[0][0].part.reaches) if came else 0
        found.venues = tuple(sheet.settle(_as_one(answers, calls)) for answers in said.values())
        found.in_part = sum(not answer.whole for answer in found.venues)
        return found

    async def _entries(
        self, asked: Asked, fetched: Fetched[list[msgspec.Raw]], batch: Mapping[int, Listed], sheet: Sheet
    ) -> list[ReadEntry]:
        reads: list[ReadEntry] = []
        turn_ends = time.perf_counter() + _TURN
        for raw in fetched.body:
            reads.append(_recall(raw, asked, batch, sheet))
            if time.perf_counter() >= turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.perf_counter() + _TURN
        self._drift.see(_shape(reads, fetched.size))
        return reads


def _recall(raw: msgspec.Raw, asked: Asked, batch: Mapping[int, Listed], sheet: Sheet) -> ReadEntry:
    """What an entry says: from memory where its bytes are known, else read now."""
    # Python's keyed hash: that a changed entry passes for a known one will not happen once in the service's life.
    # All but 60 of the bits are left out: an int of more takes half as much memory again.
    mark = hash((asked.reach.middle, bytes(raw))) & _MARK
    return sheet.same(mark) or sheet.keep(mark, asked.reach.middle, read_entry(raw, asked, batch))


def _as_one(answers: Sequence[VenueAnswer], calls: int) -> VenueAnswer:
    """All that was said of one restaurant. It is whole where each of the calls has spoken of it once."""
    first = answers[0]
    if calls == len(answers) == 1:
        return first
    slots = {slot.actual_time: slot for answer in answers for slot in answer.slots}
    return VenueAnswer(
        first.venue_id,
        tuple(slots[at] for at in sorted(slots)),
        whole=calls == len(answers) and all(answer.whole for answer in answers),
    )


def _shape(reads: Sequence[ReadEntry], size: int) -> Shape:
    flaws: Flaws = [flaw for read in reads for flaw in read.flaws]
    slots = sum(read.slots_listed for read in reads)
    # Entries of sold-out restaurants are as large as hits without tables are elsewhere.
    counts = {"restaurants": len(reads), "hits": len(reads), "slots": slots}
    understood = sum(read.slots_understood for read in reads)
    return Shape(counts=counts, flaws=flaws, size=size, slots_read=understood)
