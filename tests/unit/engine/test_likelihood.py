"""Rates learned from what opened and from how long it was looked at."""

from datetime import time

import pytest

from tablewire.engine.likelihood import HALF_LIFE, Likelihood
from tablewire.storage.protocol import OpeningCount

VENUES = [str(number) for number in range(20)]
HOUR = 3600.0


def watched(hours: float, openings: dict[str, int], lead: int = 5) -> Likelihood:
    """Twenty venues on one date watched for so long, and how often each had something open."""
    learned = Likelihood()
    learned.looked(lead, VENUES, hours * HOUR)
    for venue, times in openings.items():
        for _ in range(times):
            learned.opened(lead, venue, None)
    return learned


def test_a_venue_with_many_openings_is_expected_to_have_more_than_one_with_none() -> None:
    learned = watched(200, {"3": 40})
    assert learned.rate(5, ["3"]) > 5 * learned.rate(5, ["4"])


def test_a_venue_that_was_hardly_looked_at_counts_as_the_market_does() -> None:
    learned = watched(200, dict.fromkeys(VENUES, 10))
    assert learned.rate(5, ["new"]) == pytest.approx(learned.rate(5, ["3"]), rel=0.2)


def test_the_rate_of_venues_watched_for_long_is_what_was_seen() -> None:
    learned = watched(5000, dict.fromkeys(VENUES, 500))
    assert learned.rate(5, VENUES) == pytest.approx(20 * 500 / (5000 * HOUR), rel=0.05)


def test_looking_for_long_without_an_opening_lowers_the_rate() -> None:
    before, after = watched(1, {}), watched(2000, {})
    assert after.rate(5, VENUES) < before.rate(5, VENUES) / 5


def test_near_dates_are_taken_to_have_more_openings_until_it_is_seen_otherwise() -> None:
    learned = Likelihood()
    assert learned.lead_factor(0) > learned.lead_factor(1) > learned.lead_factor(9)
    for lead in (0, 9):
        learned.looked(lead, VENUES, 500 * HOUR)
    for _ in range(800):
        learned.opened(9, "1", None)
    assert learned.lead_factor(0) < learned.lead_factor(9)


def test_what_a_release_brings_is_learned_by_the_distance_of_the_date() -> None:
    learned = Likelihood()
    for lead in range(14):
        learned.looked_across(time(9), lead, 500)
    for _ in range(400):
        learned.opened(7, "1", time(9))
    assert learned.released(time(9), 7, 75) > 10 * learned.released(time(9), 8, 75)


def test_a_release_says_something_of_the_next_one_at_the_same_distance() -> None:
    learned = Likelihood()
    learned.looked_across(time(9), 7, 500)
    for _ in range(400):
        learned.opened(7, "1", time(9))
    assert learned.released(time(10), 7, 75) > 2 * learned.released(time(10), 8, 75)


def test_what_a_release_brings_is_not_taken_for_the_usual_rate() -> None:
    learned, other = watched(200, {}), watched(200, {})
    for _ in range(400):
        learned.opened(5, "1", time(9))
    assert learned.rate(5, ["1"]) == other.rate(5, ["1"])


def test_what_was_learned_fades() -> None:
    learned = watched(2000, {"3": 400})
    before = learned.rate(5, ["3"])
    learned.fade(0.0)
    learned.fade(40 * HALF_LIFE)
    assert learned.rate(5, ["3"]) < before
    assert learned.rate(5, ["3"]) == pytest.approx(learned.rate(5, ["new"]), rel=0.01)


def test_the_share_that_several_sizes_show_counts_each_size() -> None:
    learned = Likelihood()
    for _ in range(10_000):
        learned.shown(1)
        learned.shown(2)
    assert learned.shared == pytest.approx(2 / 3, abs=0.01)


def test_the_log_of_the_last_days_teaches_the_same_at_the_start() -> None:
    learned = Likelihood()
    learned.restore(
        [
            OpeningCount("3", 5, None, 60),
            OpeningCount("4", 5, None, 2),
            OpeningCount("4", 7, time(9), 90),
            OpeningCount("4", 8, time(9), 1),
        ],
        3 * 86_400.0,
    )
    assert learned.rate(5, ["3"]) > 4 * learned.rate(5, ["4"])
    assert learned.released(time(9), 7, 10) > learned.released(time(9), 8, 10)


def test_the_log_teaches_nothing_to_who_has_learned_already() -> None:
    learned = watched(200, {"3": 4})
    before = learned.rate(5, ["3"])
    learned.restore([OpeningCount("3", 5, None, 6000)], 3 * 86_400.0)
    assert learned.rate(5, ["3"]) == before
