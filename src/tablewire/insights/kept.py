"""From which local day on all of a market's log and observed time is kept, so that days can be rolled up from it again."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.local_time import local_date


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a market, and what was taken away because of its age. Instants are microseconds."""

    first_event_at: int | None = None
    """When the oldest event that is kept happened."""
    first_observed: date | None = None
    """The first local day with observed time."""
    gone_until: int | None = None
    """When the newest event that was taken away happened."""
    observed_from: date | None = None
    """Of days before this one observed time was taken away."""

    def first_day(self, zone: ZoneInfo) -> date | None:
        """The first day that can be rolled up; None where nothing is kept.

        Old events mostly go day by day, but a run can end within one, and what was stored late lies behind younger events.
        """
        begun = [] if self.first_event_at is None else [local_date(self.first_event_at, zone)]
        begun += [] if self.first_observed is None else [self.first_observed]
        if not begun:
            return None
        days = [min(begun)]
        if self.gone_until is not None:
            days.append(local_date(self.gone_until, zone) + timedelta(days=1))
        if self.observed_from is not None:
            days.append(self.observed_from)
        return max(days)
