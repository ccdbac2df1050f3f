"""The routes of each platform, by the names under which the faults and the log know them."""

from collections.abc import Mapping

RESY, OPENTABLE = "resy", "opentable"
ROUTES: Mapping[str, tuple[str, ...]] = {
    RESY: ("search", "find", "venue", "calendar", "location", "config", "geoip"),
    OPENTABLE: ("multisearch", "availability"),
}
PROVIDER_OF: Mapping[str, str] = {route: provider for provider, routes in ROUTES.items() for route in routes}
SHOWS_TABLES = frozenset({"search", "find", "availability"})
"""Routes whose answers show what is free."""
