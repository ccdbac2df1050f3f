"""How many calls a second a provider may be sent."""

BURST = 3
"""Calls that may go at once after a pause."""
_BURST_SECONDS = 0.05
"""High rates may send this many seconds' worth at once, since a sleeping task wakes no finer than that."""
_FLOOR = 1 / 16
"""The share of its full rate below which a provider is never slowed by halving."""
_RECOVERY = 0.05
"""The share of the full rate that each success gives back."""
LONGEST_PAUSE = 24 * 3600.0
"""Seconds: the longest time that a provider's wish to be left alone is taken at its word."""


class Budget:
    """A token bucket whose rate is halved when the provider complains, and recovers as it answers again.

    It has no clock and never sleeps: every moment is given to it, in seconds of one clock.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.rate_now = rate
        self._burst = max(BURST, rate * _BURST_SECONDS)
        self._tokens = self._burst
        self._filled_at = 0.0
        self._halved_at = float("-inf")
        self._paused_until = float("-inf")

    def wait(self, at: float) -> float:
        """Seconds from `at` until a call may be sent; 0 or less where it may be sent now."""
        self._fill(at)
        until_token = (1 - self._tokens) / self.rate_now if self._tokens < 1 else 0.0
        return max(until_token, self._paused_until - at)

    def take(self, at: float) -> None:
        """A call is sent now."""
        self._fill(at)
        self._tokens -= 1

    def pause(self, at: float, seconds: float) -> None:
        """The provider wishes to be left alone for so long."""
        self._paused_until = max(self._paused_until, at + min(seconds, LONGEST_PAUSE))

    def complained(self, sent: float, at: float) -> None:
        """A call sent at `sent` was answered with 429 or a challenge. Calls that were in flight together count once."""
        if sent >= self._halved_at:
            self._fill(at)
            self._tokens = min(self._tokens, 0.0)
            self.rate_now = max(self.rate * _FLOOR, self.rate_now / 2)
            self._halved_at = at

    def succeeded(self, at: float) -> None:
        """A call was answered as it should be."""
        if self.rate_now < self.rate:
            self._fill(at)
            self.rate_now = min(self.rate, self.rate_now + self.rate * _RECOVERY)

    def _fill(self, at: float) -> None:
        if at > self._filled_at:
            self._tokens = min(self._burst, self._tokens + (at - self._filled_at) * self.rate_now)
            self._filled_at = at
