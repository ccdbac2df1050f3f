"""Markets' days are rolled up until they are over, and their figures kept, on PostgreSQL."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pytest

from tablewire.domain.markets import NYC
from tablewire.engine.market_rollups import MarketRollups
from tablewire.engine.rollups import RolledUp
from tablewire.insights.local_time import HOUR, local_day
from tablewire.insights.market_days import MarketCut
from tablewire.live.board import Board
from tablewire.live.fill import BoardFill
from tablewire.services.market_figures import MarketInsight
from tablewire.storage.figure_door import ObservedDay
from tablewire.storage.market_figures import PostgresMarketFigures
from tablewire.storage.observed_spans import PostgresObserved
from tests.stored_log import store_log

MONDAY = date(2026, 2, 16)
NOON = datetime(2026, 2, 16, 17, tzinfo=UTC)
"""Noon in New York."""
LATE = NOON + timedelta(days=1, hours=3)
AHEAD = BoardFill(Board())


@pytest.fixture
async def book(dsn: str) -> PostgresMarketFigures:
    """Five drops within minutes of Monday noon; all of Monday was observed."""
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=2)
    await store_log(dsn, 10, NOON)
    spans = ((local_day(MONDAY, NYC.zone).start, local_day(MONDAY, NYC.zone).end),)
    await PostgresObserved(pool).add(
        [
            ObservedDay(market="nyc", provider=provider, service_date=MONDAY, day=MONDAY, spans={"v": spans})
            for provider in ("resy", "opentable")
        ],
        NOON,
    )
    return PostgresMarketFigures(pool)


async def test_a_day_counts_its_drops_and_its_observed_time(book: PostgresMarketFigures) -> None:
    assert await MarketRollups(book, AHEAD).roll_up(NYC, LATE) == 2
    (monday, tuesday) = [one.row() for one in await book.days("nyc", MONDAY, MONDAY + timedelta(days=1))]

    assert list(monday.cells.rows) == [(12, 2, True, "NoHo", 5)]
    assert monday.observed == (HOUR,) * 24
    assert (sum(tuesday.observed), tuesday.cells.drops) == (0, ())


async def test_a_day_that_is_over_is_rolled_up_once(book: PostgresMarketFigures) -> None:
    rollups = MarketRollups(book, AHEAD)
    await rollups.roll_up(NYC, LATE)

    assert await book.finished("nyc") == {MONDAY}
    assert await rollups.roll_up(NYC, LATE + timedelta(hours=1)) == 1
    assert await rollups.roll_up(NYC, LATE + timedelta(hours=2), also=[MONDAY]) == 2
    assert await rollups.roll_up(NYC, LATE + timedelta(hours=3), anew=True) == 2


async def test_a_day_of_which_more_was_observed_is_done_anew(book: PostgresMarketFigures) -> None:
    rollups = MarketRollups(book, AHEAD)
    await rollups.roll_up(NYC, LATE)
    later = LATE + timedelta(hours=1)
    rolled = RolledUp(
        market=NYC,
        at=later,
        venues=1,
        days=2,
        first_day=later.date(),
        finished=False,
        changed=(MONDAY,),
        everything=False,
    )
    await rollups.after(None, rolled)

    assert [one.computed_at for one in await book.days("nyc", MONDAY, MONDAY)] == [later]


async def test_rolled_up_anew_the_rows_are_the_same(book: PostgresMarketFigures) -> None:
    rollups = MarketRollups(book, AHEAD)
    await rollups.roll_up(NYC, NOON + timedelta(minutes=3))
    await rollups.roll_up(NYC, LATE)
    before = [one.body for one in await book.days("nyc", MONDAY, MONDAY)]
    await rollups.roll_up(NYC, LATE, anew=True)

    assert [one.body for one in await book.days("nyc", MONDAY, MONDAY)] == before


async def test_the_oldest_day_stays_as_it_is_once_old_events_are_gone(
    book: PostgresMarketFigures, dsn: str
) -> None:
    rollups = MarketRollups(book, AHEAD)
    await rollups.roll_up(NYC, LATE)
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM availability_events WHERE id <= 4")
    await connection.execute("UPDATE feed_head SET oldest_id = 5")
    await connection.execute("INSERT INTO retention_marks VALUES ('events', $1)", NOON)
    await connection.close()
    await rollups.roll_up(NYC, LATE, anew=True)

    (monday,) = [one.row() for one in await book.days("nyc", MONDAY, MONDAY)]
    assert sum(monday.cells.drops) == 5


async def test_without_any_event_there_is_nothing_to_roll_up(book: PostgresMarketFigures) -> None:
    other = NYC.__class__(id="sfo", time_zone="America/Los_Angeles", latitude=0, longitude=0, radius_m=1)

    assert await MarketRollups(book, AHEAD).roll_up(other, LATE) == 0


async def test_a_day_that_was_looked_at_without_any_event_brought_0_drops(
    book: PostgresMarketFigures, dsn: str
) -> None:
    sunday = MONDAY - timedelta(days=1)
    connection = await asyncpg.connect(dsn)
    await connection.execute("INSERT INTO observed_spans VALUES ('nyc', 'resy', $1, $1, '', now())", sunday)
    await connection.close()
    await MarketRollups(book, AHEAD).roll_up(NYC, LATE, also=[sunday])

    assert [one.row().day for one in await book.days("nyc", sunday, MONDAY)] == [sunday, MONDAY]


async def test_kept_figures_are_those_counted_from_the_days(book: PostgresMarketFigures) -> None:
    await MarketRollups(book, AHEAD).roll_up(NYC, LATE)
    insight = MarketInsight(book, AHEAD, lambda: LATE + timedelta(minutes=20))
    kept = await insight.metrics(NYC)
    counted = await insight.metrics(NYC, since=LATE - timedelta(days=14), until=LATE)

    assert kept == counted
    assert (kept.figures.drops_total.value, kept.computed_at) == (5, LATE)


async def test_a_window_ends_where_knowledge_ends(book: PostgresMarketFigures) -> None:
    await MarketRollups(book, AHEAD).roll_up(NYC, LATE)
    insight = MarketInsight(book, AHEAD, lambda: LATE + timedelta(hours=2))
    found = await insight.metrics(NYC, window=timedelta(hours=40))

    assert found.figures.window_end == round(LATE.timestamp() * 1_000_000)


async def test_a_cut_counts_its_drops_only(book: PostgresMarketFigures) -> None:
    await MarketRollups(book, AHEAD).roll_up(NYC, LATE)
    insight = MarketInsight(book, AHEAD, lambda: LATE)

    none = await insight.metrics(NYC, cut=MarketCut(prime=False))
    all_of_them = await insight.metrics(NYC, cut=MarketCut(neighborhoods=frozenset({"noho"})))
    assert (none.figures.drops_total.value, all_of_them.figures.drops_total.value) == (0, 5)


async def test_where_nothing_was_rolled_up_nothing_is_known(book: PostgresMarketFigures) -> None:
    found = await MarketInsight(book, AHEAD, lambda: LATE).metrics(NYC)

    assert (found.computed_at, found.figures.drops_total.value) == (None, None)


CUTS = (
    None,
    MarketCut(prime=True, weekdays=frozenset({2})),
    MarketCut(neighborhoods=frozenset({"noho"})),
    MarketCut(neighborhoods=frozenset({"soho"}), prime=True),
)


@pytest.mark.parametrize("cut", CUTS)
async def test_rows_without_totals_give_the_same_figures(
    book: PostgresMarketFigures, dsn: str, cut: MarketCut | None
) -> None:
    await MarketRollups(book).roll_up(NYC, LATE)
    insight = MarketInsight(book, AHEAD, lambda: LATE)
    since = NOON + timedelta(minutes=2)
    with_totals = await insight.metrics(NYC, cut=cut, since=since, until=LATE)
    await forget_totals(dsn)

    assert await insight.metrics(NYC, cut=cut, since=since, until=LATE) == with_totals


async def test_totals_are_added_to_rows_whose_log_is_gone(book: PostgresMarketFigures, dsn: str) -> None:
    rollups = MarketRollups(book)
    await rollups.roll_up(NYC, LATE)
    before = await book.days("nyc", MONDAY, MONDAY, (), places=True)
    await forget_totals(dsn, "TRUNCATE availability_events, observed_spans")
    (without,) = await book.days("nyc", MONDAY, MONDAY, ())
    await rollups.roll_up(NYC, LATE + timedelta(hours=1))

    assert without.totals is None
    assert await book.days("nyc", MONDAY, MONDAY, (), places=True) == before


async def test_where_knowledge_ends_within_a_day_its_hours_are_counted(book: PostgresMarketFigures) -> None:
    known = NOON - timedelta(hours=1)
    await MarketRollups(book).roll_up(NYC, NOON + timedelta(minutes=3))
    (monday,) = await book.days("nyc", MONDAY, MONDAY)
    await book.keep_day("nyc", monday.row(), known, finished=False)
    found = await MarketInsight(book, AHEAD, lambda: LATE + timedelta(days=3)).metrics(
        NYC, window=timedelta(days=9)
    )

    assert (found.figures.drops_total.value, found.figures.drops_by_neighborhood) == (0, {})


async def test_kept_figures_are_told_as_counted_ones_are(book: PostgresMarketFigures) -> None:
    await MarketRollups(book, AHEAD).roll_up(NYC, LATE)
    insight = MarketInsight(book, AHEAD, lambda: LATE)
    kept = await insight.metrics(NYC)
    counted = await insight.metrics(NYC, since=LATE - timedelta(days=14), until=LATE)

    assert msgspec.json.encode(kept) == msgspec.json.encode(counted)
    assert type(kept.figures.drops_total.value) is int


async def forget_totals(dsn: str, *then: str) -> None:
    """As in rows that were kept before there were totals."""
    connection = await asyncpg.connect(dsn)
    for statement in ("UPDATE market_days SET totals = NULL, places = NULL", *then):
        await connection.execute(statement)
    await connection.close()
