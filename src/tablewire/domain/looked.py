"""The door of what is known of looks: when a venue was last answered for, and how much of it lately."""

from datetime import date, datetime
from typing import Protocol


class LookedAt(Protocol):
    """When venues were looked at; answered from memory."""

    def last_looked(self, provider: str, venue_id: str, day: date, size: int) -> datetime | None:
        """When the last call that answered for a venue on a date with a party size was sent; None where none did."""
        ...

    def share_observed(self, provider: str, venue_id: str, since: datetime) -> float | None:
        """The share, 0 to 1, of a venue's known dates and party sizes that were looked at since then; None where none is known."""
        ...
