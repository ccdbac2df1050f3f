"""The venues that are asked for."""

from datetime import date

from tablewire.domain.wanted import WantedVenue
from tablewire.engine.wanted import Wanted

DAYS = [date(2026, 2, 11), date(2026, 2, 12)]


def test_a_venue_without_dates_and_sizes_is_wanted_for_all_of_them() -> None:
    wanted = Wanted()
    wanted.set_wanted("settings", [WantedVenue(provider="resy", venue_id="834")])
    assert wanted.pairs("resy", DAYS, (2, 4)) == [(day, size, "834") for day in DAYS for size in (2, 4)]


def test_dates_and_sizes_that_are_named_narrow_it() -> None:
    wanted = Wanted()
    one = WantedVenue(provider="resy", venue_id="834", dates=frozenset(DAYS[1:]), sizes=frozenset({4, 6}))
    wanted.set_wanted("watches", [one])
    assert wanted.pairs("resy", DAYS, (2, 4)) == [(DAYS[1], 4, "834")]


def test_what_two_sources_want_is_wanted_once_and_each_may_change_its_mind() -> None:
    wanted = Wanted()
    wanted.set_wanted("settings", [WantedVenue(provider="resy", venue_id="834")])
    wanted.set_wanted("watches", [WantedVenue(provider="resy", venue_id="834")])
    assert len(wanted.pairs("resy", DAYS, (2,))) == 2
    wanted.set_wanted("settings", [])
    assert wanted.venues_of("resy") == {"834"}
    wanted.set_wanted("watches", [])
    assert wanted.pairs("resy", DAYS, (2,)) == []


def test_another_providers_venues_are_not_its_own() -> None:
    wanted = Wanted()
    wanted.set_wanted("settings", [WantedVenue(provider="opentable", venue_id="834")])
    assert wanted.venues_of("resy") == frozenset()
