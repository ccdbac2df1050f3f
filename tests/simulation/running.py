"""Running seeds: one, or many over some worker processes, and what they came to."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Self

import msgspec

from tests.simulation.audit import audit
from tests.simulation.scenario import draw
from tests.simulation.world import play

_AT_ONCE = 25
"""Seeds that a worker takes at a time."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one seed came to."""

    seed: int
    wrong: tuple[str, ...]
    simulated: float
    """Seconds."""
    events: int
    processes: int
    calls: int
    commits: int
    troubles: dict[str, int]


class Total(msgspec.Struct, kw_only=True):
    """What many seeds came to."""

    seeds: int = 0
    simulated: float = 0.0
    events: int = 0
    processes: int = 0
    calls: int = 0
    commits: int = 0
    troubles: Counter[str] = msgspec.field(default_factory=Counter)
    failed: list[Outcome] = msgspec.field(default_factory=list)

    def add(self, outcome: Outcome) -> Self:
        """Count one more."""
        self.seeds += 1
        self.simulated += outcome.simulated
        self.events += outcome.events
        self.processes += outcome.processes
        self.calls += outcome.calls
        self.commits += outcome.commits
        self.troubles.update(outcome.troubles)
        if outcome.wrong:
            self.failed.append(outcome)
        return self

    def told(self, seconds: float) -> str:
        """All figures in a few lines."""
        troubles = ", ".join(f"{what} {count}" for what, count in sorted(self.troubles.items()))
        return (
            f"{self.seeds} seeds in {seconds:.0f} s ({self.seeds / seconds:.2f} a second), {len(self.failed)} failed\n"
            f"{self.simulated / 86_400:.1f} simulated days, {self.processes} processes, {self.calls} answers, "
            f"{self.commits} commits, {self.events} events\n"
            f"{self.troubles.total()} troubles: {troubles}"
        )


def run(seed: int) -> Outcome:
    """Play a seed, and hold it against its truth."""
    try:
        played = play(draw(seed))
        wrong = tuple(audit(played))
    except Exception as error:  # noqa: BLE001 - a seed that cannot be played has failed
        wrong = (f"{type(error).__name__}: {error}",)
        return Outcome(
            seed=seed, wrong=wrong, simulated=0.0, events=0, processes=0, calls=0, commits=0, troubles={}
        )
    story = played.story
    return Outcome(
        seed=seed,
        wrong=wrong,
        simulated=played.ended,
        events=len(played.database.store.events),
        processes=len(story.starts),
        calls=len(story.looks),
        commits=len(story.commits),
        troubles=story.counts,
    )


def run_many(seeds: Sequence[int], workers: int) -> Iterator[Outcome]:
    """Play many seeds; each by itself, in whichever process has the time."""
    if workers <= 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(run, seeds, chunksize=_AT_ONCE)


def total_of(seeds: Sequence[int], workers: int = 1) -> tuple[Total, float]:
    """What seeds came to, and how many seconds that took."""
    began = time.perf_counter()
    total = Total()
    for outcome in run_many(seeds, workers):
        total.add(outcome)
    return total, time.perf_counter() - began


def replaying(seed: int) -> str:
    """The one command that plays a seed again, and tells what happened."""
    return f"python -m tests.simulation --seed {seed} --trace"


def complaint(failed: Iterable[Outcome]) -> str:
    """What failed, and how to see it again."""
    return "\n".join(
        line
        for outcome in failed
        for line in (
            f"seed {outcome.seed}; again with: {replaying(outcome.seed)}",
            *(f"  {wrong}" for wrong in outcome.wrong),
        )
    )
