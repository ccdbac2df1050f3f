"""Figures against the truth over thirty simulated days, and over nine with an outage and a day without a service."""

from datetime import timedelta

import pytest

from tests.database import TestServer
from tests.integration.insights import verdict
from tests.integration.insights.course import Course, local_midnight
from tests.integration.insights.report import report_of
from tests.integration.insights.turns import slow_turns

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

_START = local_midnight(2026, 2, 12) + timedelta(hours=3)
COURSES = {
    "thirty days": (
        Course(
            seed=4,
            venues=40,
            days=8,
            interval=10,
            gap=30,
            start=_START,
            lives=[(0, 295.3), (295.3, 713.12)],
            afterwards=8,
        ),
        (1, 7, 14, 30),
    ),
    "nine days with an outage and a day off": (
        Course(
            seed=3,
            venues=24,
            days=8,
            interval=10,
            gap=30,
            start=_START,
            lives=[(0, 93.3), (117.2, 160.1), (160.1, 208.12)],
            outage=(30.1, 34.9),
            afterwards=8,
        ),
        (1, 7, 14),
    ),
}
"""From three in the morning of February 12th, the first over the night of spring in which clocks change; each with a restart."""


@pytest.mark.parametrize("name", COURSES)
def test_every_figure_is_as_near_the_truth_as_looks_come(
    name: str, test_server: TestServer, capsys: pytest.CaptureFixture[str]
) -> None:
    course, windows = COURSES[name]
    with slow_turns():
        report = report_of(test_server, course, windows)
    rules = [one for one in report.releases if one.service is not None]
    right = sum(verdict.is_the_house_rule(one, course.interval) for one in rules)
    with capsys.disabled():
        lines = [
            f"{name}: {report.calls} calls; {report.told_drops} of {report.true_drops} drops told, all windows together",
            *verdict.figures_table(report.looks),
            *verdict.figures_table(report.truth),
            *verdict.lasting_table(report.lasting),
            *report.told_apart[:40],
            f"release rules: {right} of {len(rules)} are the house's own: {[one for one in rules if not verdict.is_the_house_rule(one, course.interval)]}",
        ]
        print("\n" + "\n".join(lines))  # noqa: T201 - the figures are the point
    assert report.held_for_long == 0, "the guard held closings for an hour: take another seed"
    assert report.told_apart == []
    assert verdict.venue_failures(report) == []
    assert verdict.habit_failures(report) == []
    assert verdict.market_failures(report) == []
    assert report.by_and_by == report.anew
    assert report.by_and_by == report.from_nothing
    assert all(report.by_and_by.values())
