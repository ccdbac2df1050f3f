from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.channels import Quiet
from tablewire.notifications.pacing import (
    GATHER,
    TRIES,
    WHILE_FAILING,
    Pace,
    after_quiet,
    is_quiet,
    pause_before_retry,
    release,
)

NOW = datetime(2026, 2, 11, 15, 0, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    ZoneInfo(name)
    for name in ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
]
clock = st.builds(time, st.integers(0, 23), st.integers(0, 59))
# Days on which the clocks of these zones change are among them.
moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)).map(lambda at: at.replace(tzinfo=UTC))


def test_one_notification_goes_at_once() -> None:
    assert release(Pace(), NOW, None, NOW) == NOW


def test_a_burst_gathers_for_half_a_minute_from_its_first() -> None:
    first = NOW - 10 * SECOND
    assert release(Pace(), first, NOW - 10 * SECOND, NOW) == first + GATHER
    assert release(Pace(), first, first, first + GATHER) == first + GATHER


def test_what_came_long_ago_is_no_burst() -> None:
    assert release(Pace(), NOW, NOW - timedelta(minutes=1), NOW) == NOW


def test_the_minimum_interval_counts_from_the_last_message() -> None:
    pace = Pace(min_interval=timedelta(minutes=5), last_sent_at=NOW - timedelta(minutes=2))
    assert release(pace, NOW, None, NOW) == NOW + timedelta(minutes=3)
    assert release(Pace(min_interval=timedelta(minutes=5)), NOW, None, NOW) == NOW


def test_a_failing_channel_is_tried_now_and_then_only() -> None:
    assert release(Pace(failed_at=NOW - SECOND), NOW, None, NOW) == NOW - SECOND + WHILE_FAILING


def test_quiet_hours_over_midnight_end_in_the_morning_of_the_users_zone() -> None:
    pace = Pace(quiet=Quiet(time(22, 0), time(7, 30)), zone=NEW_YORK)
    late = datetime(2026, 2, 12, 4, 15, 7, tzinfo=UTC)  # 23:15 there
    assert after_quiet(pace, late) == datetime(2026, 2, 12, 12, 30, tzinfo=UTC)
    assert after_quiet(pace, NOW) == NOW


def test_quiet_hours_that_end_in_a_gap_of_the_clock_end_with_the_gap() -> None:
    pace = Pace(quiet=Quiet(time(22, 0), time(2, 30)), zone=NEW_YORK)
    night = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)
    assert after_quiet(pace, night) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 02:00 becomes 03:00


def test_both_repeats_of_a_quiet_hour_are_quiet() -> None:
    pace = Pace(quiet=Quiet(time(0, 30), time(2, 0)), zone=NEW_YORK)
    night = datetime(2026, 11, 1, 4, 45, tzinfo=UTC)
    assert after_quiet(pace, night) == datetime(2026, 11, 1, 7, 0, tzinfo=UTC)


@given(begin=clock, end=clock, at=moments, zone=st.sampled_from(ZONES))
def test_what_is_held_back_goes_at_the_first_minute_that_is_not_quiet(
    begin: time, end: time, at: datetime, zone: ZoneInfo
) -> None:
    if begin == end:
        return
    quiet = Quiet(begin, end)
    held = after_quiet(Pace(quiet=quiet, zone=zone), at)
    assert held >= at
    assert not is_quiet(quiet, zone, held)
    if held > at:
        assert is_quiet(quiet, zone, at)
        assert is_quiet(quiet, zone, held - SECOND)
        assert held - at <= timedelta(hours=25)


def test_six_tries_take_about_an_hour() -> None:
    pauses = [pause_before_retry(tries, 0.5) for tries in range(1, TRIES)]
    assert (
        timedelta(minutes=50) < sum((pause for pause in pauses if pause), timedelta()) < timedelta(minutes=70)
    )
    assert pauses == sorted(pauses, key=lambda pause: pause or timedelta())
    assert pause_before_retry(TRIES, 0.5) is None


def test_a_receiver_that_asks_for_patience_gets_it() -> None:
    assert pause_before_retry(1, 0.0, retry_after=120.0) == timedelta(seconds=120)
    assert pause_before_retry(1, 0.5, retry_after=1.0) == timedelta(seconds=15)
