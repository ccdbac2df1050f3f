"""What a large ask is split into: nothing is lost, party sizes stay together, and small asks stay whole."""

import pytest

from tablewire.engine.portions import AT_ONCE, portions_of
from tablewire.engine.sweep import Ask


def pages(*numbers: int) -> Ask:
    return Ask(pages={2: numbers, 4: numbers})


def calls(portion: Ask) -> int:
    return sum(map(len, (*portion.pages.values(), *portion.looks.values())))


def test_a_small_ask_stays_whole_with_its_looks() -> None:
    ask = Ask(pages={2: (1, 2, 3), 4: (1, 2, 3)}, looks={2: ("a", "b")}, calls=8)
    assert portions_of(ask, 1) == [ask]


def test_an_ask_for_nothing_is_one_portion() -> None:
    assert portions_of(Ask(), 1) == [Ask()]


def test_a_page_is_in_one_portion_with_all_its_party_sizes() -> None:
    assert portions_of(pages(1, 2, 3, 4, 5, 6), 1) == [pages(1, 2, 3), pages(4, 5, 6)]


def test_pages_of_sizes_that_are_asked_apart_are_split_in_the_order_of_the_sweep() -> None:
    odd, even = tuple(range(1, 21, 2)), tuple(range(2, 21, 2))
    portions = portions_of(Ask(pages={2: odd, 4: even}), 1)
    numbers = [
        sorted({page for of_size in portion.pages.values() for page in of_size}) for portion in portions
    ]
    assert numbers == [list(range(1, 8)), list(range(8, 15)), list(range(15, 21))]


@pytest.mark.parametrize("count", range(1, 60))
def test_nothing_is_lost_or_asked_twice_and_no_portion_is_much_larger_than_the_others(count: int) -> None:
    ask = Ask(pages={2: tuple(range(1, count + 1)), 4: tuple(range(1, count // 2 + 1))}, looks={2: ("a",)})
    portions = portions_of(ask, 1)
    for size, wanted in ask.pages.items():
        assert [page for portion in portions for page in portion.pages.get(size, ())] == list(wanted)
    assert [venue for portion in portions for venue in portion.looks.get(2, ())] == ["a"]
    assert max(map(calls, portions)) <= AT_ONCE + 1


def test_looks_by_name_are_portions_of_their_own_and_go_first() -> None:
    names = tuple("abcdefghij")
    portions = portions_of(Ask(pages={2: (1,)}, looks={2: names, 4: names[:2]}), 1)
    assert portions == [
        Ask(looks={2: ("a", "b", "c", "d"), 4: ("a", "b")}),
        Ask(looks={2: ("e", "f", "g", "h", "i", "j")}),
        Ask(pages={2: (1,)}),
    ]


def test_a_call_that_asks_for_many_venues_counts_as_one() -> None:
    ask = Ask(pages={2: (1, 2)}, looks={2: tuple(map(str, range(100)))})
    assert portions_of(ask, 50) == [ask]
    assert len(portions_of(ask, 1)) == 14
