"""Forward availability, a bucket at a time."""

from datetime import date

from tablewire.insights.density import Filled, densities

DAY = date(2026, 2, 18)


def filled(slot: str, open_slots: int, venues_open: int, looked_at: int) -> Filled:
    return Filled(
        service_date=DAY,
        time_slot=slot,
        open_slots=open_slots,
        venues_open=venues_open,
        venues_looked_at=looked_at,
    )


def test_open_tables_are_counted_a_bucket_and_a_venue() -> None:
    (found,) = densities([filled("19:00", 2, 1, 3), filled("19:00", 1, 1, 3)])

    assert (found.open_now, found.venues_open, found.per_venue, found.samples) == (3, 2, 0.5, 6)


def test_an_observed_bucket_without_tables_is_0_and_an_unobserved_one_null() -> None:
    seen, unseen = densities([filled("19:00", 0, 0, 0), filled("15:00", 0, 0, 5)])

    assert (seen.time_slot, seen.open_now, seen.per_venue) == ("15:00", 0, 0)
    assert (unseen.open_now, unseen.per_venue, unseen.samples) == (None, None, 0)
