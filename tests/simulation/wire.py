"""The way from the adapters to the city: in one process, with the delays of a network, and a note of all that was shown."""

import asyncio
import random
from datetime import datetime, time
from urllib.parse import urlsplit

from tablewire.providers.calls import Request
from tablewire.providers.http import Exchange
from tablewire.providers.verdict import Answered
from tablewire.simulator.requests import RequestRecord
from tablewire.simulator.server import Simulator
from tests.integration.detection.served import IN_PART, LIES, WHOLE
from tests.simulation.clocks import Machine, ProcessClock
from tests.simulation.loop import Life
from tests.simulation.records import Look, Story
from tests.simulation.scenario import Calls

USER_AGENT = "tablewire-simulation"
_LONGEST = 30.0


class Wire:
    """Carries calls to the city, and answers back."""

    def __init__(
        self, simulator: Simulator, machine: Machine, calls: Calls, story: Story, dice: random.Random
    ) -> None:
        self._simulator = simulator
        self._machine = machine
        self._calls = calls
        self._story = story
        self._dice = dice

    def behave(self) -> None:
        """No call takes longer than usual from now on."""
        self._calls = Calls(self._calls.usual, 0.0)

    @property
    def venues(self) -> list[str]:
        """The venues of Resy, in the city's own order."""
        return [str(venue.id) for venue in self._simulator.city.venues]

    def of(self, process: int, edge: time, clock: ProcessClock, life: Life) -> Exchange:
        """The wire as one process has it."""

        async def exchange(request: Request) -> Answered:
            if life.ghost:
                raise ConnectionResetError("the process is gone")
            sent, sent_at = clock.last, self._machine.seconds()
            await asyncio.sleep(self._delay())
            parts = urlsplit(request.url)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            headers = {**request.headers, "User-Agent": USER_AGENT}
            made_at = self._machine.seconds()
            reply = self._simulator.respond(request.method, path, headers, request.body)
            record = self._simulator.requests._records[-1]
            if record.fault is not None:
                self._story.count(record.fault)
            if reply.trouble == "reset":
                raise ConnectionResetError("the make-believe city reset the connection")
            if reply.trouble == "hung":
                await asyncio.Event().wait()
            await asyncio.sleep(reply.slow + self._delay())
            if record.served is not None and record.day is not None:
                times = (sent_at, made_at, self._machine.seconds())
                self._note(process, record, times, sent=sent, edge=edge)
            return Answered(
                status=reply.status,
                content_type=reply.content_type,
                retry_after=reply.retry_after,
                body=reply.body,
            )

        return exchange

    def _delay(self) -> float:
        if self._calls.dawdling and self._dice.random() < self._calls.dawdling:
            self._story.count("late answer")
            return self._dice.uniform(0.0, _LONGEST)
        return self._dice.expovariate(2 / self._calls.usual)

    def _note(
        self,
        process: int,
        record: RequestRecord,
        times: tuple[float, float, float],
        *,
        sent: datetime,
        edge: time,
    ) -> None:
        readable = record.fault in WHOLE | IN_PART | LIES
        if not readable or record.status != 200 or record.served is None:
            return
        assert record.day is not None
        assert record.party_size is not None
        sent_at, made_at, came_at = times
        self._story.looks.append(
            Look(
                process=process,
                provider=record.provider,
                day=record.day,
                size=record.party_size,
                sent=sent,
                sent_at=sent_at,
                made_at=made_at,
                came_at=came_at,
                window=record.window,
                edge=edge,
                fault=record.fault,
                whole=record.fault in WHOLE,
                lie=record.fault in LIES,
                shown={str(one.venue_id): frozenset(one.actual_times) for one in record.served},
            )
        )
