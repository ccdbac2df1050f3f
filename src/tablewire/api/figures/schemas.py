"""The figures of venues as documents."""

from datetime import date, datetime

import msgspec

from tablewire.insights.forecast import Forecast
from tablewire.insights.lifetimes import Lasting
from tablewire.insights.scoring import Score, Verdict
from tablewire.insights.venue import VenueFigures, VenueHabits


class CutView(msgspec.Struct, frozen=True, kw_only=True):
    """How long some of a venue's tables last; null: of all."""

    weekday: str | None
    time: str | None
    party_size: int | None
    lasting: Lasting


class VenueMetricsView(msgspec.Struct, frozen=True, kw_only=True):
    """What is figured of one venue; docs/insights.md says how."""

    provider: str
    venue_id: str
    venue_name: str
    market: str
    window_days: int
    since: datetime
    until: datetime
    figures: VenueFigures
    habits: VenueHabits
    asked: CutView | None
    """Of the weekday, time and party size that were asked for."""
    cuts: list[CutView]


class RankedVenue(msgspec.Struct, frozen=True, kw_only=True):
    """A venue in its place."""

    rank: int
    provider: str
    venue_id: str
    venue_name: str
    market: str
    neighborhood: str | None
    restaurant_id: str
    figures: VenueFigures
    computed_at: datetime


class Rankings(msgspec.Struct, frozen=True, kw_only=True):
    """Venues, the hardest tables first."""

    by: str
    window_days: int
    venues: list[RankedVenue]
    next_cursor: str | None
    has_more: bool


class ForecastView(msgspec.Struct, frozen=True, kw_only=True):
    """The chance of at least one drop; null where such forecasts have not proved any use."""

    provider: str
    venue_id: str
    market: str
    hours: float
    forecast: Forecast | None
    why_not: str | None
    scores: dict[str, Score]
    """By days ahead: how forecasts for such dates did on days that they had not seen."""
    scored_at: datetime | None


class VerdictView(msgspec.Struct, frozen=True, kw_only=True):
    """How a market's forecasts did on days that they had not seen."""

    market: str
    computed_at: datetime
    learned_from: date
    held_out_from: date
    shown_days_ahead: list[int]
    """For dates so many days ahead forecasts are shown: there they beat the base rate."""
    verdict: Verdict


class ForecastVerdicts(msgspec.Struct, frozen=True, kw_only=True):
    """The newest verdicts."""

    forecasts: list[VerdictView]


class RefreshedMarket(msgspec.Struct, frozen=True, kw_only=True):
    """What rolling up came to."""

    market: str
    computed_at: datetime
    venues: int
    days: int
    first_day: date


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """Each market."""

    markets: list[RefreshedMarket]
