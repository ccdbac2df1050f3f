"""How well openings answer goals."""

from datetime import date, time
from typing import Any

import pytest

from tablewire.domain.goals import GoalWish, goal_match_score
from tablewire.domain.restaurants import Listing
from tablewire.domain.wishes import Limits, Opening

HERE, THERE = Listing("resy", "1"), Listing("resy", "2")


def opening(at: time = time(20), **fields: Any) -> Opening:
    said: dict[str, Any] = {
        "listings": (HERE, Listing("opentable", "9")),
        "slot_key": "0" * 32,
        "opening": "7",
        "event_id": 7,
        "market": "nyc",
        "venue_name": "Carbone",
        "neighborhood": "SoHo",
        "place": "soho",
        "price_range": 3,
        "service_date": date(2026, 2, 20),
        "slot_date": date(2026, 2, 20),
        "slot_time": at,
        "party_sizes": (2, 4),
        "opened_at": None,
        "listing": HERE,
        "book_url": None,
        "image_url": None,
    }
    return Opening(**said | fields)


def goal(preferred: time | None = None, **limits: Any) -> GoalWish:
    return GoalWish(name="dinner", limits=Limits(**limits), preferred_time=preferred, min_score=0.5)


@pytest.mark.parametrize(
    "limits",
    [
        {"venues": (THERE,)},
        {"neighborhoods": ("nolita",)},
        {"date_from": date(2026, 2, 21)},
        {"date_to": date(2026, 2, 19)},
        {"weekdays": (5, 6)},
        {"time_from": time(20, 1)},
        {"time_from": time(22), "time_to": time(1)},
        {"party_size": 3},
        {"price_max": 2},
    ],
)
def test_a_hard_limit_makes_it_nothing(limits: dict[str, Any]) -> None:
    assert goal_match_score(goal(**limits), opening(), 1.0) == 0.0


def test_a_price_that_is_not_known_keeps_to_no_limit() -> None:
    assert goal_match_score(goal(price_max=4), opening(price_range=None), 1.0) == 0.0


def test_without_limits_the_score_is_the_scarcity_of_the_venue() -> None:
    assert [goal_match_score(goal(), opening(), scarcity) for scarcity in (None, 1.0, 0.25, 7.0)] == [
        1,
        1,
        0.25,
        1,
    ]


def test_one_of_venues_and_neighbourhoods_is_enough_and_the_venue_is_better() -> None:
    elsewhere = goal(venues=(THERE, Listing("opentable", "9")), neighborhoods=("nolita",))
    assert goal_match_score(elsewhere, opening(), None) == 1.0
    nearby = goal(venues=(THERE,), neighborhoods=("soho",))
    assert goal_match_score(nearby, opening(), None) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("at", "score"),
    [(time(20), 1.0), (time(19, 30), 0.7), (time(20, 30), 0.7), (time(19), 0.4), (time(21), 0.4)],
)
def test_the_middle_of_the_hours_is_best_and_their_ends_count_for_their_place(at: time, score: float) -> None:
    wish = goal(time_from=time(19), time_to=time(21))
    assert goal_match_score(wish, opening(at), None) == pytest.approx(score)


def test_a_preferred_time_moves_the_best_and_reaches_to_the_farther_end() -> None:
    wish = goal(time(19), time_from=time(18), time_to=time(22))
    scores = [goal_match_score(wish, opening(at), None) for at in (time(18), time(19), time(22))]
    assert scores == pytest.approx([0.8, 1.0, 0.4])


def test_hours_over_midnight_are_measured_round_it() -> None:
    wish = goal(time_from=time(22), time_to=time(2))
    scores = [goal_match_score(wish, opening(at), None) for at in (time(0), time(23), time(1), time(22))]
    assert scores == pytest.approx([1.0, 0.7, 0.7, 0.4])


def test_a_preferred_time_without_hours_reaches_three_hours() -> None:
    wish = goal(time(20))
    scores = [goal_match_score(wish, opening(at), None) for at in (time(20), time(21, 30), time(23, 30))]
    assert scores == pytest.approx([1.0, 0.7, 0.4])
