"""The scenario of a seed: how large the world is, what goes wrong in it, and when."""

import math
import random
from datetime import UTC, datetime, time, timedelta
from typing import Literal

import msgspec

from tablewire.simulator.faults import KINDS

SIZES = (2, 4)
"""The party sizes that the truth of every city tells of."""
_SHORTEST, _LONGEST = 20 * 60.0, 30 * 3600.0
_FEWEST_CYCLES, _MOST_CYCLES = 22, 70
_SHORTEST_INTERVAL = 15.0
_NIGHTS = (
    datetime(2026, 3, 8, 6, 30, tzinfo=UTC),  # 02:05 never comes in New York
    datetime(2026, 11, 1, 5, 15, tzinfo=UTC),  # 01:00 to 02:00 comes twice
    datetime(2026, 2, 12, 6, 55, tzinfo=UTC),  # a usual night, shortly before the window slides
)

Death = Literal["killed", "stopped"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator has set, from one start to the next."""

    sizes: tuple[int, ...] = SIZES
    edge: time = time(17)
    opted_out: tuple[int, ...] = ()
    """Places of venues in the city's own list."""

    @property
    def time_slots(self) -> tuple[str, ...]:
        """The parts of the day."""
        return ("15:00", "19:00")


class Spell(msgspec.Struct, frozen=True):
    """Something that lasts from one true second to another."""

    since: float
    until: float

    def has(self, at: float) -> bool:
        """Whether it lasts at a moment."""
        return self.since <= at < self.until


class FaultSpell(msgspec.Struct, frozen=True):
    """For a while, so large a share of calls goes wrong in some ways."""

    when: Spell
    kinds: tuple[str, ...]
    share: float


class Crash(msgspec.Struct, frozen=True):
    """The end of a process, and the start of the next."""

    at: float
    how: Death
    steps: int
    """So many steps of its loop it still takes."""
    downtime: float
    settings: Settings | None
    """What is set from the next start on; None: as before."""


class Jump(msgspec.Struct, frozen=True):
    """The wall clock is set, by so many seconds."""

    at: float
    by: float


class Calls(msgspec.Struct, frozen=True):
    """How long calls take: usually, and the share of those that take up to half a minute."""

    usual: float
    dawdling: float


class Commits(msgspec.Struct, frozen=True):
    """How the store behaves: usual seconds of a statement, and the shares of those that end badly."""

    usual: float
    refused: float
    broken: float
    """The connection breaks when all has been done."""
    unknown: float
    """The connection breaks during a commit: half of them are made all the same."""
    raced: float
    """Another process stores a poll of the bucket first."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """All that a seed decides. Times are in seconds, true ones from the start."""

    seed: int
    start: datetime
    seconds: float
    interval: float
    venues: int
    opentable_venues: int
    per_page: int
    days: int
    speed: float
    rate: float
    settings: Settings
    sweep: Literal["adaptive", "turns"]
    wanted: tuple[int, ...]
    """Venues that somebody waits for: places in the city's own list."""
    overtaking: bool
    """Whether what is ready at once runs in any order."""
    reading_in_turns: bool
    """Whether others have their turn after each hit that is read."""
    calls: Calls
    commits: Commits
    faults: tuple[FaultSpell, ...]
    store_away: tuple[Spell, ...]
    crashes: tuple[Crash, ...]
    jumps: tuple[Jump, ...]
    second: Spell | None
    """When a second process works on the same store."""
    clients: int
    calls_a_portion: int

    @property
    def clock_is_set(self) -> bool:
        """Whether the wall clock is ever set."""
        return bool(self.jumps)


def draw(seed: int) -> Scenario:
    """The scenario of a seed; the same seed always gives the same."""
    dice = random.Random(f"scenario {seed}")
    seconds = math.exp(dice.uniform(math.log(_SHORTEST), math.log(_LONGEST)))
    cycles = dice.randint(_FEWEST_CYCLES, _MOST_CYCLES)
    interval = max(_SHORTEST_INTERVAL, seconds / cycles)
    venues = dice.randint(3, 25)
    settings = Settings(sizes=dice.choice(((2,), (2, 4), (2, 4))))
    second = _spell(dice, seconds) if dice.random() < 0.2 else None
    # Two processes at once have the same settings, and read the same clock.
    changing = 0.35 if second is None else 0.0
    jumps = () if second is not None or dice.random() < 0.75 else _jumps(dice, seconds)
    return Scenario(
        seed=seed,
        start=_start(dice),
        seconds=seconds,
        interval=interval,
        venues=venues,
        opentable_venues=dice.randint(3, 12) if dice.random() < 0.3 else 0,
        per_page=dice.choice((75, 75, 7, 4)),
        days=dice.choice((1, 1, 2, 3)),
        speed=dice.uniform(0.4, 3.0) * max(1.0, 12 * 3600.0 / seconds),
        rate=dice.choice((20.0, 5.0, 2.0, max(0.02, 5.0 / interval))),
        settings=settings,
        sweep=dice.choice(("adaptive", "turns")),
        wanted=tuple(dice.sample(range(venues), dice.randint(1, 3))) if dice.random() < 0.25 else (),
        overtaking=dice.random() < 0.5,
        reading_in_turns=dice.random() < 0.15,
        calls=_calls(dice),
        commits=_commits(dice),
        faults=_faults(dice, seconds),
        store_away=tuple(_spell(dice, seconds) for _ in range(_few(dice, 0.25))),
        crashes=_crashes(dice, seconds, interval, settings, venues, changing),
        jumps=jumps,
        second=second,
        clients=dice.choice((1, 1, 2)),
        calls_a_portion=dice.choice((8, 3, 1)),
    )


def _start(dice: random.Random) -> datetime:
    if dice.random() < 0.2:
        return dice.choice(_NIGHTS) - timedelta(seconds=dice.uniform(0, 3000))
    return datetime(2026, 2, 9, tzinfo=UTC) + timedelta(seconds=dice.uniform(0, 28 * 86_400))


def _few(dice: random.Random, share: float) -> int:
    """None at all, most of the time; else one to three."""
    return dice.randint(1, 3) if dice.random() < share else 0


def _spell(dice: random.Random, seconds: float) -> Spell:
    since = dice.uniform(0, seconds * 0.9)
    return Spell(since, min(seconds, since + seconds * dice.choice((0.01, 0.03, 0.1, 0.3))))


def _calls(dice: random.Random) -> Calls:
    return Calls(dice.choice((0.01, 0.1, 0.8)), dice.choice((0.0, 0.0, 0.03, 0.15)))


def _commits(dice: random.Random) -> Commits:
    def share(often: float) -> float:
        return dice.choice((0.0, 0.0, often / 4, often))

    return Commits(dice.choice((0.001, 0.02, 0.5)), share(0.08), share(0.05), share(0.08), share(0.05))


def _faults(dice: random.Random, seconds: float) -> tuple[FaultSpell, ...]:
    spells = []
    if dice.random() < 0.5:
        spells.append(FaultSpell(Spell(0.0, seconds), KINDS, dice.choice((0.03, 0.1, 0.3))))
    for _ in range(_few(dice, 0.5)):
        kinds = tuple(dice.sample(KINDS, dice.randint(1, 3)))
        spells.append(FaultSpell(_spell(dice, seconds), kinds, dice.choice((0.3, 1.0))))
    return tuple(spells)


def _crashes(
    dice: random.Random, seconds: float, interval: float, settings: Settings, venues: int, changing: float
) -> tuple[Crash, ...]:
    crashes = []
    for _ in range(dice.choice((0, 0, 1, 1, 2, 4))):
        at = dice.uniform(0, seconds)
        if dice.random() < 0.7:  # in the middle of a cycle, where most is going on
            at = at // interval * interval + dice.choice((0.0, 0.01, 0.1, 0.5, 2.0))
        if dice.random() < changing:
            settings = _changed(dice, settings, venues)
        crashes.append(
            Crash(
                at=at,
                how=dice.choice(("killed", "killed", "stopped")),
                steps=dice.choice((0, 1, 3, 10, 30, 100)),
                downtime=math.exp(dice.uniform(math.log(0.002), math.log(1200.0))),
                settings=settings,
            )
        )
    return tuple(sorted(crashes, key=lambda crash: crash.at))


def _changed(dice: random.Random, settings: Settings, venues: int) -> Settings:
    match dice.randrange(3):
        case 0:
            return msgspec.structs.replace(settings, sizes=dice.choice(((2,), (4,), (2, 4))))
        case 1:
            return msgspec.structs.replace(settings, edge=dice.choice((time(16, 30), time(17), time(18))))
        case _:
            some = tuple(sorted(dice.sample(range(venues), dice.randint(0, 2))))
            return msgspec.structs.replace(settings, opted_out=some)


def _jumps(dice: random.Random, seconds: float) -> tuple[Jump, ...]:
    far = dice.choice((2.0, 90.0, 1500.0, 4 * 3600.0))
    jumps = [
        Jump(dice.uniform(0, seconds), dice.uniform(far / 10, far) * dice.choice((1, -1)))
        for _ in range(dice.randint(1, 3))
    ]
    return tuple(sorted(jumps, key=lambda jump: jump.at))
