"""Drift: what has changed for good is named, what is odd once is not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tablewire.providers.drift import Drift, Flaw, Shape, flaw_of
from tablewire.providers.resy.wire import Slot

MISSING = Flaw("date.start", "missing")


class Setting:
    """Drift with a clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 22, 18, 2, tzinfo=UTC)
        self.drift = Drift("resy", lambda: self.now)

    def see(
        self, slots: int, flawed: int = 0, *, flaw: Flaw = MISSING, size: int = 1000, hits: int = 10
    ) -> None:
        flaws = [("slots", flaw)] * flawed
        self.drift.see(
            Shape(counts={"hits": hits, "slots": slots}, flaws=flaws, size=size, slots_read=slots - flawed)
        )

    @property
    def problems(self) -> tuple[str, ...]:
        return self.drift.problems(ZoneInfo("America/New_York"))


def test_a_field_that_goes_missing_is_named_with_its_share_and_since_when() -> None:
    setting = Setting()
    setting.see(300)
    for minute in (2, 3, 4):
        setting.now = datetime(2026, 10, 22, 18, minute, tzinfo=UTC)
        setting.see(15, 15)
    assert setting.problems == ("resy: date.start missing in 100% of slots since 14:02",)


def test_one_odd_answer_is_no_drift() -> None:
    setting = Setting()
    for _ in range(10):
        setting.see(300, 300)
        setting.see(300, 300)
        assert setting.problems == ()
        setting.see(300)
    assert setting.problems == ()


def test_a_few_bad_slots_are_no_drift() -> None:
    setting = Setting()
    for _ in range(10):
        setting.see(300, 200)
    assert setting.problems == ()


def test_answers_with_hardly_any_slot_say_nothing() -> None:
    setting = Setting()
    for _ in range(10):
        setting.see(2, 2)
    assert setting.problems == ()


def test_it_is_gone_when_the_field_is_back() -> None:
    setting = Setting()
    for _ in range(5):
        setting.see(15, 15)
    assert setting.problems
    setting.see(15)
    assert setting.problems == ()


def test_a_changed_type_is_named() -> None:
    setting = Setting()
    for _ in range(3):
        setting.see(10, 10, flaw=Flaw("date.start", "int instead of str"))
    assert setting.problems == ("resy: date.start int instead of str in 100% of slots since 14:02",)


def test_bodies_that_are_not_small_and_yield_nothing_are_named() -> None:
    setting = Setting()
    for _ in range(3):
        setting.see(0, size=1_000_000, hits=75)
    assert list(setting.problems) == ["resy: no slot read from answers that are not small since 14:02"]
    setting.see(1)
    assert list(setting.problems) == []


def test_many_slots_of_which_none_can_be_booked_are_named() -> None:
    setting = Setting()
    for _ in range(3):
        setting.drift.see(Shape(counts={"hits": 75, "slots": 900}, size=1000))
    assert len(setting.problems) == 1


def test_a_page_of_fully_booked_venues_is_no_drift() -> None:
    setting = Setting()
    for _ in range(10):
        setting.see(0, size=75 * 3_600, hits=75)
    assert setting.problems == ()


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b'{"date":{},"exclusive":{"is_eligible":true}}', Flaw("date.start", "missing")),
        (b'{"exclusive":{"is_eligible":true}}', Flaw("date", "missing")),
        (b'{"date":{"start":5},"exclusive":{"is_eligible":true}}', Flaw("date.start", "int instead of str")),
        (b"17", Flaw("the whole of it", "int instead of object")),
        (b"{", Flaw("the whole of it", "not understood")),
    ],
)
def test_a_decoding_error_names_its_field(body: bytes, flaw: Flaw) -> None:
    with pytest.raises(ValueError) as caught:
        msgspec.json.decode(body, type=Slot)
    assert flaw_of(caught.value) == flaw


PRICE = Flaw("price_range_id", "missing")


def with_blemishes(setting: Setting, hits: int, blemished: int, flaw: Flaw = PRICE) -> None:
    setting.drift.see(
        Shape(counts={"hits": hits}, blemishes=[("hits", flaw)] * blemished, size=1000, slots_read=1)
    )


def test_a_field_that_items_may_go_without_is_named_once_all_do_and_earlier_ones_did_not() -> None:
    setting = Setting()
    with_blemishes(setting, 10, 4)
    for _ in range(3):
        with_blemishes(setting, 10, 10)
    assert setting.problems == ("resy: price_range_id missing in 100% of hits since 14:02",)
    with_blemishes(setting, 10, 4)
    assert list(setting.problems) == []


def test_a_field_that_was_never_there_is_not_missed() -> None:
    setting = Setting()
    for _ in range(10):
        with_blemishes(setting, 10, 10)
    assert setting.problems == ()


def test_answers_with_hardly_any_item_do_not_count_as_earlier_ones() -> None:
    setting = Setting()
    with_blemishes(setting, 2, 0)
    for _ in range(10):
        with_blemishes(setting, 10, 10)
    assert setting.problems == ()
