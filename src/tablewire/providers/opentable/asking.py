"""Asking for the tables of a batch of restaurants in one part of the day, in as many calls as that takes."""

from collections.abc import Mapping, Sequence

from tablewire.domain.snapshots import Answer
from tablewire.providers.calls import CallFailure
from tablewire.providers.drift import Drift
from tablewire.providers.opentable.batches import BatchReader, Came
from tablewire.providers.opentable.convert import Listed
from tablewire.providers.opentable.hours import Part
from tablewire.providers.opentable.memory import Memory
from tablewire.providers.opentable.queries import AVAILABILITY, Queries
from tablewire.providers.opentable.reading import Asked
from tablewire.providers.opentable.variables import availability_variables
from tablewire.providers.opentable.wire import decode_availability
from tablewire.providers.poll import Poll

Batch = Mapping[int, Listed]
"""Restaurants by id."""


class Asking:
    """Sends the calls, and makes one answer of what they bring back."""

    def __init__(self, queries: Queries, memory: Memory, drift: Drift) -> None:
        self._queries = queries
        self._memory = memory
        self._reader = BatchReader(drift, queries.caller.reading)

    async def ask(self, poll: Poll, size: int, batch: Batch, part: Part, where: str) -> Answer | None:
        """What a batch has for a party size; None where no call came back. `where` names it in the poll's cause."""
        came = []
        for reach in part.reaches:
            asked = Asked(poll.service_date, size, part, reach)
            if (one := await self._call(poll, asked, batch, where)) is not None:
                came.append(one)
        return await self._answer(poll, came, batch, where) if came else None

    async def _call(self, poll: Poll, asked: Asked, batch: Batch, where: str) -> Came | None:
        variables = availability_variables(
            list(batch),
            asked.at,
            asked.party_size,
            backward=asked.reach.backward,
            forward=asked.reach.forward,
        )
        result = await self._queries.ask(AVAILABILITY, variables, decode_availability, poll=poll)
        if isinstance(result, CallFailure):
            poll.failed(where, result)
            return None
        return asked, result

    async def _answer(self, poll: Poll, came: Sequence[Came], batch: Batch, where: str) -> Answer:
        size, part = came[0][0].party_size, came[0][0].part
        sheet = self._memory.sheet(poll.market, poll.service_date, size, part.time_slot)
        read = await self._reader.read(came, batch, sheet)
        poll.venues.update((one.venue.venue_id, one.venue) for one in batch.values())
        _remark(poll, read.senseless, f"entries of {where} made no sense")
        _remark(poll, read.in_part, f"restaurants of {where} were understood in part")
        _remark(poll, len(batch) - len(read.venues), f"restaurants of {where} did not come up")
        return Answer(
            party_size=size,
            sent_at=min(fetched.sent_at for _, fetched in came),
            arrived_at=max(fetched.arrived_at for _, fetched in came),
            venues=read.venues,
            time_slots=(part.time_slot,),
        )


def _remark(poll: Poll, count: int, of_what: str) -> None:
    if count > 0:
        poll.remark(f"{count} {of_what}")
