"""Figures from rolled-up days are those from the history itself, byte for byte, also where clocks change."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings

from tablewire.domain.events import CloseReason
from tablewire.insights.daily import Watched, days_to_redo, roll_up
from tablewire.insights.durations import Cut, lasting_of, mean_taken, median_of
from tablewire.insights.stays import Stay
from tablewire.insights.venue import figures, habits
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
        observed=later.observed,
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
        assert changed <= set(days_to_redo(stay.closed_at, history.now, history.zone))


@settings(max_examples=30)
@given(histories())
def test_the_cut_of_everything_is_everything(history: History) -> None:
    rows = window(history)

    everything = lasting_of(rows, Cut())

    assert everything.median == median_of(rows)
    assert everything.mean == mean_taken(rows).value


def as_of(stay: Stay, at: int) -> Stay:
    """The stay as it looked at an instant: what closed later was open then."""
    if stay.closed_at is None or stay.closed_at < at:
        return stay
    assert isinstance(stay.reason, CloseReason)
    return msgspec.structs.replace(stay, closed_at=None, reason=None, lasted=None)
