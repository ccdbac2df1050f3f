"""The rates of goals."""

from tablewire.insights.figures import Figure
from tablewire.insights.goals import GoalCount, all_goals, goal_figures


def test_rates_are_matched_of_seen_and_converted_of_matched() -> None:
    found = goal_figures(GoalCount(goal_id=1, seen=200, matched=10, told=8, converted=2))

    assert (found.match_rate, found.conversion_rate) == (Figure(0.05, 200), Figure(0.2, 10))


def test_a_goal_that_has_seen_nothing_has_no_rate() -> None:
    found = goal_figures(GoalCount(goal_id=1, seen=0, matched=0, told=0, converted=0))

    assert found.match_rate == found.conversion_rate == Figure(None, 0)


def test_all_goals_are_judged_by_goals_and_by_drops() -> None:
    goals = [
        GoalCount(goal_id=1, seen=100, matched=10, told=8, converted=2),
        GoalCount(goal_id=2, seen=100, matched=0, told=0, converted=0),
    ]

    found = all_goals(goals, drops=100, drops_matched=10)

    assert (found.share_of_goals_matched, found.share_of_drops_matched) == (Figure(0.5, 2), Figure(0.1, 100))
    assert found.total.match_rate == Figure(0.05, 200)
