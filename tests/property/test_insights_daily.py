"""Figures from rolled-up days are those from the history itself, byte for byte, also where clocks change."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tablewire.domain.events import CloseReason
from tablewire.insights.daily import Watched, redone_from, roll_up
from tablewire.insights.durations import Cut, ages, lasting_of
from tablewire.insights.stays import Stay
from tablewire.insights.sums import sums_of
from tablewire.insights.venue import figures, figures_of, habits
from tests.insights_histories import Counted, History, histories, known, midnight, on, rolled, window


@settings(max_examples=200)
@given(histories())
def test_rolled_up_figures_are_those_of_the_history(history: History) -> None:
    rows, counted = window(history), Counted(history)

    assert msgspec.json.encode(figures(rows)) == msgspec.json.encode(counted.figures())
    assert msgspec.json.encode(habits(rows)) == msgspec.json.encode(counted.habits())


@given(histories())
def test_a_day_rolled_up_at_its_end_is_not_changed_by_what_comes_later(history: History) -> None:
    day = on(history.now, history.zone) - timedelta(days=2)
    end = midnight(day + timedelta(days=1), history.zone)
    later = known(history, day)
    then = Watched(
        stays=[as_of(stay, end) for stay in later.stays],
        looks=later.looks,
        shown_before=later.shown_before,
    )

    assert roll_up(day, history.zone, then) == roll_up(day, history.zone, later)


@settings(max_examples=40)
@given(histories())
def test_a_closing_that_is_known_late_changes_only_the_days_to_redo(history: History) -> None:
    for place, stay in enumerate(history.stays):
        if stay.closed_at is None:
            continue
        believed = msgspec.structs.replace(stay, closed_at=None, reason=None, lasted=None)
        before = [*history.stays[:place], believed, *history.stays[place + 1 :]]
        old, new = rolled(msgspec.structs.replace(history, stays=before)), rolled(history)

        changed = {row.day for row, now in zip(old, new, strict=True) if row != now}
        first, today = redone_from(stay.closed_at, history.now, history.zone), on(history.now, history.zone)
        assert all(first <= day <= today for day in changed)


@settings(max_examples=30)
@given(histories())
def test_the_cut_of_everything_is_everything(history: History) -> None:
    rows = window(history)

    everything, all_figures = lasting_of(rows, Cut()), figures(rows)

    assert everything.median == all_figures.median_drop_duration_seconds
    assert everything.mean == all_figures.avg_drop_duration_seconds.value


@settings(max_examples=100)
@given(histories(), st.integers(0, 9))
def test_days_that_were_added_up_before_give_the_same_figures(history: History, split: int) -> None:
    rows = window(history)
    first = history.since + timedelta(days=split)
    before = sums_of([day for day in rows.days if day.day < first], history.since)
    after = sums_of([day for day in rows.days if day.day >= first], history.since)

    assert msgspec.json.encode(figures_of(before + after, ages(rows))) == msgspec.json.encode(figures(rows))


def as_of(stay: Stay, at: int) -> Stay:
    """The stay as it looked at an instant: what closed later was open then."""
    if stay.closed_at is None or stay.closed_at < at:
        return stay
    assert isinstance(stay.reason, CloseReason)
    return msgspec.structs.replace(stay, closed_at=None, reason=None, lasted=None)
