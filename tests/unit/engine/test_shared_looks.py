"""Looks from what is stored of them: one object for venues that were always looked at together."""

from datetime import timedelta

from tablewire.domain.restaurants import Listing
from tablewire.engine.shared_looks import looks_of
from tablewire.insights.intervals import Spans
from tablewire.insights.local_time import local_day
from tablewire.storage.figure_door import ObservedDay
from tests.insights_days import HOUR, MONDAY, NEW_YORK, at

TUESDAY = MONDAY + timedelta(days=1)
MORNING: Spans = ((at(8), at(9)),)
EVENING: Spans = ((at(20), at(22)),)
V, W, X = (Listing("resy", name) for name in "vwx")


def row(spans: dict[str, Spans], *, on: int = 0, provider: str = "resy") -> ObservedDay:
    """Looks of Monday at a date so many days ahead."""
    service_date = MONDAY + timedelta(days=on)
    return ObservedDay(market="nyc", provider=provider, service_date=service_date, day=MONDAY, spans=spans)


ROWS = [
    row({"v": MORNING, "w": MORNING, "x": MORNING}),
    row({"v": EVENING, "w": EVENING}, on=1),
    row({"v": EVENING}, provider="opentable"),
]


async def test_venues_that_were_always_looked_at_together_share_their_looks() -> None:
    found = await looks_of(ROWS, None)

    assert found[V] is found[W]
    assert found[X] is not found[V]
    day = local_day(MONDAY, NEW_YORK)
    assert found[V].on(day, day.end).lengths == (HOUR, 2 * HOUR)
    assert found[X].on(day, day.end).lengths == (HOUR,)
    assert found[Listing("opentable", "v")].on(day, day.end).leads == (0,)


async def test_only_venues_that_are_wanted_and_were_looked_at_are_in_it() -> None:
    wanted = {X, Listing("resy", "nobody"), Listing("opentable", "v")}

    assert set(await looks_of(ROWS, wanted)) == {X, Listing("opentable", "v")}
    assert await looks_of([row({"v": ()})], None) == {}


async def test_two_days_of_one_date_are_one_look() -> None:
    later = ObservedDay(
        market="nyc",
        provider="resy",
        service_date=MONDAY,
        day=TUESDAY,
        spans={"v": ((at(1, 0, TUESDAY), at(2, 0, TUESDAY)),)},
    )
    found = (await looks_of([row({"v": MORNING}), later], None))[V]

    for day in (MONDAY, TUESDAY):
        local = local_day(day, NEW_YORK)
        assert found.on(local, local.end).lengths == (HOUR,)
