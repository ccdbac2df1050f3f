"""A rolled-up day: what is kept of it, and what is not counted."""

from datetime import date, timedelta

import msgspec

from tablewire.domain.events import CloseReason, Origin
from tablewire.insights.daily import VenueDay, Watched, redone_from, roll_up
from tablewire.insights.lifetimes import open_for, taken_after
from tablewire.insights.looks import Looks
from tests.insights_days import HOUR, MINUTE, MONDAY, NEW_YORK, at, row, stay, watched_day

SECOND = 1_000_000
TUESDAY = MONDAY + timedelta(days=1)


def test_a_row_keeps_drops_by_hour_lead_time_size_and_prime() -> None:
    drops = row(stay(at(9), on=TUESDAY), stay(at(0, 5), minute=960, prime=False, sizes=(2, 4))).drops

    assert (drops.hours, drops.leads, drops.minutes) == ((0, 9), (0, 1), (960, 1140))
    assert (drops.sizes, drops.prime) == ((0b10100, 0b100), (False, True))


def test_only_new_drops_are_drops() -> None:
    assert row(*(stay(at(9), origin=origin) for origin in Origin)).drops.hours == (9,)


def test_taken_tables_are_known_and_expired_ones_censored() -> None:
    ends = row(stay(at(9), 142), stay(at(8), 600, reason=CloseReason.EXPIRED)).endings

    assert ends.lasted == (taken_after(142 * SECOND), open_for(600 * SECOND))


def test_what_vanished_was_withdrawn_or_was_there_before_says_nothing_of_durations() -> None:
    silent = [stay(at(9), reason=reason) for reason in (CloseReason.VANISHED, CloseReason.WITHDRAWN)]
    gap = msgspec.structs.replace(stay(at(9)), lasted=None)

    assert row(*silent, gap, stay(at(9), origin=Origin.BASELINE)).endings.lasted == ()


def test_a_table_belongs_to_the_day_of_its_opening_as_a_drop_and_of_its_closing_as_a_duration() -> None:
    over_midnight = stay(at(23), 2 * 3600)
    first = roll_up(MONDAY, NEW_YORK, watched_day(over_midnight))
    second = roll_up(TUESDAY, NEW_YORK, watched_day(over_midnight, day=TUESDAY))

    assert (first.drops.hours, first.endings.lasted) == ((23,), ())
    assert (second.drops.hours, second.endings.ago) == ((), (1,))


def test_prime_time_is_the_union_of_tables_within_the_observed_time_of_their_date() -> None:
    watched = Watched(
        stays=[stay(at(10), 3600), stay(at(10, 30), 3600), stay(at(10), 9000, on=TUESDAY)],
        looks=Looks({MONDAY: ((at(10, 15), at(12)),)}),
    )

    dates = roll_up(MONDAY, NEW_YORK, watched).dates

    assert (dates.leads, dates.observed, dates.prime_open) == ((0,), (105 * MINUTE,), (75 * MINUTE,))


def test_a_venue_is_observed_while_any_of_its_dates_is() -> None:
    watched = Watched(
        stays=[], looks=Looks({MONDAY: ((at(10), at(11)),), TUESDAY: ((at(10, 30), at(12, 30)),)})
    )

    day = roll_up(MONDAY, NEW_YORK, watched)

    assert day.observed_time == 2.5 * HOUR
    assert day.observed[10:13] == (HOUR, HOUR, HOUR // 2)


def test_a_date_is_fully_booked_if_no_prime_table_is_open_at_five() -> None:
    assert row(stay(at(16), 1800)).fully_booked is True
    assert row(stay(at(16), 7200)).fully_booked is False
    assert row(stay(at(16), 3600)).fully_booked is True
    assert row(stay(at(17), 60)).fully_booked is False
    assert row(stay(at(16), 7200, prime=False)).fully_booked is True
    assert row(stay(at(16), 7200, on=TUESDAY)).fully_booked is True


def test_where_nobody_looked_at_five_nobody_knows() -> None:
    watched = Watched(stays=[stay(at(16), 7200)], looks=Looks({MONDAY: ((at(9), at(17)),)}))

    assert roll_up(MONDAY, NEW_YORK, watched).fully_booked is None
    assert roll_up(MONDAY, NEW_YORK, watched_day(), until=at(16)).fully_booked is None


def test_drops_of_the_poll_that_first_shows_their_date_are_releases() -> None:
    day = row(stay(at(9), on=TUESDAY), stay(at(9), on=TUESDAY, minute=1170), stay(at(10), on=TUESDAY))

    assert (day.release_leads, day.release_seconds) == ((1, 1), (9 * 3600, 9 * 3600))


def test_a_date_that_had_tables_before_is_not_new() -> None:
    shown = roll_up(MONDAY, NEW_YORK, watched_day(stay(at(9)), shown_before=frozenset({MONDAY})))
    baseline = row(stay(at(9)), stay(at(9), origin=Origin.BASELINE))

    assert shown.release_leads == baseline.release_leads == ()


def test_the_hours_of_a_day_on_which_clocks_change_are_kept_apart() -> None:
    day = date(2026, 11, 1)
    twice = [stay(at(0, 30, day) + hours * HOUR, on=day) for hours in (0, 1, 2)]

    found = roll_up(day, NEW_YORK, watched_day(*twice, day=day))

    assert (len(found.observed), found.drops.hours) == (25, (0, 1, 2))


def test_an_unfinished_day_says_so() -> None:
    assert not roll_up(MONDAY, NEW_YORK, watched_day(), until=at(12)).finished
    assert row().finished


def test_a_row_comes_back_from_the_store_as_it_was() -> None:
    day = row(stay(at(9)), stay(at(16), 7200))

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(day), type=VenueDay) == day


def test_what_is_known_late_changes_the_rows_since_it_happened() -> None:
    wednesday = TUESDAY + timedelta(days=1)

    assert redone_from(at(23, 59), at(9, 0, wednesday), NEW_YORK) == MONDAY
    assert redone_from(at(9), at(9), NEW_YORK) == MONDAY


def test_what_a_clock_ahead_stored_changes_the_row_of_today() -> None:
    assert redone_from(at(9, 0, TUESDAY), at(23, 59), NEW_YORK) == MONDAY
