"""The schedules: in which ways the provider misbehaves, and when."""

from datetime import datetime, timedelta

from tablewire.simulator.faults import KINDS
from tests.integration.detection.virtual_time import MIDDAY
from tests.integration.detection.world import Fault


def every_fault(share: float = 0.1) -> tuple[Fault, ...]:
    """All kinds of faults, that share of all calls together."""
    # The first rule that strikes wins, so each has to strike a little more often than the one before.
    each = share / len(KINDS)
    return tuple(
        {"route": "*", "kind": kind, "share": each / (1 - number * each)} for number, kind in enumerate(KINDS)
    )


def always(kind: str) -> tuple[Fault, ...]:
    """One kind of fault in every call."""
    return ({"route": "*", "kind": kind, "share": 1.0},)


def spells(*parts: tuple[str, float, float], start: datetime = MIDDAY) -> tuple[Fault, ...]:
    """Faults that strike every call for a while: each a kind, and from when to when in minutes after the start."""
    return tuple(
        {
            "route": "*",
            "kind": kind,
            "share": 1.0,
            "from": start + timedelta(minutes=since),
            "until": start + timedelta(minutes=until),
        }
        for kind, since, until in parts
    )


def two_outages(start: datetime = MIDDAY) -> tuple[Fault, ...]:
    """One shorter than the gap after which openings stay silent, one longer."""
    return spells(("error_503", 10, 14), ("reset", 25, 40), start=start)


def two_soft_blocks(start: datetime = MIDDAY) -> tuple[Fault, ...]:
    """All venues without tables, then no venues at all."""
    return spells(("soft_block", 10, 14), ("soft_block_no_hits", 25, 27), ("soft_block", 27, 31), start=start)
