"""Which providers a service is made of, by its settings."""

import pytest

from tablewire.engine.clock import SystemClock
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.search import OpenTableSearch
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.running import make_providers
from tablewire.settings import Settings
from tablewire.telemetry import Metrics

SEARCH = {"TABLEWIRE_OPENTABLE_HASH_MULTISEARCHRESULTS": "a" * 64}
TABLES = {"TABLEWIRE_OPENTABLE_HASH_RESTAURANTSAVAILABILITY": "b" * 64}
APPROXIMATE = {"TABLEWIRE_OPENTABLE_SLOTS": "search"}


def opentable(**given: str) -> tuple[Settings, AvailabilityProvider]:
    settings = Settings.load(given)
    providers = make_providers(settings, SystemClock(), Metrics(version="0", demo=False))
    assert tuple(providers) == ("resy", "opentable")
    return settings, providers["opentable"]


@pytest.mark.parametrize(
    ("given", "kind", "polled"),
    [
        ({}, OpenTableProvider, ()),
        (SEARCH, OpenTableProvider, ()),
        (SEARCH | TABLES, OpenTableProvider, ("opentable",)),
        (SEARCH | APPROXIMATE, OpenTableSearch, ("opentable",)),
        (TABLES | APPROXIMATE, OpenTableSearch, ()),
    ],
)
def test_opentable_is_polled_with_the_hashes_that_its_mode_needs(
    given: dict[str, str], kind: type, polled: tuple[str, ...]
) -> None:
    settings, provider = opentable(**given)
    assert type(provider) is kind
    assert settings.polled == polled
    assert provider.status().enabled == bool(polled)


def test_the_hours_that_are_asked_for_are_a_setting() -> None:
    settings, _ = opentable(**SEARCH, **TABLES, TABLEWIRE_OPENTABLE_HOURS="17:00-02:00")
    begin, end = settings.opentable.hours
    assert (f"{begin:%H:%M}", f"{end:%H:%M}") == ("17:00", "02:00")
