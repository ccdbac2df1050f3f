"""Which venue a name means."""

from tablewire.domain.venue_names import NamedVenue, closest, refusal, venues_named

CARBONE = NamedVenue("resy", "6194", "Carbone New York", "resy:6194")
CARBONE_THERE = NamedVenue("opentable", "9", "Carbone", "resy:6194")
PIZZA = [NamedVenue("resy", str(number), "Joe’s Pizza", f"resy:{number}") for number in range(7)]
CAFE = NamedVenue("resy", "3", "Café Ünter-den Linden", "resy:3")
ALL = [CARBONE, *PIZZA, CAFE]


def test_case_accents_and_punctuation_do_not_matter() -> None:
    assert venues_named("CAFE unter den linden!", ALL) == (CAFE,)


def test_whole_words_are_enough_where_no_name_is_just_that() -> None:
    assert venues_named("carbone", ALL) == (CARBONE,)
    assert venues_named("carb", ALL) == ()


def test_the_very_name_beats_names_that_have_it_in_them() -> None:
    other = NamedVenue("resy", "8", "Carbone", "resy:8")
    assert venues_named("carbone", [*ALL, other]) == (other,)


def test_a_restaurant_on_two_platforms_is_one() -> None:
    assert venues_named("carbone", [CARBONE, CARBONE_THERE]) == (CARBONE_THERE,)
    assert venues_named("carbone new york", [CARBONE, CARBONE_THERE]) == (CARBONE,)


def test_a_name_without_letters_fits_nothing() -> None:
    assert venues_named("…", ALL) == ()


def test_a_refusal_lists_what_could_be_meant() -> None:
    several = refusal("joes pizza", venues_named("joes pizza", ALL), ())
    assert "fits 7 venues: Joe’s Pizza (resy:0)" in several
    assert several.endswith("and 2 more; name one by provider and venue_id")
    near = closest("Carbonne", ALL)
    assert near[0] == CARBONE
    assert "Carbone New York (resy:6194)" in refusal("Carbonne", (), near)
    assert "GET /venues" in refusal("xyz", (), ())
