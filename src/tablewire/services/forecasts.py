"""Forecasts, as clients ask for them: shown only where they have done better than the base rate."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from tablewire.domain.events import microseconds
from tablewire.domain.restaurants import Listing
from tablewire.errors import NotFound
from tablewire.insights.exposure import exposure_of
from tablewire.insights.forecast import Forecast, Wish, forecast
from tablewire.insights.local_time import local_date
from tablewire.insights.scoring import LEAST_TRIALS, Score
from tablewire.insights.stays import lead_days
from tablewire.services.venue_figures import VenueLookup, VenueWindows
from tablewire.storage.figure_door import Judged, VerdictBook

MOST_VERDICTS = 30


class Forecasted(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast where it is shown, and how far such forecasts can be trusted."""

    market: str
    forecast: Forecast | None
    why_not: str | None
    scores: dict[int, Score]
    """Of forecasts so many days ahead, by days ahead: of those that are asked for."""
    computed_at: datetime | None
    """When they were scored."""


class Forecasts:
    """The chance that a venue drops a table."""

    def __init__(
        self,
        windows: VenueWindows,
        venues: VenueLookup,
        verdicts: VerdictBook,
        now: Callable[[], datetime],
    ) -> None:
        self._windows = windows
        self._venues = venues
        self._verdicts = verdicts
        self._now = now

    async def of_venue(self, listing: Listing, wish: Wish, hours: float) -> Forecasted:
        """The chance within the next hours. Raises `NotFound`, `StoreUnavailable`."""
        if await self._venues.get(*listing) is None:
            raise NotFound("No such venue was ever seen.")
        market = await self._windows.market_of(listing)
        now = microseconds(self._now())
        today = local_date(now, market.zone)
        leads = sorted({lead_days(on, today) for on in wish.dates})
        newest = await self._verdicts.judged(market.id, 1)
        if not newest:
            return Forecasted(
                market=market.id,
                forecast=None,
                why_not="Too little has been observed yet to judge any forecast.",
                scores={},
                computed_at=None,
            )
        judged = newest[0]
        scores = {lead: judged.verdict.by_lead[lead] for lead in leads if lead in judged.verdict.by_lead}
        found = None
        if judged.verdict.shows(leads):
            days = await self._windows.days(listing, market, judged.learned_from)
            venue = exposure_of(days, market.zone)
            found = forecast(judged.prior, venue, wish, now, hours, market.zone)
        return Forecasted(
            market=market.id,
            forecast=found,
            why_not=None if found else _why_not(leads, scores),
            scores=scores,
            computed_at=judged.computed_at,
        )

    async def verdicts(self, market: str | None) -> list[Judged]:
        """The newest verdicts, newest first. Raises `StoreUnavailable`."""
        return await self._verdicts.judged(market, MOST_VERDICTS)


def _why_not(leads: list[int], scores: dict[int, Score]) -> str:
    reasons = [(lead, _weakness(lead, scores.get(lead))) for lead in leads]
    told = "; ".join(
        f"{lead} day{'' if lead == 1 else 's'} ahead: {reason}" for lead, reason in reasons if reason
    )
    return f"Forecasts are shown only where they beat the base rate on held-out days. {told}."


def _weakness(lead: int, score: Score | None) -> str | None:
    """Why forecasts so many days ahead are not shown; None where they are."""
    if lead < 0:
        return "the date is over"
    if score is None or score.brier is None or score.base_brier is None:
        return "none has been judged yet"
    if score.trials < LEAST_TRIALS:
        return f"there were only {score.trials} of the {LEAST_TRIALS} trials that it takes"
    if not score.shown:
        return f"they were no better (Brier score {score.brier:.4f} against {score.base_brier:.4f})"
    return None
