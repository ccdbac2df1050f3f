"""Goals: how many of the drops they were meant for they matched, and what came of those."""

from collections.abc import Iterable

import msgspec

from tablewire.insights.figures import Figure, ratio


class GoalCount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one goal has come to."""

    goal_id: int
    seen: int
    """Drops since it was made."""
    matched: int
    told: int
    converted: int
    """Matched ones that its user tapped or booked."""


class GoalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of one goal, or of several together."""

    seen: int
    matched: int
    told: int
    converted: int
    match_rate: Figure
    """Matched of seen, drop by drop and goal by goal."""
    conversion_rate: Figure
    """Converted of matched."""


class AllGoals(msgspec.Struct, frozen=True, kw_only=True):
    """All goals together."""

    goals: int
    total: GoalFigures
    share_of_goals_matched: Figure
    """Goals that matched anything."""
    share_of_drops_matched: Figure
    """Drops that matched at least one goal."""


def goal_figures(count: GoalCount) -> GoalFigures:
    """The rates of one goal."""
    return GoalFigures(
        seen=count.seen,
        matched=count.matched,
        told=count.told,
        converted=count.converted,
        match_rate=ratio(count.matched, count.seen),
        conversion_rate=ratio(count.converted, count.matched),
    )


def all_goals(counts: Iterable[GoalCount], drops: int, drops_matched: int) -> AllGoals:
    """The rates of all goals; of the `drops` of the window `drops_matched` matched one goal or more."""
    goals = list(counts)
    total = GoalCount(
        goal_id=0,
        seen=sum(goal.seen for goal in goals),
        matched=sum(goal.matched for goal in goals),
        told=sum(goal.told for goal in goals),
        converted=sum(goal.converted for goal in goals),
    )
    return AllGoals(
        goals=len(goals),
        total=goal_figures(total),
        share_of_goals_matched=ratio(sum(1 for goal in goals if goal.matched), len(goals)),
        share_of_drops_matched=ratio(drops_matched, drops),
    )
