"""Forward availability, a bucket at a time."""

from datetime import date

from tablewire.insights.density import Looked, OpenTable, densities

DAY = date(2026, 2, 18)


def test_open_tables_are_counted_a_bucket_and_a_venue() -> None:
    tables = [OpenTable(DAY, "19:00", name) for name in ("resy:1", "resy:1", "opentable:1")]

    (found,) = densities(tables, [Looked(DAY, "19:00", 3), Looked(DAY, "19:00", 3)])

    assert (found.open_now, found.venues_open, found.per_venue, found.samples) == (3, 2, 0.5, 6)


def test_an_observed_bucket_without_tables_is_0_and_an_unobserved_one_null() -> None:
    seen, unseen = densities([], [Looked(DAY, "15:00", 5), Looked(DAY, "19:00", 0)])

    assert (seen.open_now, seen.per_venue) == (0, 0)
    assert (unseen.open_now, unseen.per_venue, unseen.samples) == (None, None, 0)
