"""Market figures from rolled-up days are those from the drops themselves, over any hours, also where clocks change."""

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tablewire.insights.intervals import Span, clip, length, union
from tablewire.insights.market import market_figures
from tablewire.insights.market_days import MarketCut, MarketDrop, roll_up_market
from tablewire.insights.market_totals import MarketWindow, totals_of
from tests.insights_histories import HOUR, midnight, wall

NEW_YORK = ZoneInfo("America/New_York")
FIRSTS = (date(2026, 3, 7), date(2026, 10, 31), date(2026, 6, 1))
"""The clocks change on the day after the first two."""
DAYS = 3

drops = st.builds(
    MarketDrop,
    at=st.integers(0, DAYS * 24 * HOUR - 1),
    weekday=st.integers(0, 6),
    prime=st.booleans(),
    neighborhood=st.sampled_from([None, "SoHo", "Harlem"]),
)
looks = st.lists(
    st.tuples(st.integers(0, DAYS * 24), st.integers(0, DAYS * 24)).map(
        lambda span: (span[0] * HOUR, span[1] * HOUR)
    ),
    max_size=3,
)

cuts = st.builds(
    MarketCut,
    weekdays=st.frozensets(st.integers(0, 6), max_size=3),
    prime=st.sampled_from([None, True, False]),
)


@given(st.sampled_from(FIRSTS), st.lists(drops, max_size=20), looks, cuts, st.data())
def test_any_window_of_hours_counts_what_happened_in_it(
    first: date, relative: list[MarketDrop], looked: list[Span], cut: MarketCut, data: st.DataObject
) -> None:
    start = midnight(first, NEW_YORK)
    happened = [msgspec.structs.replace(drop, at=start + drop.at) for drop in relative]
    observed = union((start + begin, start + end) for begin, end in looked)
    days = [first + timedelta(days=ahead) for ahead in range(DAYS + 1)]
    rows = [roll_up_market(day, NEW_YORK, happened, observed) for day in days]
    since = start + data.draw(st.integers(0, DAYS * 24)) * HOUR
    until = since + data.draw(st.integers(0, 24)) * HOUR

    # As they are stored: totals of whole days, and cells of the days that the window cuts.
    window = MarketWindow(zone=NEW_YORK, since=since, until=until)
    totals = [
        totals_of(row, window.hours_of(row.day) if row.day in window.cut_days else None) for row in rows
    ]
    figures = market_figures(totals, window, cut)

    wanted = [
        drop
        for drop in happened
        if (not cut.weekdays or drop.weekday in cut.weekdays) and cut.prime in (None, drop.prime)
    ]
    inside = [drop for drop in wanted if since <= drop.at < until]
    local = [wall(drop.at, NEW_YORK) for drop in inside]
    by_hour = {group.key: group.drops for group in figures.drops_by_hour_of_day if group.drops}
    by_opening = {group.key: group.drops for group in figures.drops_by_day_of_opening if group.drops}
    assert sum(hour.drops or 0 for hour in figures.drops_per_hour) == len(inside)
    assert figures.drops_by_neighborhood == Counter(drop.neighborhood or "" for drop in inside)
    assert figures.drops_by_day_of_week == Counter(drop.weekday for drop in inside)
    assert by_hour == Counter(at.hour for at in local)
    assert by_opening == Counter(at.weekday() for at in local)
    assert figures.observed_hours * HOUR == length(clip(observed, since, until))
