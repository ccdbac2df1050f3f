"""The addresses of what is figured of markets, alerts and curated lists, each with the service behind it."""

from collections.abc import Iterable

from tablewire.api.curated.controller import routes as curated_routes
from tablewire.api.insights.alerts import routes as alert_routes
from tablewire.api.market.figures import KnownNames
from tablewire.api.market.figures import routes as market_routes
from tablewire.api.routes import Route
from tablewire.live.fill import BoardFill
from tablewire.live.views import Views
from tablewire.people import Core
from tablewire.services.alert_figures import AlertInsight
from tablewire.services.curated import Curated
from tablewire.services.curated_lists import load_curated
from tablewire.services.drop_counts import DropCounts
from tablewire.services.market_figures import MarketInsight
from tablewire.services.supply import SupplyInsight


def insight_routes(core: Core) -> Iterable[Route]:
    """All of them."""
    store, markets, now = core.store, core.settings.markets, core.clock.now
    fill = BoardFill(core.board)
    curated = Curated(
        load_curated(),
        markets,
        book=store,
        listings=core.restaurants,
        open_now=Views(core.board, now),
        figures=store.kept_figures,
        now=now,
    )
    core.figures.on_emptied.append(curated.forget)
    yield from market_routes(
        markets,
        MarketInsight(store.market_figures, fill, now),
        SupplyInsight(store.market_figures, fill, now),
        now,
        KnownNames(providers=core.settings.providers.enabled, book=store),
    )
    drops = DropCounts(store.market_figures, markets)
    yield from alert_routes(AlertInsight(store.alert_figures, drops, now), now)
    yield from curated_routes(curated)
