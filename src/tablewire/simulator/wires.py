"""The door of a platform's wire: what the desk asks of any of them."""

import random
from collections.abc import Mapping
from typing import Protocol

from tablewire.simulator.answers import Answer, Asked, Call
from tablewire.simulator.faults import FaultRule


class Wire(Protocol):
    """One platform, as its callers meet it."""

    @property
    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """The methods that each path takes."""

    def route(self, path: str, call: Call) -> str:
        """Which route a call on one of the paths goes to."""

    def turned_away(self, call: Call) -> Answer | None:
        """What a caller gets who lacks what the platform wants of everyone; None for one who may come in."""

    def answer(self, route: str, call: Call) -> Answer:
        """The whole answer to a call; what is wrong with a call becomes the error that the wire gives for it."""

    def asked(self, route: str, call: Call) -> Asked:
        """What a call is about, where that can be read."""

    def refusal(self, rule: FaultRule, dice: random.Random) -> Answer | None:
        """The answer that stands in the place of the real one; None for faults that spoil the real one."""

    def spoiled(self, route: str, call: Call, rule: FaultRule, dice: random.Random) -> tuple[Answer, bool]:
        """The answer with the fault in it, and whether there was anything to spoil."""
