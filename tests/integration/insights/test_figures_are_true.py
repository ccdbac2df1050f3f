"""Every figure of days lived through, against what could be seen of them, and against what was so."""

from datetime import timedelta

import pytest

from tests.database import TestServer
from tests.integration.insights import verdict
from tests.integration.insights.course import Course, local_midnight
from tests.integration.insights.report import Report, report_of
from tests.integration.insights.turns import slow_turns

COURSE = Course(
    seed=5,
    venues=16,
    days=7,
    interval=15,
    gap=45,
    start=local_midnight(2026, 2, 12) + timedelta(hours=3),
    lives=[(0, 19.6), (45.2, 53.4), (53.4, 64.12)],
    outage=(7.1, 9.2),
    afterwards=3,
)
"""An outage of two hours, the whole of the 13th without a service, and a restart on the 14th; it ends at 19:07 on the 14th."""


@pytest.fixture(scope="module")
def report(test_server: TestServer) -> Report:
    with slow_turns():
        return report_of(test_server, COURSE, windows=(1, 14))


def test_the_log_is_what_the_looks_could_show(report: Report) -> None:
    assert report.told_apart == []


def test_figures_of_venues_are_what_could_be_seen_and_as_near_the_truth_as_looks_come(report: Report) -> None:
    assert verdict.venue_failures(report) == []
    assert report.told_drops > 300
    assert report.true_drops > report.told_drops, "no table came and went between two looks"


def test_best_hours_and_release_rules_are_what_could_be_seen(report: Report) -> None:
    assert verdict.habit_failures(report) == []
    assert any(verdict.is_the_house_rule(one, COURSE.interval) for one in report.releases)


def test_figures_of_the_market_and_its_supply_are_those_counted_by_hand(report: Report) -> None:
    assert verdict.market_failures(report) == []


def test_rows_that_came_hour_by_hour_are_those_of_the_log_byte_for_byte(report: Report) -> None:
    assert report.by_and_by == report.anew
    assert report.by_and_by == report.from_nothing
    assert all(report.by_and_by.values())


def test_a_day_without_a_look_is_no_day_without_drops(report: Report) -> None:
    observed = [row.service for row in report.looks if (row.figure, row.days) == ("observed_days", 14)]
    assert observed == [pytest.approx((19.6 - 2.1 + 64.12 - 45.2) / 24, abs=0.05)] * COURSE.venues


def test_censoring_brings_the_median_nearer_to_the_truth(report: Report) -> None:
    for one in report.lasting:
        assert one.naive_median is not None
        assert one.service_median is not None
        assert one.true_median is not None
        naive, treated = (abs(median - one.true_median) for median in (one.naive_median, one.service_median))
        assert treated < naive / 2
