"""When a provider that keeps failing is rested, and how it is tried again."""

from tablewire.providers.protocol import BreakerState

THRESHOLD = 8
"""Failures in a row after which a provider is rested."""
FIRST_REST = 30.0
"""Seconds of the first rest; each that follows without a success between is twice as long."""
LONGEST_REST = 600.0


class Breaker:
    """Closed: calls go. Open: none goes. Half open: one at a time goes, and decides.

    It has no clock: every moment is given to it, in seconds of one clock.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._rest = FIRST_REST
        self._open_until: float | None = None
        self._probing = False

    def state(self, at: float) -> BreakerState:
        """How it stands."""
        if self._open_until is None:
            return "closed"
        return "open" if at < self._open_until else "half_open"

    def refuses(self, at: float) -> bool:
        """Whether a call would be refused now."""
        state = self.state(at)
        return state == "open" or (state == "half_open" and self._probing)

    def admit(self, at: float) -> bool:
        """Whether a call may be sent now. One that is admitted has to be ended by one of the three methods below."""
        if self.refuses(at):
            return False
        self._probing = self.state(at) == "half_open"
        return True

    def succeeded(self) -> None:
        """An admitted call was answered as it should be."""
        self._failures = 0
        self._rest = FIRST_REST
        self._open_until = None
        self._probing = False

    def failed(self, at: float) -> None:
        """An admitted call failed. Calls that were in flight when it opened do not lengthen the rest."""
        state = self.state(at)
        if state == "open":
            return
        self._failures += 1
        if state == "half_open":
            self._rest = min(LONGEST_REST, self._rest * 2)
            self._open(at)
        elif self._failures >= THRESHOLD:
            self._open(at)

    def abandoned(self) -> None:
        """An admitted call was given up by its caller, which proves nothing."""
        self._probing = False

    def _open(self, at: float) -> None:
        self._open_until = at + self._rest
        self._probing = False
