"""A window: the days of one venue that figures are wanted of, and what was open when they ended."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.daily import VenueDay
from tablewire.insights.stays import Stay


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Local days from `since` on, the last of them perhaps unfinished."""

    zone: ZoneInfo
    since: date
    """The first local day; rows of earlier ones are passed over."""
    now: int
    """The end, in microseconds."""
    days: Sequence[VenueDay]
    still_open: Sequence[Stay] = ()

    @property
    def within(self) -> list[VenueDay]:
        """The rows of the window in the order of their days."""
        return sorted((day for day in self.days if day.day >= self.since), key=lambda day: day.day)
