"""What to ask next, under a budget."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
import pytest

from tablewire.domain.events import CloseReason, EventType
from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Answer, VenueAnswer
from tablewire.engine.sweep import LEAST_BOUND, Ask, SweepMode, SweepPlan
from tablewire.engine.wanted import Pair
from tests.clock import START
from tests.stored_scenes import made_up_event

DAYS = [date(2026, 2, 11) + timedelta(days=ahead) for ahead in range(14)]
INTERVAL = timedelta(seconds=30)
PER_PAGE = 3


class Sweeping:
    """A plan that is followed: everything asked for is answered, unless it is said to fail."""

    def __init__(
        self,
        total: int,
        *,
        days: Sequence[date] = DAYS,
        sizes: tuple[int, ...] = (2, 4),
        first_pages: int = 3,
        mode: SweepMode = "adaptive",
        per_call: int = 0,
    ) -> None:
        self.plan = SweepPlan(sizes, first_pages, INTERVAL, NYC.zone, mode=mode)
        self.now = START
        self.total = total
        self.days = days
        self.wanted: list[Pair] = []
        self.per_call = per_call
        self.failing: set[tuple[date, int, int]] = set()
        self.seen: dict[tuple[date, int, int], datetime] = {}

    def cycle(self, calls: int, *, days: Sequence[date] | None = None) -> Mapping[date, Ask]:
        asked = self.plan.plan(days or self.days, calls, self.now, wanted=self.wanted, per_call=self.per_call)
        for day, ask in asked.items():
            pages = [(size, page) for size, of_size in ask.pages.items() for page in of_size]
            self.plan.learn(
                day,
                [
                    self.answer(size, page)
                    for size, page in pages
                    if page <= self.total and (day, size, page) not in self.failing
                ],
            )
            self.seen |= {
                (day, size, page): self.now for size, page in pages if (day, size, page) not in self.failing
            }
        self.now += INTERVAL
        return asked

    def answer(self, size: int, page: int) -> Answer:
        venues = tuple(
            VenueAnswer(str(number), ()) for number in range((page - 1) * PER_PAGE, page * PER_PAGE)
        )
        return Answer(
            party_size=size,
            sent_at=self.now,
            arrived_at=self.now,
            venues=venues,
            page=page,
            total_pages=self.total,
        )

    def open(self, venue: int, day: date, times: int) -> None:
        """So many slots were told of, without any answer."""
        events = [
            msgspec.structs.replace(
                made_up_event(number),
                venue_id=str(venue),
                service_date=day,
                opened_at=self.now,
                opened_after=self.now - INTERVAL,
            )
            for number in range(times)
        ]
        self.plan.learn(day, (), events)

    def warm_up(self, calls: int = 1000, cycles: int = 3) -> "Sweeping":
        for _ in range(cycles):
            self.cycle(calls)
        return self


def pages_of(asked: Mapping[date, Ask]) -> list[tuple[date, int, int]]:
    return [
        (day, size, page)
        for day, ask in asked.items()
        for size, of_size in ask.pages.items()
        for page in of_size
    ]


def calls_of(asks: Iterable[Ask]) -> int:
    return sum(ask.calls for ask in asks)


@pytest.mark.parametrize("mode", ["adaptive", "turns"])
def test_every_cycle_asks_the_first_pages_where_half_of_the_calls_suffices(mode: SweepMode) -> None:
    sweeping = Sweeping(total=37, mode=mode).warm_up(cycles=6)
    for _ in range(5):
        asked = sweeping.cycle(170)
        assert all(set(asked[day].pages[size]) >= {1, 2, 3} for day in DAYS for size in (2, 4))
        assert calls_of(asked.values()) == 170


@pytest.mark.parametrize("mode", ["adaptive", "turns"])
def test_no_more_calls_than_the_budget_are_planned(mode: SweepMode) -> None:
    sweeping = Sweeping(total=5, mode=mode)
    for calls in (1, 7, 50, 1000):
        assert calls_of(sweeping.cycle(calls).values()) == len(pages_of(sweeping.cycle(calls))) <= calls


def test_a_budget_of_nothing_still_asks_for_one_page() -> None:
    assert calls_of(Sweeping(total=3).cycle(0).values()) == 1


def test_a_budget_for_everything_asks_for_everything() -> None:
    sweeping = Sweeping(total=5).warm_up()
    assert len(pages_of(sweeping.cycle(140))) == 14 * 2 * 5


def test_pages_beyond_the_last_are_not_asked_for() -> None:
    sweeping = Sweeping(total=2).warm_up()
    assert sweeping.cycle(1000)[DAYS[0]].pages == {2: (1, 2), 4: (1, 2)}


def test_a_first_sweep_builds_first_pages_of_the_nearest_dates_first() -> None:
    sweeping = Sweeping(total=1, sizes=(2,), first_pages=1)
    assert sorted(sweeping.cycle(5)) == DAYS[:5]
    assert sorted(sweeping.cycle(5)) == DAYS[5:10]


def test_calls_go_where_openings_are_likely() -> None:
    sweeping = Sweeping(total=10, days=DAYS[5:6], sizes=(2,), first_pages=1).warm_up()
    sweeping.open(venue=7 * PER_PAGE, day=DAYS[5], times=40)
    sweeping.warm_up()
    often = Counter(page for _ in range(60) for _, _, page in pages_of(sweeping.cycle(3)))
    assert often[8] > 1.5 * max(often[page] for page in range(2, 11) if page != 8)


def test_nothing_is_learned_of_the_nearest_dates_and_yet_they_are_looked_at_more_often() -> None:
    sweeping = Sweeping(total=10, sizes=(2,)).warm_up()
    often = Counter(day for _ in range(80) for day, _, page in pages_of(sweeping.cycle(25)) if page > 3)
    assert often[DAYS[0]] > often[DAYS[1]] > often[DAYS[10]]


def test_two_party_sizes_that_list_the_same_venues_are_not_asked_together() -> None:
    sweeping = Sweeping(total=10, days=DAYS[5:7], first_pages=1).warm_up()
    together = apart = 0
    for _ in range(60):
        asked = {(day, page, size) for day, size, page in pages_of(sweeping.cycle(12)) if page > 1}
        both = sum((day, page, 6 - size) in asked for day, page, size in asked)
        together, apart = together + both, apart + len(asked) - both
    assert together < apart / 4


def test_a_page_whose_call_failed_is_asked_for_again_in_the_next_cycle_and_only_once_in_each() -> None:
    sweeping = Sweeping(total=10, days=DAYS[:2], first_pages=1).warm_up()
    sweeping.cycle(8)
    failed = next(page for page in pages_of(sweeping.cycle(8)) if page[2] > 1)
    while failed not in pages_of(sweeping.cycle(8)):
        sweeping.failing = {failed}
    assert pages_of(sweeping.cycle(8)).count(failed) == 1
    assert failed in pages_of(sweeping.cycle(8))


def test_pages_that_a_poll_still_waits_for_are_not_asked_for_again() -> None:
    sweeping = Sweeping(4, days=DAYS[:2], sizes=(2,)).warm_up()
    sweeping.failing = {(DAYS[0], 2, 1), (DAYS[1], 2, 1)}
    sweeping.cycle(1000)
    asked = sweeping.plan.plan(sweeping.days, 1000, sweeping.now, busy=[DAYS[0]])
    assert asked[DAYS[0]].pages == {2: (2, 3, 4)}
    assert asked[DAYS[1]].pages == {2: (1, 2, 3, 4)}


def test_a_release_is_looked_for_where_releases_were_found_before() -> None:
    sweeping = Sweeping(total=6, sizes=(2,), first_pages=1)
    sweeping.now = datetime.fromisoformat("2026-02-11T13:50:00+00:00")
    while sweeping.now < datetime.fromisoformat("2026-02-11T14:00:00+00:00"):
        sweeping.cycle(1000)
    for venue in range(18):
        sweeping.open(venue, DAYS[9], 20)
    sweeping.cycle(1000)
    while sweeping.now < datetime.fromisoformat("2026-02-11T15:00:00+00:00"):
        sweeping.cycle(30)
    asked = sweeping.cycle(10)
    assert sum(page[0] == DAYS[9] for page in pages_of(asked)) == 6
    assert next(iter(asked)) == DAYS[9]


def test_what_two_sizes_both_show_is_learned_from_closings() -> None:
    plan = Sweeping(total=1).plan
    before = plan.likelihood.shared
    closed = msgspec.structs.replace(
        made_up_event(1),
        event_type=EventType.CLOSED,
        closed_at=START + INTERVAL,
        close_reason=CloseReason.TAKEN,
        party_sizes=(2, 4),
    )
    plan.learn(DAYS[0], (), [closed] * 500)
    assert plan.likelihood.shared > before
    assert plan.likelihood.shared > 0.9


# --- what is promised


def test_the_planned_revisit_is_an_interval_where_the_budget_covers_everything() -> None:
    sweeping = Sweeping(total=5).warm_up()
    assert set(sweeping.plan.revisits()) == {30.0}


def test_the_planned_revisit_follows_the_budget() -> None:
    sweeping = Sweeping(total=37).warm_up(cycles=3)
    for _ in range(40):
        sweeping.cycle(170)
    assert sweeping.plan.revisit(DAYS[0], 2, 1) == INTERVAL
    fair = 14 * 2 * 34 / 86 * 30
    assert 0.7 * fair < max(sweeping.plan.revisits()) < 2 * fair


def test_planned_revisits_are_those_that_come_true() -> None:
    """Ten dates on, where nothing but waiting distinguishes pages: what was planned is what came."""
    sweeping = Sweeping(total=12, first_pages=1).warm_up(cycles=3)
    for _ in range(60):
        sweeping.cycle(60)
    over = total = 0
    promised: dict[tuple[date, int, int], tuple[datetime, timedelta]] = {}
    for _ in range(60):
        for page in pages_of(sweeping.cycle(60)):
            if page in promised:
                at, planned = promised[page]
                total += 1
                over += sweeping.now - at > planned + INTERVAL
            promised[page] = sweeping.now, sweeping.plan.revisit(*page)
    assert total > 1000
    assert over < 0.05 * total


def test_the_revisit_of_a_venue_asked_for_by_name_is_that_of_its_page() -> None:
    sweeping = Sweeping(total=37).warm_up(cycles=3)
    for _ in range(10):
        sweeping.cycle(170)
    by_name = Answer(
        party_size=2, sent_at=START, arrived_at=START, page=0, venues=(VenueAnswer(str(20 * PER_PAGE), ()),)
    )
    assert sweeping.plan.revisit_of(DAYS[3], by_name) == sweeping.plan.revisit(DAYS[3], 2, 21)


def test_a_date_that_left_is_forgotten() -> None:
    sweeping = Sweeping(total=5).warm_up()
    sweeping.plan.keep(DAYS[1:])
    assert sweeping.plan.pages == 13 * 2 * 5


def test_the_bound_is_ten_minutes_or_twice_a_fair_turn() -> None:
    sweeping = Sweeping(total=37).warm_up()
    sweeping.cycle(170)
    assert sweeping.plan.bound == LEAST_BOUND
    sweeping.cycle(10)
    assert sweeping.plan.bound == 2 * 30 * -(-14 * 2 * 37 // 10)


# --- wanted venues


def test_a_wanted_venue_is_asked_for_by_name_where_its_page_is_not_planned() -> None:
    sweeping = Sweeping(total=30, per_call=1).warm_up(cycles=3)
    sweeping.wanted = [(DAYS[4], 2, str(25 * PER_PAGE))]
    asked = [sweeping.cycle(60)[DAYS[4]] for _ in range(8)]
    assert all((26 in ask.pages.get(2, ())) != (ask.looks == {2: (str(25 * PER_PAGE),)}) for ask in asked)


def test_several_wanted_venues_of_a_page_are_looked_at_with_their_page() -> None:
    sweeping = Sweeping(total=30, per_call=1).warm_up(cycles=3)
    sweeping.wanted = [(DAYS[4], 2, str(25 * PER_PAGE + place)) for place in range(3)]
    for _ in range(5):
        ask = sweeping.cycle(60)[DAYS[4]]
        assert 26 in ask.pages[2]
        assert not ask.looks


def test_a_wanted_venue_that_no_page_lists_is_asked_for_by_name() -> None:
    sweeping = Sweeping(total=3, per_call=1).warm_up()
    sweeping.wanted = [(DAYS[1], 4, "elsewhere")]
    assert sweeping.cycle(1000)[DAYS[1]].looks == {4: ("elsewhere",)}


def test_a_provider_without_looks_by_name_is_asked_for_the_page() -> None:
    sweeping = Sweeping(total=30).warm_up(cycles=3)
    sweeping.wanted = [(DAYS[4], 2, str(25 * PER_PAGE)), (DAYS[4], 2, "elsewhere")]
    for _ in range(5):
        ask = sweeping.cycle(60)[DAYS[4]]
        assert 26 in ask.pages[2]
        assert not ask.looks


def test_looks_take_half_of_what_is_left_at_most_and_all_have_their_turn() -> None:
    sweeping = Sweeping(total=30, per_call=1).warm_up(cycles=3)
    sweeping.wanted = [(day, 2, f"elsewhere {number}") for day in DAYS for number in range(4)]
    looked: Counter[tuple[date, str]] = Counter()
    for _ in range(8):
        asked = sweeping.cycle(60)
        looks = [(day, venue) for day, ask in asked.items() for venue in ask.looks.get(2, ())]
        assert 0 < len(looks) <= 30
        assert calls_of(asked.values()) == 60
        looked.update(looks)
    assert len(looked) == 14 * 4
    assert min(looked.values()) >= 2


def test_one_call_by_name_takes_as_many_venues_as_the_provider_allows() -> None:
    sweeping = Sweeping(total=3, per_call=50).warm_up()
    sweeping.wanted = [(DAYS[1], 4, f"elsewhere {number}") for number in range(60)]
    ask = sweeping.cycle(1000)[DAYS[1]]
    assert len(ask.looks[4]) == 60
    assert ask.calls == 6 + 2
