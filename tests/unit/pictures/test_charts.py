"""What a chart shows: plain numbers."""

from datetime import timedelta

from tablewire.insights.local_time import HOUR
from tablewire.pictures.charts import Day, Lasted, drops_by_day, thinned
from tests.insights_days import MONDAY

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def test_days_between_two_others_are_there_and_nobody_looked_on_them() -> None:
    assert drops_by_day([(WEDNESDAY, 2, HOUR), (MONDAY, 0, HOUR)], MONDAY, WEDNESDAY) == (
        Day(MONDAY, 0),
        Day(TUESDAY, None),
        Day(WEDNESDAY, 2),
    )


def test_before_the_service_began_and_while_it_was_off_nobody_looked() -> None:
    assert drops_by_day([(TUESDAY, 1, HOUR)], MONDAY, WEDNESDAY) == (
        Day(MONDAY, None),
        Day(TUESDAY, 1),
        Day(WEDNESDAY, None),
    )


def test_what_venues_were_looked_at_counts_together() -> None:
    assert drops_by_day([(MONDAY, 1, HOUR // 2), (MONDAY, 2, HOUR // 2)], MONDAY, MONDAY) == (Day(MONDAY, 3),)
    assert drops_by_day([(MONDAY, 1, HOUR // 2)], MONDAY, MONDAY) == (Day(MONDAY, None),)


def test_where_nothing_is_known_nobody_looked_on_any_day() -> None:
    assert drops_by_day([], MONDAY, TUESDAY) == (Day(MONDAY, None), Day(TUESDAY, None))


def test_too_many_points_are_thinned_evenly_and_keep_their_shape() -> None:
    every = [Lasted(day, float(seconds)) for day in (MONDAY, TUESDAY) for seconds in range(1_000)]
    shown = thinned(reversed(every), 100)
    for day in (MONDAY, TUESDAY):
        of_day = [one.seconds for one in shown if one.day == day]
        assert of_day == [10.0 + 20 * place for place in range(50)]


def test_few_points_are_all_shown() -> None:
    few = (Lasted(MONDAY, 1.0), Lasted(MONDAY, 2.0))
    assert thinned(few) == few
