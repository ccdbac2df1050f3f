"""The desk: takes every call to the wires, notes it, lets the faults strike, and has it answered."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tablewire.simulator.answers import Answer, Call
from tablewire.simulator.city import City
from tablewire.simulator.faults import SPOILS_ANSWERS, FaultRule, Faults
from tablewire.simulator.refusals import cut_short
from tablewire.simulator.requests import RequestRecord, Requests
from tablewire.simulator.wires import Wire


class Taken(msgspec.Struct, frozen=True):
    """A call that has been noted and not yet answered."""

    wire: Wire
    route: str
    call: Call
    record: RequestRecord


class Desk:
    """Answers calls from the city, the same way wherever they come from."""

    def __init__(
        self,
        city: City,
        wires: Sequence[Wire],
        faults: Faults,
        requests: Requests,
        clock: Callable[[], datetime],
    ) -> None:
        self.wires = {path: wire for wire in wires for path in wire.paths}
        self._city = city
        self._faults = faults
        self._requests = requests
        self._clock = clock

    def take(self, path: str, call: Call) -> Taken | int:
        """Note that a call has come; the status 404 or 405 for one that no wire takes."""
        wire = self.wires.get(path)
        if wire is None:
            return 404
        if call.method not in wire.paths[path]:
            return 405
        route = wire.route(path, call)
        return Taken(wire, route, call, self._requests.begin(self._now(), route, call))

    def answer(self, taken: Taken) -> tuple[Answer, FaultRule | None]:
        """What to say, and the rule that spoils it (None: a whole answer)."""
        answer, rule = self._answer(taken.wire, taken.route, taken.call)
        if rule is not None:
            taken.record.fault = rule.kind
        self._requests.answered(taken.record, answer)
        return answer, rule

    def finished(self, taken: Taken, answer: Answer) -> None:
        """Note that all of the answer went out."""
        self._requests.finished(taken.record, answer, self._now())

    def _answer(self, wire: Wire, route: str, call: Call) -> tuple[Answer, FaultRule | None]:
        now = self._clock()
        self._city.advance(now)
        if (turned_away := wire.turned_away(call)) is not None:
            return turned_away, None
        rule = self._faults.strike(route, now.timestamp())
        if rule is None:
            return wire.answer(route, call), None
        dice = self._faults.dice
        if (refused := wire.refusal(rule, dice)) is not None:
            return msgspec.structs.replace(refused, asked=wire.asked(route, call)), rule
        if rule.kind in SPOILS_ANSWERS:
            answer, struck = wire.spoiled(route, call, rule, dice)
            return answer, rule if struck else None
        answer = wire.answer(route, call)
        return (cut_short(answer, dice) if rule.kind == "cut_json" else answer), rule

    def _now(self) -> float:
        return self._clock().timestamp()
