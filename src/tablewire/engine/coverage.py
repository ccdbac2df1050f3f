"""Coverage: how many of a provider's venues were looked at lately."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tablewire.domain.snapshots import Answer

WINDOWS: Mapping[str, timedelta | None] = {
    "2m": timedelta(minutes=2),
    "10m": timedelta(minutes=10),
    "ever": None,
}
"""The windows that health and metrics show."""


class Coverage:
    """When each venue of one provider last came up in any answer."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def see(self, answers: Iterable[Answer]) -> None:
        """Take over the venues of answers."""
        for answer in answers:
            at = answer.sent_at
            for said in answer.venues:
                if said.whole:
                    self._seen[said.venue_id] = at

    def counts(self, now: datetime) -> dict[str, int]:
        """Venues observed within each window."""
        return {
            name: len(self._seen)
            if reach is None
            else sum(1 for at in self._seen.values() if now - at <= reach)
            for name, reach in WINDOWS.items()
        }
