"""Observed time is packed small, and comes back as it was."""

from tablewire.storage.observed_rows import body_of, spans_of, together

MORNING, EVENING = (1_000_000, 2_000_000), (5_000_000, 9_000_000)


def test_spans_come_back_as_they_were() -> None:
    spans = {"a": (MORNING, EVENING), "b": (MORNING,), "c": (MORNING, EVENING)}

    assert spans_of(body_of(spans)) == spans


def test_the_order_of_the_venues_makes_no_difference() -> None:
    assert body_of({"a": (MORNING,), "b": (EVENING,)}) == body_of({"b": (EVENING,), "a": (MORNING,)})


def test_a_row_that_has_just_been_begun_holds_nothing() -> None:
    assert spans_of(b"") == {}


def test_spans_that_touch_become_one_and_others_stay() -> None:
    later = (2_000_000, 3_000_000)

    assert together({"a": (MORNING,), "b": (MORNING,)}, {"a": (later, EVENING)}) == {
        "a": ((1_000_000, 3_000_000), EVENING),
        "b": (MORNING,),
    }


def test_a_city_on_fifty_pages_takes_a_few_kilobytes_a_date_and_day() -> None:
    pages = {
        f"{50_000 + 7 * venue}": ((venue // 50 * 11, 86_400_000_000 - venue % 50 // 49 * 5_000_000),)
        for venue in range(2_700)
    }

    assert len(body_of(pages)) < 9_000
