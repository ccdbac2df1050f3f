"""Sweeps side by side at the same budget: how late openings are told, adaptively and in turns."""

import math
import os
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from tests.bench.figures import Bench
from tests.bench.sweep_delays import Course, Found, Mode
from tests.bench.sweep_run import run_course

MODES: tuple[Mode, ...] = ("adaptive", "round-robin", "sizes-apart", "turns")
MEANING: Mapping[Mode, str] = {
    "adaptive": "adaptive, as shipped",
    "round-robin": "round-robin over all pages",
    "sizes-apart": "round-robin, one party size after the other",
    "turns": "SWEEP=turns: first pages each cycle, deeper ones in turn",
}
_GOAL = 0.9
_T_95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 19: 2.093}
"""Student's t for 95% and so many degrees of freedom."""


class Half(msgspec.Struct, frozen=True, kw_only=True):
    """A time of day that runs are made at; hours are local."""

    name: str
    start: float
    warm_up: float
    measured: float


MORNING = Half(name="mornings", start=8 + 5 / 6, warm_up=11 / 12, measured=0.5)
"""From before the release at 9:00, which there is to learn from, to after the one at 10:00, which is measured."""
AFTERNOON = Half(name="afternoons", start=13, warm_up=0.5, measured=0.75)


def run(bench: Bench) -> None:
    """Compare them."""
    seeds = range(1, 21) if bench.full else range(1, 5)
    rates = (2.0, 5.0) if bench.full else (2.0,)
    venues = 600 if bench.full else 450
    with ProcessPoolExecutor(os.cpu_count(), initializer=_be_quiet) as pool:
        for rate in rates:
            courses = {(mode, seed): _course(mode, seed, rate, venues) for seed in seeds for mode in MODES}
            found = dict(zip(courses, pool.map(run_course, courses.values()), strict=True))
            _tell(bench, rate, venues, list(seeds), found)


def _course(mode: Mode, seed: int, rate: float, venues: int) -> Course:
    half = _half_of(seed)
    midnight = datetime(2026, 2, 11, 5, tzinfo=UTC) + timedelta(days=seed % 7)
    return Course(
        seed=seed,
        mode=mode,
        rate=rate,
        start=midnight + timedelta(hours=half.start),
        warm_up=timedelta(hours=half.warm_up),
        measured=timedelta(hours=half.measured),
        venues=venues,
    )


def _half_of(seed: int) -> Half:
    return MORNING if seed % 2 else AFTERNOON


def _be_quiet() -> None:
    os.nice(5)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


# --- what is told


def _tell(
    bench: Bench, rate: float, venues: int, seeds: Sequence[int], found: Mapping[tuple[Mode, int], Found]
) -> None:
    total = sum(one.openings for (mode, _), one in found.items() if mode == "adaptive")
    bench.say(
        f"{rate:g} calls/s, {venues} venues, 14 dates, parties of 2 and 4, {len(seeds)} seeds, {total} openings"
    )
    bench.say(
        "| sweep | told | delay of those told, mean and p95 s | next look, told or not, mean s | longest unseen s | calls |"
    )
    bench.say("| --- | --- | --- | --- | --- | --- |")
    for mode in MODES:
        runs = [found[mode, seed] for seed in seeds]
        bench.say(_row(mode, runs))
    for half in (MORNING, AFTERNOON):
        own = [seed for seed in seeds if _half_of(seed) is half]
        told = ", ".join(
            f"{mode} {statistics.mean(found[mode, seed].delay for seed in own):.1f} s" for mode in MODES
        )
        bench.say(f"{half.name} ({len(own)} seeds): {told}")
    for other in MODES[1:]:
        _compare(bench, rate, seeds, found, other)


def _row(mode: Mode, runs: Sequence[Found]) -> str:
    mean = statistics.mean
    cells = (
        MEANING[mode],
        f"{mean(one.share for one in runs):.1%}",
        f"{mean(one.delay for one in runs):.1f}, {mean(one.late for one in runs):.0f}",
        f"{mean(one.look for one in runs):.1f}",
        f"{max(one.longest_unseen for one in runs):.0f}",
        f"{mean(one.calls for one in runs):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _compare(
    bench: Bench, rate: float, seeds: Sequence[int], found: Mapping[tuple[Mode, int], Found], other: Mode
) -> None:
    """The paired difference with its confidence interval, and the ratio of means as a figure."""
    ours, theirs = ([found[mode, seed].delay for seed in seeds] for mode in ("adaptive", other))
    less = [one - two for one, two in zip(theirs, ours, strict=True)]
    half = _T_95[len(seeds) - 1] * statistics.stdev(less) / math.sqrt(len(seeds))
    better = sum(one > 0 for one in less)
    bench.say(
        f"beside {other}: {statistics.mean(less):.1f} s less mean delay (95%: {statistics.mean(less) - half:.1f} to "
        f"{statistics.mean(less) + half:.1f}), better in {better} of {len(seeds)} seeds"
    )
    name = f"sweep_adaptive_vs_{other.replace('-', '_')}_{rate:g}_calls"
    bench.at_most(name, statistics.mean(ours) / statistics.mean(theirs), _GOAL)
