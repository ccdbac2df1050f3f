"""The restaurants of a market: batches that stay as they are while the list is refreshed."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tablewire.domain.markets import NYC
from tablewire.providers.opentable.convert import Listed, to_listed
from tablewire.providers.opentable.restaurants import MOST, ListPage, Restaurants
from tablewire.providers.opentable.wire import decode_restaurant
from tests.unit.providers.opentable_pages import restaurant


def listed(number: int, **changes: Any) -> Listed:
    return to_listed(decode_restaurant(msgspec.Raw(msgspec.json.encode(restaurant(number, **changes)))))


def a_round(restaurants: Restaurants, numbers: Iterable[int], *, total: int | None = None) -> None:
    """Read a whole list."""
    every, over = [listed(number) for number in numbers], False
    for begin in range(0, len(every) or 1, 50):
        page = tuple(every[begin : begin + 50])
        over = restaurants.take(ListPage(listed=page, records=len(page), total=total or len(every)))
    assert over


def batches(restaurants: Restaurants) -> list[list[int]]:
    return [list(restaurants.batch(number)) for number in range(restaurants.batches)]


def test_batches_fill_up_in_the_order_of_the_list() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, range(1, 121))
    assert [len(batch) for batch in batches(restaurants)] == [50, 50, 20]
    assert batches(restaurants)[1][0] == 51
    assert restaurants.is_complete


def test_a_batch_can_be_asked_for_once_it_is_as_full_as_it_will_be() -> None:
    restaurants = Restaurants(NYC)
    page = tuple(listed(number) for number in range(1, 41))
    assert not restaurants.take(ListPage(listed=page, records=50, total=80)), "ten are beyond booking"
    assert (restaurants.has(0), restaurants.batches) == (False, 2)
    page = tuple(listed(number) for number in range(41, 61))
    assert restaurants.take(ListPage(listed=page, records=30, total=80))
    assert (restaurants.has(0), restaurants.has(1), restaurants.has(2)) == (True, True, False)


def test_restaurants_not_worth_asking_are_not_in_any_batch() -> None:
    restaurants = Restaurants(NYC, frozenset({"2"}))
    far = {"latitude": 41.9, "longitude": -74.0}
    page = (listed(1), listed(2), listed(3, type="Listing"), listed(4, coordinates=far))
    restaurants.take(ListPage(listed=page, records=4, total=4))
    assert batches(restaurants) == [[1]]
    assert (restaurants.find("1"), restaurants.find("2")) == (listed(1), None)


def test_a_refresh_keeps_everybody_in_place_and_puts_new_ones_at_the_end() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, range(1, 61))
    a_round(restaurants, [70, *range(60, 0, -1)])
    assert batches(restaurants) == [list(range(1, 51)), [*range(51, 61), 70]]


def test_a_restaurant_goes_after_two_lists_without_it() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, range(1, 6))
    a_round(restaurants, [1, 2, 4, 5])
    assert batches(restaurants) == [[1, 2, 3, 4, 5]]
    a_round(restaurants, [1, 2, 4, 5])
    assert batches(restaurants) == [[1, 2, 4, 5]]


def test_a_restaurant_that_comes_back_in_between_stays() -> None:
    restaurants = Restaurants(NYC)
    for numbers in ([1, 2, 3], [1, 2], [1, 2, 3], [1, 2]):
        a_round(restaurants, numbers)
    assert batches(restaurants) == [[1, 2, 3]]


def test_a_list_that_has_lost_most_proves_nothing() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, range(1, 11))
    for _ in range(3):
        a_round(restaurants, [1])
        a_round(restaurants, [])
    assert batches(restaurants) == [list(range(1, 11))]


def test_a_list_of_nobody_does_not_make_the_list_complete() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, [])
    assert not restaurants.is_complete
    assert (restaurants.batches, restaurants.has(0), restaurants.skip) == (1, False, 0)


def test_a_batch_that_gave_up_somebody_takes_the_next_new_one() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, range(1, 61))
    left = [number for number in range(1, 61) if number != 7]
    a_round(restaurants, left)
    a_round(restaurants, left)
    a_round(restaurants, [*left, 99])
    assert batches(restaurants)[0][-1] == 99


def test_a_list_whose_pages_moved_does_not_add_up() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, [*range(1, 20), 19])
    assert (restaurants.is_complete, restaurants.adds_up) == (True, False)
    a_round(restaurants, range(1, 21))
    assert restaurants.adds_up


def test_a_list_that_is_broken_off_is_not_taken_for_the_whole_city() -> None:
    restaurants = Restaurants(NYC)
    page = tuple(listed(number) for number in range(1, 51))
    restaurants.take(ListPage(listed=page, records=50, total=200))
    assert restaurants.take(ListPage(listed=(), records=0, total=0))
    assert not restaurants.is_complete
    assert (restaurants.batches, restaurants.has(0), restaurants.skip) == (4, True, 0)


def test_a_count_that_is_never_reached_is_wrong_in_the_end() -> None:
    restaurants = Restaurants(NYC)
    for _ in range(2):
        restaurants.take(ListPage(listed=(listed(1),), records=1, total=100))
        restaurants.take(ListPage(listed=(), records=0, total=100))
    assert (restaurants.is_complete, restaurants.batches) == (True, 1)


def test_a_list_without_a_count_ends_with_an_empty_page() -> None:
    restaurants = Restaurants(NYC)
    assert not restaurants.take(ListPage(listed=(listed(1),), records=1, total=None))
    assert restaurants.take(ListPage(listed=(), records=0, total=None))
    assert restaurants.is_complete


def test_a_list_without_end_is_ended() -> None:
    restaurants = Restaurants(NYC)
    assert restaurants.take(ListPage(listed=(listed(1),), records=MOST, total=10**12))


def test_only_ids_are_looked_up() -> None:
    restaurants = Restaurants(NYC)
    a_round(restaurants, [1])
    assert [restaurants.find(odd) for odd in ("", "x", "-1", "\u0661", "9" * 5000)] == [None] * 5
