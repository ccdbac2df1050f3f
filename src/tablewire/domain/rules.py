"""The numbers that the rules of discovery turn on."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.buckets import DayParts


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the diff has to know beside the state and the snapshot."""

    zone: ZoneInfo
    parts: DayParts = DayParts()
    resume_gap: timedelta = timedelta(minutes=10)
    """A pair last observed longer ago than this is stale: what it shows opened nobody knows when."""
    drop_cooldown: timedelta = timedelta(0)
    """Within this after a slot's last drop its next opening counts as reopened; 0 switches it off."""
    expiry_lead: timedelta = timedelta(minutes=15)
    """A slot gone at most this long before its start has expired: nobody took it."""
    baseline_polls: int = 1
    """So many first observations of a pair make its baseline."""
    hold_limit: timedelta = timedelta(hours=1)
    """A held closing that nothing confirms for so long is closed as vanished."""
    vanish_passes: int = 3
    """A pair missing from so many complete passes over its date, and unseen for `vanish_after`, has vanished."""
    vanish_after: timedelta = timedelta(hours=1)
    suspect_venues: int = 3
    """An answer without any slot is suspect if it would clear at least so many venues."""
    suspect_slots: int = 20
    """An answer is suspect if it would clear at least so many slots, and more than half."""
    empty_proofs: int = 3
    """So many empty answers in a row prove that venues never seen before have nothing free."""
