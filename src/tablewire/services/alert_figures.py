"""What came of a user's alerts and goals, or of all users' for an admin."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tablewire.insights.alerts import AlertFigures, alert_figures
from tablewire.insights.goals import AllGoals, GoalFigures, all_goals, goal_figures
from tablewire.services.drop_counts import DropCounter
from tablewire.storage.insight_door import AlertFigureBook

DEFAULT_WINDOW: Final = timedelta(days=30)


class OneGoal(msgspec.Struct, frozen=True, kw_only=True):
    """One goal's rates since it was made."""

    id: int
    name: str
    figures: GoalFigures


class GoalInsights(msgspec.Struct, frozen=True, kw_only=True):
    """Goals since they were made; the share of drops is of those of the window."""

    all: AllGoals
    """A drop counts as matched where a goal told of it."""
    each: list[OneGoal]
    """The user's own, newest first; none where all users are looked at."""


class AlertInsights(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the alerts that were sent in a window."""

    window_start: datetime
    window_end: datetime
    complete: bool
    """False: there were too many; these are the newest."""
    alerts: AlertFigures
    goals: GoalInsights


class AlertInsight:
    """Counts alerts and goals when asked."""

    def __init__(self, book: AlertFigureBook, drops: DropCounter, now: Callable[[], datetime]) -> None:
        self._book = book
        self._drops = drops
        self._now = now

    async def insights(
        self,
        user_id: int | None,
        *,
        window: timedelta = DEFAULT_WINDOW,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AlertInsights:
        """The figures of one user, or of all (None); a window is counted back from its end."""
        end = until or self._now()
        start = since or end - window
        pile = await self._book.alerts(user_id, start, end)
        found = await asyncio.to_thread(alert_figures, pile.events, pile.alerts)
        goals = await self._book.goals(user_id, self._drops.markets, start, end)
        drops = await self._drops.between(start, end)
        own = goals.counts if user_id is not None else []
        return AlertInsights(
            window_start=start,
            window_end=end,
            complete=pile.complete,
            alerts=found,
            goals=GoalInsights(
                all=all_goals(goals.counts, drops, goals.drops_told),
                each=[
                    OneGoal(id=goal.goal_id, name=goals.names[goal.goal_id], figures=goal_figures(goal))
                    for goal in own
                ],
            ),
        )
