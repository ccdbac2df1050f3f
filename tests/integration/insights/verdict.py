"""Whether what was found holds, and the same as tables to be read."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from tests.integration.insights.findings import Row
from tests.integration.insights.lasting import Lasting
from tests.integration.insights.market_findings import Pair
from tests.integration.insights.report import Release, Report

_MOMENTS = 1e-5
"""Times differ by the moments between an answer and its telling: so much of a rate, at most."""


def alike(one: Any, other: Any) -> bool:
    """Whether two figures are the same, but for moments."""
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= _MOMENTS * max(1.0, abs(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def venue_failures(report: Report) -> list[str]:
    """Figures of venues that are not what the looks could show, or farther from the truth than looking now and then explains."""
    return [str(row) for row in (*report.looks, *report.truth) if not row.holds]


def habit_failures(report: Report) -> list[str]:
    """The same of best hours and release rules."""
    hours = [f"{one}" for one in report.hours if not alike(one.service, one.by_hand) or one.away > one.bound]
    return hours + [f"{one}" for one in report.releases if one.service != one.by_hand]


def market_failures(report: Report) -> list[Pair]:
    """Figures of the market and of supply that are not those counted by hand."""
    pairs = [*(pair for pairs in report.market.values() for pair in pairs), *report.supply]
    return [pair for pair in [*pairs, *report.density] if not alike(pair.service, pair.by_hand)]


def is_the_house_rule(release: Release, interval: int) -> bool:
    """Whether a rule that was found is the one by which the house releases its tables."""
    if release.service is None:
        return False
    lead, clock, _, _ = release.service
    minute = int(clock[:2]) * 60 + int(clock[3:])
    return lead == release.lead_days and 0 <= minute - release.minute <= interval


def figures_table(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each window and figure: how far from the truth venues are on average and at most, and how far they may be."""
    yield "| window | figure | venues | mean, service | mean, truth | away: mean | away: most | bound there | of the bound: most |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for days, figure in sorted({(row.days, row.figure) for row in rows}):
        some = [
            row
            for row in rows
            if (row.days, row.figure) == (days, figure) and None not in (row.service, row.other)
        ]
        if some:
            worst = max(some, key=lambda row: row.away)
            shares = [row.away / row.bound for row in some if row.bound]
            means = fmean(row.service or 0.0 for row in some), fmean(row.other or 0.0 for row in some)
            cells = (*means, fmean(row.away for row in some), worst.away, worst.bound)
            shown = " | ".join(f"{cell:.4g}" for cell in cells)
            yield f"| {days} | `{figure}` | {len(some)} | {shown} | {max(shares, default=0.0):.2f} |"


def lasting_table(found: Sequence[Lasting]) -> Iterator[str]:
    """A line for each window: how long tables last, three ways."""
    yield "| window | openings | still open | taken only: mean, median | Kaplan-Meier (95%) | truth: mean, median |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in found:
        yield (
            f"| {one.days} | {one.openings} | {100 * one.open_still:.1f}% | {_s(one.naive_mean)}, {_s(one.naive_median)} | "
            f"{_s(one.service_median)} ({_s(one.low)} to {_s(one.high)}) | {_s(one.true_mean)}, {_s(one.true_median)} |"
        )


def _s(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f}"
