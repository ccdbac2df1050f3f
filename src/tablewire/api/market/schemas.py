"""The answers about a market's figures, as documents."""

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType

from tablewire.insights.density import Density
from tablewire.insights.figures import Count, Figure
from tablewire.insights.market import Group, HourCount
from tablewire.insights.market_metrics import DENSITY
from tablewire.insights.waves import Wave
from tablewire.services.market_figures import MarketMetrics


class HourView(msgspec.Struct, frozen=True, kw_only=True):
    """The drops of one hour; null where nobody looked."""

    at: datetime
    drops: int | None
    observed_seconds: float


class WaveView(msgspec.Struct, frozen=True, kw_only=True):
    """An hour with far more drops than the same hour of other weeks."""

    at: datetime
    drops: int
    usual: float
    deviations: float
    """Standard deviations above it."""
    samples: int
    """Other weeks."""


class MetricsView(msgspec.Struct, frozen=True, kw_only=True):
    """The metric types that were asked for. Weekdays count from Monday, 0; shares and rates are null where nothing is known."""

    observed_hours: float | UnsetType = UNSET
    drops_total: Count | UnsetType = UNSET
    """Its samples are the hours that were looked at."""
    drops_per_hour: list[HourView] | UnsetType = UNSET
    drops_per_observed_hour: Figure | UnsetType = UNSET
    drops_by_neighborhood: dict[str, int] | UnsetType = UNSET
    """Of venues without one under the empty name."""
    drops_by_day_of_week: dict[str, int] | UnsetType = UNSET
    """Of the date that the table is for."""
    drops_by_day_of_opening: list[Group] | UnsetType = UNSET
    drops_by_hour_of_day: list[Group] | UnsetType = UNSET
    prime_time_volatility_index: Figure | UnsetType = UNSET
    cancellation_waves: list[WaveView] | UnsetType = UNSET
    forward_availability_density: list[Density] | UnsetType = UNSET
    """What is open now, whatever the window and the cuts."""


class MarketMetricsView(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a market over the hours that begin in a window."""

    market: str
    window_start: datetime
    window_end: datetime
    computed_at: datetime | None
    """Up to when drops are known; null where nothing was counted yet."""
    metrics: MetricsView


def metrics_view(found: MarketMetrics, types: frozenset[str]) -> MarketMetricsView:
    """Some metric types of a market's figures."""
    figures = found.figures
    values = {
        name: value
        for name, value in msgspec.structs.asdict(figures).items()
        if not name.startswith("window")
    }
    values |= {
        "drops_per_hour": [_hour(one) for one in figures.drops_per_hour],
        "drops_by_day_of_week": {str(day): drops for day, drops in figures.drops_by_day_of_week.items()},
        "drops_by_day_of_opening": list[Group](figures.drops_by_day_of_opening),
        "drops_by_hour_of_day": list[Group](figures.drops_by_hour_of_day),
        "cancellation_waves": [_wave(one) for one in figures.cancellation_waves],
        DENSITY: list(found.ahead),
    }
    return MarketMetricsView(
        market=found.market,
        window_start=_instant(figures.window_start),
        window_end=_instant(figures.window_end),
        computed_at=found.computed_at,
        metrics=MetricsView(**{name: value for name, value in values.items() if name in types}),
    )


def _hour(one: HourCount) -> HourView:
    return HourView(at=_instant(one.at), drops=one.drops, observed_seconds=one.observed_seconds)


def _wave(one: Wave) -> WaveView:
    return WaveView(
        at=_instant(one.at),
        drops=one.drops,
        usual=one.usual,
        deviations=one.deviations,
        samples=one.samples,
    )


def _instant(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
