"""How a day is split, and how its parts are named."""

from datetime import date, datetime, time

import pytest

from tablewire.domain.buckets import BucketKey, DayParts, parse_bucket_id
from tablewire.errors import BadInput

DAY = date(2026, 2, 18)


def start(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_bucket_is_named_by_its_date_and_time_slot() -> None:
    assert BucketKey("nyc", DAY, "19:00").bucket_id == "2026-02-18_19:00"


def test_a_bucket_id_is_read_back() -> None:
    assert parse_bucket_id("2026-02-18_19:00") == (DAY, "19:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-18",
        "2026-02-30_19:00",
        "2026-02-18_25:00",
        "20260218_19:00",
        "2026-W08-3_19:00",
        "2026-02-18_19",
        "x_y",
    ],
)
def test_what_is_no_bucket_id_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_bucket_id(text)
    assert refused.value.fields[0].field == "bucket_id"


@pytest.mark.parametrize(
    ("local", "part"),
    [
        ("2026-02-18 00:00:00", "15:00"),
        ("2026-02-18 11:30:00", "15:00"),
        ("2026-02-18 16:59:59", "15:00"),
        ("2026-02-18 17:00:00", "19:00"),
        ("2026-02-18 23:59:59", "19:00"),
        ("2026-02-19 00:00:00", "19:00"),
        ("2026-02-19 00:30:00", "19:00"),
    ],
)
def test_each_start_is_in_exactly_one_part_of_its_service_day(local: str, part: str) -> None:
    assert DayParts().part_of(start(local), DAY) == part


def test_a_day_can_be_split_otherwise() -> None:
    parts = DayParts(("12:00", "16:00", "20:00"), (time(14), time(18)))
    found = [parts.part_of(start(f"2026-02-18 {at}"), DAY) for at in ("13:59", "14:00", "17:59", "18:00")]
    assert found == ["12:00", "16:00", "16:00", "20:00"]


def test_a_day_in_one_part_takes_every_start() -> None:
    parts = DayParts(("19:00",), ())
    assert (
        parts.part_of(start("2026-02-18 09:00"), DAY)
        == parts.part_of(start("2026-02-19 01:00"), DAY)
        == "19:00"
    )


def test_the_last_part_is_prime_and_all_others_are_off_peak() -> None:
    parts = DayParts(("12:00", "16:00", "20:00"), (time(14), time(18)))
    assert [parts.time_bucket(slot) for slot in parts.time_slots] == ["off_peak", "off_peak", "prime"]
