"""When a pass over a date is complete."""

from tablewire.domain.passes import Passes
from tablewire.domain.snapshots import Answer, VenueAnswer
from tests.unit.domain.scenes import NOON


def page(number: int, *venues: str, of: int = 2, size: int = 2, one_venue: bool = False) -> Answer:
    return Answer(
        party_size=size,
        sent_at=NOON,
        arrived_at=NOON,
        venues=tuple(VenueAnswer(venue, ()) for venue in venues),
        page=number,
        total_pages=of,
        one_venue=one_venue,
    )


def test_a_pass_is_complete_when_every_page_has_been_answered() -> None:
    assert Passes().take([page(1, "a", "b"), page(2, "c")]) == {2: frozenset("abc")}


def test_a_pass_may_take_several_cycles() -> None:
    passes = Passes()
    first = passes.take([page(1, "a")])
    assert (first, passes.take([page(2, "b")])) == ({}, {2: frozenset("ab")})


def test_the_same_page_twice_is_not_two_pages() -> None:
    assert Passes().take([page(1, "a"), page(1, "a")]) == {}


def test_a_complete_pass_starts_a_new_one() -> None:
    passes = Passes()
    passes.take([page(1, "a"), page(2, "b")])
    assert passes.take([page(2, "b")]) == {}


def test_party_sizes_have_passes_of_their_own() -> None:
    assert Passes().take([page(1, "a"), page(2, "b", size=4)]) == {}


def test_a_call_for_one_venue_is_no_page() -> None:
    assert Passes().take([page(1, "a", of=1, one_venue=True)]) == {}


def test_venues_asked_for_by_name_are_no_page() -> None:
    assert Passes().take([page(0, "a", "b", of=1)]) == {}


def test_a_date_that_grows_a_page_is_complete_with_that_page() -> None:
    passes = Passes()
    first = passes.take([page(1, "a"), page(2, "b", of=3)])
    assert (first, passes.take([page(3, "c", of=3)])) == ({}, {2: frozenset("abc")})
