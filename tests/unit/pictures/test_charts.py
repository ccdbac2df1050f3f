"""What a chart shows: plain numbers."""

from datetime import timedelta

from tablewire.insights.local_time import HOUR
from tablewire.pictures.charts import Day, drops_by_day
from tests.insights_days import MONDAY

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def test_days_between_two_others_are_there_and_nobody_looked_on_them() -> None:
    assert drops_by_day([(WEDNESDAY, 2, HOUR), (MONDAY, 0, HOUR)]) == (
        Day(MONDAY, 0),
        Day(TUESDAY, None),
        Day(WEDNESDAY, 2),
    )


def test_what_venues_were_looked_at_counts_together() -> None:
    assert drops_by_day([(MONDAY, 1, HOUR // 2), (MONDAY, 2, HOUR // 2)]) == (Day(MONDAY, 3),)
    assert drops_by_day([(MONDAY, 1, HOUR // 2)]) == (Day(MONDAY, None),)


def test_of_nothing_there_are_no_days() -> None:
    assert drops_by_day([]) == ()
