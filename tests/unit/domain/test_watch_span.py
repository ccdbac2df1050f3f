"""What a search covers, inside and outside of what is polled."""

from datetime import date, timedelta
from typing import Any

from tablewire.domain.watch_span import MOST_DATES, Span, span_of
from tablewire.domain.watches import filter_of

FIRST = date(2026, 2, 18)
WINDOW = tuple(FIRST + timedelta(days=ahead) for ahead in range(14))
POLLED = (2, 4)


def span(**filters: Any) -> Span:
    return span_of(filter_of(filters), WINDOW, POLLED)


def test_without_limits_it_is_the_window() -> None:
    found = span()
    assert (found.dates, found.sizes) == (WINDOW, POLLED)
    assert not any(found.outside())


def test_dates_beyond_the_window_are_outside() -> None:
    found = span(date_from="2026-03-02", date_to="2026-03-05", party_size=2)
    assert found.dates == WINDOW[-2:]
    assert list(found.outside()) == [(date(2026, 3, 4), 2), (date(2026, 3, 5), 2)]


def test_a_first_date_beyond_the_window_is_the_only_one_where_no_last_is_said() -> None:
    assert span(date_from="2026-05-01").later_dates == (date(2026, 5, 1),)


def test_other_party_sizes_are_outside_on_every_date() -> None:
    found = span(party_size=[2, 6], date_to="2026-02-19")
    assert (found.sizes, found.other_sizes) == ((2,), (6,))
    assert list(found.outside()) == [(FIRST, 6), (FIRST + timedelta(days=1), 6)]


def test_weekdays_hold_on_both_sides() -> None:
    found = span(weekday="fri", date_to="2026-03-10")
    assert found.dates == (date(2026, 2, 20), date(2026, 2, 27))
    assert found.later_dates == (date(2026, 3, 6),)


def test_far_dates_are_bounded_and_past_ones_are_none() -> None:
    assert span(date_to="9999-12-31").more_later
    assert len(span(date_to="9999-12-31").later_dates) == MOST_DATES
    assert span(date_to="2026-02-17").is_past
    assert span(date_from="9999-12-31").later_dates == (date(9999, 12, 31),)
