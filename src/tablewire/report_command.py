"""The command `tablewire report`: a market's figures and charts as one page."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from tablewire.demo_option import Demo, settings_for
from tablewire.domain.markets import Market
from tablewire.engine.clock import SystemClock
from tablewire.errors import BadInput
from tablewire.pictures.artist import Artist
from tablewire.pictures.page import Heading, Line, page
from tablewire.services.pictures import RANKED_DAYS, Pictures, figures_of
from tablewire.settings import Settings
from tablewire.storage.figure_door import Ranked
from tablewire.whole_files import whole_file

CHARTS = 5
"""Venues, hardest first, that have a chart each."""

err = Console(stderr=True, highlight=False)


def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option("-o", "--out", help="The page, replaced when all is written.")],
    market: Annotated[str | None, typer.Option(help="Which market; the only one where left out.")] = None,
    window_days: Annotated[int, typer.Option(help="Local days in the charts.", min=1, max=90)] = 14,
    demo: Demo = False,  # noqa: FBT002 - a flag
) -> None:
    """Write a page about a market: its hardest tables, when tables drop, how long they last. Needs no network to be read."""
    settings = settings_for(context, demo=demo)
    try:
        chosen = _market(settings, market)
        with whole_file(out) as file:
            file.write(uvloop.run(_page(settings, chosen, window_days)))
    except BadInput as wrong:
        raise typer.BadParameter(wrong.fields[0].message, param_hint=wrong.fields[0].field) from None
    err.print(f"The report of {chosen.id} is in {out}", markup=False, soft_wrap=True)


def _market(settings: Settings, wanted: str | None) -> Market:
    known = {market.id: market for market in settings.markets}
    if wanted is None and len(known) == 1:
        return settings.markets[0]
    if wanted not in known:
        raise BadInput.of("--market", f"{wanted!r} is not watched; allowed: {', '.join(known)}")
    return known[wanted]


async def _page(settings: Settings, market: Market, window_days: int) -> bytes:
    # A command imports what it runs, so that --help comes at once.
    from tablewire.running import database  # noqa: PLC0415 - said above
    from tablewire.storage.store import PostgresStore  # noqa: PLC0415 - said above

    clock = SystemClock()
    async with database(settings) as dsn:
        store = await PostgresStore.open(dsn)
        try:
            await store.ping()
            pictures = Pictures(
                days=store.figures.rolled,
                ranking=store.figures.rankings,
                venues=store,
                drawing=Artist(),
                markets=settings.markets,
                now=clock.now,
            )
            hardest = await pictures.hardest(market)
            charts = await _charts(pictures, market, hardest, window_days)
        finally:
            await store.close()
    of = Heading(
        market=market.id,
        zone=market.time_zone,
        at=clock.now().astimezone(market.zone),
        ranked_days=RANKED_DAYS,
        chart_days=window_days,
        demo=settings.demo,
    )
    return page(of, [_line(one) for one in hardest], charts)


async def _charts(pictures: Pictures, market: Market, hardest: list[Ranked], window_days: int) -> list[bytes]:
    wanted = [one.metrics.listing for one in hardest[:CHARTS]]
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        drawing = bar.add_task("drawing", total=1 + len(wanted))
        charts = [await pictures.of_market(market, window_days)]
        for listing in wanted:
            bar.advance(drawing)
            charts.append(await pictures.of_venue(*listing, window_days))
    return charts


def _line(one: Ranked) -> Line:
    figures = figures_of(one)
    lasts = figures.median_drop_duration_seconds
    return Line(
        name=one.name,
        provider=one.metrics.listing.provider,
        neighborhood=one.neighborhood,
        scarcity=figures.scarcity_score.value,
        drops_per_day=figures.drop_frequency_per_day.value,
        drops=figures.drops,
        median_seconds=lasts.value,
        median_low=lasts.low,
        median_high=lasts.high,
        median_samples=lasts.samples,
        observed_days=figures.observed_days,
        days=figures.scarcity_score.samples,
    )
