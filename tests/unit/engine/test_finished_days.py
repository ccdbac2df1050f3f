"""What a roll-up remembers of finished days holds until somebody else rolls up, or the day ends."""

from datetime import UTC, datetime, timedelta

from tablewire.domain.restaurants import Listing
from tablewire.engine.finished_days import FinishedDays
from tablewire.insights.sums import NO_DAYS, sums_of
from tablewire.storage.figure_door import Head
from tests.insights_days import MONDAY, at, row, stay

TUESDAY = MONDAY + timedelta(days=1)
V, W = Listing("resy", "v"), Listing("resy", "w")
AT = datetime(2026, 2, 17, 18, tzinfo=UTC)
HEAD = Head(event_id=7, finished_day=MONDAY, rolled_at=AT)
ROWS = {"v": [row(stay(at(9))), row(day=TUESDAY)]}


def learnt() -> FinishedDays:
    """As a roll-up on Tuesday left it."""
    finished = FinishedDays()
    finished.begin(None, TUESDAY)
    finished.learn([V, W], ROWS)
    finished.keep_shown(V, frozenset({MONDAY}))
    finished.end(HEAD)
    return finished


def test_days_that_are_over_are_added_up_once() -> None:
    finished = learnt()
    finished.begin(HEAD, TUESDAY)

    assert finished.missing([V, W]) == []
    assert finished.sums(V) == sums_of(ROWS["v"][:1], finished.since)
    assert finished.sums(W) is NO_DAYS
    assert finished.shown == {V: {MONDAY}}
    assert finished.since == TUESDAY - timedelta(days=13)


def test_nothing_is_known_any_more_when_the_day_has_ended() -> None:
    finished = learnt()
    finished.begin(HEAD, TUESDAY + timedelta(days=1))

    assert (finished.missing([V]), finished.shown) == ([V], {})


def test_nothing_is_known_any_more_when_another_process_rolled_up() -> None:
    finished = learnt()
    finished.begin(Head(event_id=7, finished_day=MONDAY, rolled_at=AT + timedelta(seconds=1)), TUESDAY)

    assert finished.missing([V]) == [V]


def test_nothing_is_known_any_more_after_a_roll_up_that_did_not_end() -> None:
    finished = learnt()
    finished.begin(HEAD, TUESDAY)
    finished.begin(HEAD, TUESDAY)

    assert finished.missing([V]) == [V]


def test_a_venue_whose_finished_days_are_done_anew_is_read_again() -> None:
    finished = learnt()
    finished.begin(HEAD, TUESDAY)
    finished.redo([V])

    assert (finished.missing([V, W]), finished.shown) == ([V], {})
