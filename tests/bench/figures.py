"""Figures: what was measured beside what is to be reached, told to people and to programs."""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure and its goal."""

    name: str
    value: float
    goal: float
    at_least: bool
    """Whether more is better: a ratio of speeds; else less is: a ratio of costs."""

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def line(self) -> str:
        """The line that other programs read."""
        return f"bench {self.name} {self.value:.4g} {self.goal:g} {'ok' if self.reached else 'short'}"


class Bench:
    """One run of benchmarks: how much of them, and where their results go."""

    def __init__(self, *, full: bool, folder: Path) -> None:
        self.full = full
        self.folder = folder
        self.figures: list[Figure] = []

    @property
    def pairs(self) -> int:
        """How many times A and B are run in turn."""
        return 9 if self.full else 5

    def say(self, text: str) -> None:
        """A line for people."""
        say(text)

    def at_least(self, name: str, value: float, goal: float) -> None:
        """A figure of which more is better."""
        self._keep(Figure(name=name, value=value, goal=goal, at_least=True))

    def at_most(self, name: str, value: float, goal: float) -> None:
        """A figure of which less is better."""
        self._keep(Figure(name=name, value=value, goal=goal, at_least=False))

    def new_folder(self) -> Path:
        """An empty folder, gone when the run ends; its path is short enough for a socket."""
        return Path(tempfile.mkdtemp(prefix="b-", dir=self.folder))

    def _keep(self, figure: Figure) -> None:
        self.figures.append(figure)
        self.say(figure.line())


def ratios(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of the paired ratios."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def in_turn(times: int, *measures: Callable[[], float], warm_up: bool = True) -> list[list[float]]:
    """Run the measures in turn (A B A B …); each one's results in order. Once before that, uncounted, to warm up."""
    if warm_up:
        for measure in measures:
            measure()
    found: list[list[float]] = [[] for _ in measures]
    for _ in range(times):
        for results, measure in zip(found, measures, strict=True):
            results.append(measure())
    return found


def shown(values: Sequence[float], unit: str = "", *, digits: int = 0) -> str:
    """A median with its range."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f}{unit} ({low:,.{digits}f} to {high:,.{digits}f})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def fail_line(name: str, error: BaseException) -> str:
    """The line for a benchmark that could not be run."""
    return f"bench {name} failed {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def say(text: str) -> None:
    """A line for whoever runs it."""
    print(text, flush=True)  # noqa: T201 - a program for people at a terminal
