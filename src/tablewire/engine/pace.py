"""Pace: how many calls a second a provider's budget gives on average, which is what a cycle can count on."""

_LEAST = 0.001
_SUDDEN = 2
"""Where the budget is this many times below its average it has not merely stumbled, and what it gives now is what counts."""


class Pace:
    """The rate of a provider's budget, read at many moments of a cycle.

    After each complaint the rate is half for a moment: a plan by the rate at the tick would ask for too much or too little by chance,
    and what is too much holds up everything after it.
    """

    def __init__(self) -> None:
        self._read: list[float] = []

    def see(self, rate: float) -> None:
        """The rate at some moment."""
        self._read.append(rate)

    def settle(self, rate: float) -> float:
        """The rate to plan a cycle with, at its tick; the readings of the cycle before are used up."""
        self.see(rate)
        average = sum(self._read) / len(self._read)
        self._read = []
        return max(_LEAST, min(average, _SUDDEN * rate))
