"""What to ask next, under a budget."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.snapshots import Answer
from tablewire.engine.sweep import SweepPlan, calls_of
from tests.clock import START

DAYS = [date(2026, 2, 11) + timedelta(days=ahead) for ahead in range(14)]
INTERVAL = timedelta(seconds=30)


def answer(size: int, page: int, total: int) -> Answer:
    return Answer(party_size=size, sent_at=START, arrived_at=START, venues=(), page=page, total_pages=total)


def learned(total: int, first_pages: int = 3, days: list[date] = DAYS) -> SweepPlan:
    plan = SweepPlan((2, 4), first_pages, INTERVAL)
    plan.plan(days, 1000)
    for day in days:
        plan.learn(day, [answer(size, 1, total) for size in (2, 4)])
    return plan


def test_every_cycle_asks_the_first_pages_of_every_date_and_party_size() -> None:
    plan = learned(total=37)
    for _ in range(5):
        asked = plan.plan(DAYS, 150)
        assert all(set(asked[day][size]) >= {1, 2, 3} for day in DAYS for size in (2, 4))


def test_what_the_budget_leaves_goes_to_deeper_pages_in_turn() -> None:
    plan = learned(total=37)
    seen: Counter[tuple[date, int, int]] = Counter()
    deep = 14 * 2 * 34
    for _ in range(-(-deep // 66)):
        for day, by_size in plan.plan(DAYS, 150).items():
            seen.update((day, size, page) for size, pages in by_size.items() for page in pages if page > 3)
    assert len(seen) == deep
    assert max(seen.values()) <= 2


def test_pages_beyond_the_last_are_not_asked_for() -> None:
    plan = learned(total=2)
    assert plan.plan(DAYS, 1000)[DAYS[0]] == {2: (1, 2), 4: (1, 2)}


def test_a_small_budget_takes_turns_with_the_nearest_dates_first() -> None:
    plan = SweepPlan((2,), 1, INTERVAL)
    assert sorted(plan.plan(DAYS, 5)) == DAYS[:5]
    assert sorted(plan.plan(DAYS, 5)) == DAYS[5:10]
    assert sorted(plan.plan(DAYS, 5)) == [DAYS[0], *DAYS[10:]]


def test_a_budget_of_nothing_still_asks_for_one_page() -> None:
    plan = SweepPlan((2, 4), 3, INTERVAL)
    assert sum(calls_of(pages) for pages in plan.plan(DAYS, 0).values()) == 1


@given(budget=st.integers(1, 120), total=st.integers(1, 8), first=st.integers(1, 4))
def test_no_first_page_waits_longer_than_twice_a_fair_turn(budget: int, total: int, first: int) -> None:
    plan = learned(total, first, DAYS[:4])
    firsts = 4 * 2 * min(first, total)
    fair = -(-firsts // budget)
    last = dict.fromkeys(
        (
            (day, size, page)
            for day in DAYS[:4]
            for size in (2, 4)
            for page in range(1, min(first, total) + 1)
        ),
        0,
    )
    for cycle in range(1, 6 * fair + 1):
        asked = plan.plan(DAYS[:4], budget)
        assert sum(calls_of(pages) for pages in asked.values()) <= budget
        for day, by_size in asked.items():
            for size, pages in by_size.items():
                for page in pages:
                    if (day, size, page) in last:
                        last[day, size, page] = cycle
        assert all(cycle - before <= 2 * fair for before in last.values())


def test_the_planned_revisit_follows_the_budget() -> None:
    plan = learned(total=37)
    plan.plan(DAYS, 150)
    assert plan.revisit(DAYS[0], 2, 1) == INTERVAL
    assert plan.revisit(DAYS[0], 2, 20) == INTERVAL * -(-14 * 2 * 34 // 66)
    plan.plan(DAYS, 42)
    assert plan.revisit(DAYS[0], 2, 1) == 2 * INTERVAL


def test_a_date_that_is_busy_keeps_its_place_in_the_turns() -> None:
    plan = learned(total=5)
    plan.plan(DAYS[1:], 1000)
    assert plan.plan(DAYS[:1], 1000)[DAYS[0]] == {2: (1, 2, 3, 4, 5), 4: (1, 2, 3, 4, 5)}


def test_a_date_that_left_is_forgotten() -> None:
    plan = learned(total=5)
    plan.keep(DAYS[1:])
    assert plan.plan(DAYS[:1], 1000)[DAYS[0]] == {2: (1, 2, 3), 4: (1, 2, 3)}
