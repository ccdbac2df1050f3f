"""The figures of a venue: each by its formula, and null where nothing is behind it."""

from datetime import timedelta

import pytest

from tablewire.domain.events import CloseReason
from tablewire.insights.daily import Watched, roll_up
from tablewire.insights.figures import Figure
from tablewire.insights.lifetimes import Median
from tablewire.insights.looks import Looks
from tablewire.insights.venue import figures, habits, scarcity
from tests.insights_days import MONDAY, NEW_YORK, at, row, stay, window_of

TUESDAY = MONDAY + timedelta(days=1)


def two_days() -> tuple[Figure, ...]:
    found = figures(
        window_of(
            row(stay(at(9), 100), stay(at(10), 200, prime=False), stay(at(11), 330)),
            row(stay(at(9, 0, TUESDAY), 370, on=TUESDAY), day=TUESDAY),
        )
    )
    return (
        found.drop_frequency_per_day,
        found.prime_time_drop_frequency,
        found.avg_drop_duration_seconds,
        found.percent_days_fully_booked,
        found.volatility_score,
    )


def test_frequencies_means_and_shares_are_as_their_formulas_say() -> None:
    assert two_days() == (Figure(2, 2), Figure(1.5, 2), Figure(250, 4), Figure(100, 2), Figure(1, 2))


def test_the_median_counts_tables_that_are_still_open() -> None:
    still = stay(at(20), None)

    found = figures(window_of(row(stay(at(9), 100), stay(at(10), 200)), still_open=(still,)))

    assert found.median_drop_duration_seconds.value == 200
    assert (found.median_drop_duration_seconds.samples, found.median_drop_duration_seconds.taken) == (3, 2)
    assert found.avg_drop_duration_seconds == Figure(150, 2)


def test_without_samples_every_figure_is_null_never_0() -> None:
    found = figures(window_of())

    assert found.median_drop_duration_seconds == Median()
    for name in (
        "drop_frequency_per_day",
        "prime_time_drop_frequency",
        "avg_drop_duration_seconds",
        "percent_days_fully_booked",
        "prime_booked_ratio",
        "volatility_score",
        "scarcity_score",
    ):
        assert getattr(found, name) == Figure(None, 0)


def test_observed_days_without_a_drop_are_a_frequency_of_0() -> None:
    assert figures(window_of(row())).drop_frequency_per_day == Figure(0, 1)


def test_under_an_hour_of_observation_there_is_no_frequency() -> None:
    watched = Watched(stays=[stay(at(9, 10))], looks=Looks({MONDAY: ((at(9), at(9, 59)),)}))

    found = figures(window_of(roll_up(MONDAY, NEW_YORK, watched)))

    assert found.drop_frequency_per_day.value is None
    assert found.prime_booked_ratio.value is None
    assert found.scarcity_score.value is None


def test_a_day_on_which_nobody_looked_is_not_a_day_without_drops() -> None:
    blind = roll_up(TUESDAY, NEW_YORK, Watched(stays=[]))

    found = figures(window_of(row(stay(at(9))), blind))

    assert found.drop_frequency_per_day == Figure(1, 1)
    assert found.volatility_score == Figure(0, 1)


def test_a_day_that_is_not_over_has_no_count_to_compare() -> None:
    today = roll_up(
        MONDAY, NEW_YORK, Watched(stays=[], looks=Looks({MONDAY: ((at(0), at(12)),)})), until=at(12)
    )

    assert figures(window_of(today)).volatility_score == Figure(None, 0)


def test_booked_is_the_time_without_a_prime_table() -> None:
    found = figures(window_of(row(stay(at(6), 6 * 3600), stay(at(9), 3600)), row(day=TUESDAY)))

    assert found.prime_booked_ratio == Figure(0.875, 2)


@pytest.mark.parametrize(
    ("median", "score"),
    [(Median(value=600), 100 * (0.5 + 0.25 / 3 + 0.125)), (Median(), 100 * (0.5 + 0.25 / 3) / 0.75)],
)
def test_scarcity_without_a_median_rescales_the_other_weights(median: Median, score: float) -> None:
    assert scarcity(Figure(1.0, 3), Figure(2.0, 3), median).value == pytest.approx(score)


def test_a_table_that_opened_before_the_window_is_in_the_mean_but_not_in_the_median() -> None:
    old = stay(at(23), 7200)
    days = (row(old), row(old, stay(at(9, 0, TUESDAY), 100), day=TUESDAY))

    found = figures(window_of(*days, since=TUESDAY))

    assert found.avg_drop_duration_seconds.samples == 2
    assert found.median_drop_duration_seconds.value == 100


def test_an_expired_table_is_no_sample_of_the_mean() -> None:
    found = figures(window_of(row(stay(at(9), 100), stay(at(10), 9000, reason=CloseReason.EXPIRED))))

    assert found.avg_drop_duration_seconds == Figure(100, 1)


def test_hours_are_compared_by_drops_in_an_observed_hour() -> None:
    week = MONDAY + timedelta(days=7)
    found = habits(window_of(row(stay(at(9)), stay(at(9, 30))), row(day=week)))

    hours = {(hour.weekday, hour.hour): hour for hour in found.best_hours}
    assert len(hours) == 24
    assert (hours[0, 9].drops_per_hour, hours[0, 9].drops, hours[0, 9].observed_seconds) == (1, 2, 7200)
    assert hours[0, 10].drops_per_hour == 0


def test_a_venue_that_releases_each_morning_shows_it() -> None:
    days = [
        row(stay(at(9, 0, day), on=day + timedelta(days=13)), day=day)
        for day in (MONDAY + timedelta(days=ahead) for ahead in range(3))
    ]

    found = habits(window_of(*days)).release_pattern

    assert found is not None
    assert (found.lead_days, found.time, found.percent, found.samples) == (13, "09:00", 100, 3)
