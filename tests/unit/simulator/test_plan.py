"""When tables leave the market by themselves, and whom they seat."""

import random

import pytest

from tablewire.simulator.plan import Template, draw_plan


@pytest.mark.parametrize(
    ("template", "start", "off"),
    [
        (Template(), 1200, 1200),
        (Template(seconds_off=3600), 1200, 1140),
        (Template(seconds_off=86400, time_off="23:00:00"), 1200, -60),
        (Template(seconds_off=86400, time_off="23:00:00"), 1455, 1380),
    ],
)
def test_a_table_leaves_when_its_template_says(template: Template, start: int, off: int) -> None:
    assert template.off_minute(start) == off


def test_places_stand_in_the_order_in_which_they_leave() -> None:
    plan = draw_plan(random.Random(5), (2, 4))
    offs = [place.off for place in plan.places]
    assert offs == sorted(offs)


def test_what_the_public_cannot_book_seats_no_one() -> None:
    plan = draw_plan(random.Random(5), (2, 4))
    hidden = [bits for place, bits in zip(plan.places, plan.size_bits, strict=True) if not place.public]
    assert hidden
    assert not any(hidden)
