"""What a run over a whole city came to, as values and as tables."""

from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from tests.bench.figures import percentile
from tests.bench.live_city import Cost
from tests.integration.detection.verdict import Found
from tests.integration.detection.world import Sample

DEPTHS = ((1, 3), (4, 12), (13, 24), (25, 10_000))
"""First and last pages of what the tables show together."""


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What one provider's openings came to at one budget."""

    rate: float
    provider: str
    openings: int
    closings: int
    precision: float
    repeats: int
    false_closings: int
    missed: int
    """Openings served twice within the resume gap, and not told."""
    served_twice: int
    p50: float
    """Of the delays, in planned intervals."""
    p95: float
    found: Sequence[Found]
    samples: Sequence[Sample]
    calls: int
    struck: int
    """Calls that were struck by a fault."""
    seconds: float
    wrong: Sequence[str]
    """All that is wrong, in sentences."""

    @property
    def recall(self) -> float:
        """Share of the openings served twice that were told."""
        return 1 - self.missed / self.served_twice if self.served_twice else 1.0


def detection_table(found: Iterable[Detection]) -> str:
    """What users feel."""
    head = (
        "budget",
        "provider",
        "openings told (false, repeated)",
        "precision",
        "told of those served twice",
        "closings (false)",
        "delay p50, p95 in planned intervals",
        "delay in seconds, median (p95)",
        "calls a drop",
        "pairs looked at within 2 min, 10 min",
        "calls (struck)",
    )
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    for one in found:
        seconds = [found.seconds for found in one.found] or [0.0]
        last = one.samples[-1] if one.samples else None
        covered = (
            f"{last.within_2_minutes / last.pairs:.0%}, {last.within_10_minutes / last.pairs:.0%} of {last.pairs:,}"
            if last and last.pairs
            else "none"
        )
        cells = (
            f"{one.rate:g}/s",
            one.provider,
            f"{one.openings:,} ({one.openings - round(one.openings * one.precision)}, {one.repeats})",
            f"{one.precision:.4f}",
            f"{one.served_twice - one.missed:,} of {one.served_twice:,}",
            f"{one.closings:,} ({one.false_closings})",
            f"{one.p50:.2f}, {one.p95:.2f}",
            f"{median(seconds):.0f} ({percentile(seconds, 0.95):.0f})",
            f"{one.calls / one.openings:.1f}" if one.openings else "none found",
            covered,
            f"{one.calls:,} ({one.struck / max(1, one.calls):.1%})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def depths_table(found: Iterable[Detection]) -> str:
    """How late openings are told, by how deep in the sweep they lie."""
    names = [f"pages {first} to {last}" if last < 1000 else f"{first} and deeper" for first, last in DEPTHS]
    lines = [
        f"| budget | provider | {' | '.join(names)} |",
        f"| --- | --- | {' | '.join('---' for _ in names)} |",
    ]
    for one in found:
        cells = [_at_depth(one.found, first, last) for first, last in DEPTHS]
        lines.append(f"| {one.rate:g}/s | {one.provider} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _at_depth(found: Iterable[Found], first: int, last: int) -> str:
    seconds = [one.seconds for one in found if first <= one.page <= last]
    if not seconds:
        return "none"
    return f"{median(seconds):.0f} s ({percentile(seconds, 0.95):.0f} s) of {len(seconds):,}"


def costs_table(costs: Iterable[Cost]) -> str:
    """What it costs."""
    lines = [
        "| budget | CPU a cycle | memory | loop lag p99 | open slots | calls a second, Resy and OpenTable | venues looked at within 2 min, 10 min, ever | all looked at after |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in costs:
        covered = "; ".join(
            f"{provider} {', '.join(str(counts[window]) for window in ('2m', '10m', 'ever'))}"
            for provider, counts in sorted(one.coverage.items(), reverse=True)
        )
        cells = (
            f"{one.rate:g}/s",
            f"{one.cpu_seconds:.2f} s",
            f"{one.resident / 1e6:.0f} MB",
            f"at most {one.lag_p99_ms:g} ms",
            f"{one.open_slots:,}",
            ", ".join(f"{calls:.2f}" for calls in one.calls.values()),
            covered,
            "not all" if one.seconds_to_all is None else f"{one.seconds_to_all:.0f} s",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
