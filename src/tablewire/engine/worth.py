"""What a look at a page is worth: how long openings that nobody has seen yet wait on it, all together."""

from collections.abc import Mapping
from datetime import date
from math import sqrt

import msgspec

from tablewire.engine.pages import Page
from tablewire.engine.releases import Release


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """What the worth of pages depends on beside the page, as of one cycle."""

    now: float
    shared: float
    """Share of openings that a look at the same venues for another party size would have shown."""
    release: Release
    released: Mapping[date, float]
    """Openings to be expected of one venue on a date from that release."""
    turn: float
    """Seconds that a fair turn over all pages takes."""
    typical: float
    """Openings a second of a page of which nothing is known."""

    def worth(self, page: Page, looking: float = 0.0) -> float:
        """What a look at it is worth now, in seconds of waiting.

        At a constant rate openings wait for rate * t^2 / 2 seconds on a page unseen for t. What a release brought waits from the
        release on until the page's next turn. `looking` is the share of its venues that are looked at for another party size anyway.
        """
        return self.waiting(page, looking) + self.waiting_since_release(page, looking)

    def waiting(self, page: Page, looking: float = 0.0) -> float:
        """The waiting of what opens by and by."""
        age = self.now - page.since
        if page.looked_at is None:
            return self.typical * age * age / 2
        looked = (self.now - page.looked_at) * (1 - looking)
        return page.rate * ((1 - self.shared) * age * age + self.shared * looked * looked) / 2

    def waiting_since_release(self, page: Page, looking: float = 0.0) -> float:
        """The waiting of what the latest release brought, where the page has not been seen since."""
        if page.answered_at is None or page.looked_at is None or page.answered_at >= self.release.at:
            return 0.0
        alone = 1 - self.shared
        unseen = alone + self.shared * (1 - looking) if page.looked_at < self.release.at else alone
        return self.released.get(page.day, 0.0) * len(page.venues) * unseen * self.turn

    def seconds_until_worth(self, page: Page, price: float) -> float:
        """How long a page is unseen when it becomes worth so much, its other party sizes' looks coming half-way between its own."""
        rate = page.rate if page.looked_at is not None else self.typical
        steady = rate * (1 - self.shared + self.shared / 4)
        return sqrt(2 * price / steady) if steady > 0 else float("inf")
