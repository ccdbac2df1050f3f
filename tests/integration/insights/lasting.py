"""How long tables last, three ways: from those that were taken only, with censoring, and as it truly was."""

from collections.abc import Sequence
from statistics import fmean, median

import msgspec

from tablewire.insights.venue import figures
from tablewire.insights.window import Window
from tests.integration.insights import by_hand
from tests.integration.insights.course import Lived
from tests.integration.insights.findings import Venue


class Lasting(msgspec.Struct, frozen=True, kw_only=True):
    """All venues of a window together, in seconds."""

    days: int
    openings: int
    open_still: float
    """Share of the openings that are still open when the window ends."""
    naive_mean: float | None
    naive_median: float | None
    service_median: float | None
    low: float | None
    high: float | None
    true_mean: float | None
    """Of all, until they were taken or went by themselves."""
    true_median: float | None
    """Of the same openings, with all that came of them after the window."""


def lasting(lived: Lived, venues: Sequence[Venue]) -> Lasting:
    """All venues of one window together."""
    days, now = venues[0].days, venues[0].seen.now
    since = venues[0].seen.since(days)
    stays = [
        stay
        for venue in venues
        for stay in venue.seen.stays
        if stay.has_opening and since <= stay.opened < now and (stay.known or stay.end != "taken")
    ]
    taken = [stay.lasted for stay in stays if stay.end == "taken"]
    lines = [line for stay in stays if (line := lived.witness.line_of(stay)) is not None]
    ends = [(line.closed - line.opened, line.end == "taken") for line in lines]
    found = figures(
        Window(
            zone=lived.settings.markets[0].zone,
            since=venues[0].window.since,
            now=venues[0].window.now,
            days=[day for venue in venues for day in venue.window.days],
            still_open=[stay for venue in venues for stay in venue.window.still_open],
        )
    ).median_drop_duration_seconds
    return Lasting(
        days=days,
        openings=len(stays),
        open_still=sum(stay.end == "open" for stay in stays) / max(1, len(stays)),
        naive_mean=fmean(taken) if taken else None,
        naive_median=median(taken) if taken else None,
        service_median=found.value,
        low=found.low,
        high=found.high,
        true_mean=fmean(lasted for lasted, _ in ends) if ends else None,
        true_median=by_hand.kaplan_meier_median(ends),
    )
