"""Detection against the truth: a make-believe city behind real HTTP, the engine's own loops, and 200 polls with everything that goes wrong."""

from datetime import UTC, datetime

import msgspec
import pytest

from tablewire.domain.events import EventType
from tablewire.engine import owner
from tablewire.simulator.faults import kinds_of
from tests.integration.detection.checker import check
from tests.integration.detection.schedules import always, every_fault, spells, two_outages, two_soft_blocks
from tests.integration.detection.verdict import Verdict
from tests.integration.detection.virtual_time import run_virtual
from tests.integration.detection.world import Run, Schedule, Told, play


def played(schedule: Schedule) -> Run:
    return run_virtual(lambda loop: play(loop, schedule))


def verdict_of(schedule: Schedule) -> Verdict:
    return check(played(schedule))


def expect_flawless(verdict: Verdict, *, at_least: int) -> None:
    """Nothing false, nothing twice, nothing left out: over so many openings served twice that it means something."""
    assert verdict.faults_found == []
    assert (verdict.precision, verdict.recall) == (1.0, 1.0)
    assert (verdict.unseen_closings, verdict.missed, verdict.excused) == (0, 0, 0)
    assert verdict.served_twice >= at_least


def test_200_polls_with_every_fault_tell_every_opening_once_and_nothing_else() -> None:
    verdict = verdict_of(Schedule(seed=1, faults=every_fault()))
    expect_flawless(verdict, at_least=400)
    assert set(verdict.faults) == set(kinds_of("resy"))
    assert 0.07 <= verdict.faults.total() / verdict.calls <= 0.13
    assert verdict.held > 0
    assert verdict.delay(50) <= 0.6
    assert verdict.delay(95) <= 1.1


def test_a_null_or_a_text_in_the_place_of_a_hit_in_every_call_changes_nothing_for_the_other_venues() -> None:
    verdict = verdict_of(Schedule(seed=2, cycles=120, faults=always("malformed_hit"), quiet_end=0))
    expect_flawless(verdict, at_least=200)
    assert verdict.faults["malformed_hit"] >= 0.99 * verdict.calls


def test_a_day_without_faults_is_told_whole() -> None:
    expect_flawless(verdict_of(Schedule(seed=3, cycles=80)), at_least=150)


def test_two_outages_close_nothing_and_announce_nothing_but_what_opened() -> None:
    expect_flawless(verdict_of(Schedule(seed=4, cycles=110, faults=two_outages())), at_least=150)


def test_two_soft_blocks_close_nothing_and_announce_nothing_but_what_opened() -> None:
    verdict = verdict_of(Schedule(seed=5, cycles=110, faults=two_soft_blocks()))
    expect_flawless(verdict, at_least=150)
    assert verdict.held > 0


def test_a_soft_block_met_at_the_very_start_announces_no_city() -> None:
    verdict = verdict_of(Schedule(seed=6, cycles=40, faults=spells(("soft_block", 0, 1.2))))
    expect_flawless(verdict, at_least=50)


@pytest.mark.parametrize(
    "start",
    [datetime(2026, 3, 8, 6, 45, tzinfo=UTC), datetime(2026, 11, 1, 6, 45, tzinfo=UTC)],
    ids=["spring", "autumn"],
)
def test_the_window_slides_on_the_night_of_the_changed_clocks_without_a_false_word(start: datetime) -> None:
    """In spring 02:05 never comes, in autumn 01:00 to 02:00 comes twice; the window slides a little later in both."""
    run = played(Schedule(seed=7, cycles=50, start=start, faults=every_fault(0.05)))
    expect_flawless(check(run), at_least=25)
    assert len({poll.day for poll in run.polls}) == 3


def test_a_budget_that_just_covers_the_city_tells_as_truly_as_a_large_one() -> None:
    verdict = verdict_of(Schedule(seed=8, venues=150, days=4, cycles=50, rate=0.6, faults=every_fault()))
    expect_flawless(verdict, at_least=100)
    assert verdict.calls <= 50 * 30 * 0.6 + 3


def test_an_engine_killed_in_the_middle_leaves_nothing_out_and_tells_nothing_twice() -> None:
    verdict = verdict_of(Schedule(seed=9, cycles=80, killed_after=37, faults=every_fault()))
    expect_flawless(verdict, at_least=150)


# --- the checker itself can fail


@pytest.fixture(scope="module")
def clean() -> Run:
    return played(Schedule(seed=10, cycles=40))


def tampered(run: Run, told: list[Told]) -> Verdict:
    return check(msgspec.structs.replace(run, told=told, stored=[one.event for one in told]))


def first(run: Run, kind: EventType) -> int:
    """An event of that kind in the middle of the run."""
    places = [place for place, one in enumerate(run.told) if one.event.event_type is kind]
    return places[len(places) // 2]


def test_the_checker_misses_an_opening_that_is_left_out(clean: Run) -> None:
    place = first(clean, EventType.NEW_DROP)
    verdict = tampered(clean, [one for number, one in enumerate(clean.told) if number != place])
    assert verdict.missed == 1


def test_the_checker_sees_an_opening_told_twice(clean: Run) -> None:
    place = first(clean, EventType.NEW_DROP)
    told = list(clean.told)
    verdict = tampered(clean, [*told[: place + 1], told[place], *told[place + 1 :]])
    assert verdict.repeats == 1


def test_the_checker_sees_a_lower_bound_that_is_too_late(clean: Run) -> None:
    place = first(clean, EventType.NEW_DROP)
    told = list(clean.told)
    event = told[place].event
    told[place] = Told(told[place].at, msgspec.structs.replace(event, opened_after=event.opened_at))
    assert tampered(clean, told).false_openings == 1


def test_the_checker_sees_a_party_size_that_was_not_served(clean: Run) -> None:
    place = first(clean, EventType.NEW_DROP)
    told = list(clean.told)
    event = told[place].event
    sizes = (2, 4) if event.party_sizes != (2, 4) else (2,)
    told[place] = Told(told[place].at, msgspec.structs.replace(event, party_sizes=sizes))
    assert any("served for" in one for one in tampered(clean, told).faults_found)


def test_the_checker_sees_a_closing_of_what_stays_open(clean: Run) -> None:
    """A closing moved to before the table went is false."""
    place = first(clean, EventType.CLOSED)
    told = list(clean.told)
    event = told[place].event
    assert event.opened_at is not None
    moved = msgspec.structs.replace(event, last_seen_at=event.opened_at, closed_at=event.opened_at)
    told[place] = Told(event.opened_at.timestamp() + 0.001, moved)
    assert tampered(clean, told).false_closings == 1


def test_without_the_guard_soft_blocks_would_close_tables_and_announce_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, "is_suspect", lambda *_: False)
    verdict = verdict_of(Schedule(seed=5, cycles=60, faults=two_soft_blocks()))
    assert verdict.false_closings > 100
    assert verdict.false_openings > 100
