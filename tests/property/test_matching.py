"""The index of wishes answers exactly what a look at every wish would, whatever is put in and taken out."""

from datetime import date, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tablewire.domain.matching import MatchIndex
from tablewire.domain.restaurants import Listing
from tablewire.domain.wishes import Limits, Opening

FIRST = date(2026, 2, 11)
LISTINGS = [Listing("resy", "1"), Listing("resy", "2"), Listing("opentable", "1"), Listing("opentable", "9")]
ONE_RESTAURANT = {LISTINGS[0]: (LISTINGS[0], LISTINGS[3]), LISTINGS[3]: (LISTINGS[0], LISTINGS[3])}
PLACES = ["soho", "nolita", "1"]
days = st.integers(-3, 40).map(lambda ahead: FIRST + timedelta(days=ahead)) | st.sampled_from(
    [date(1999, 1, 1), date(2019, 12, 31), date(2063, 11, 8), date(2063, 11, 9), date(2999, 1, 1)]
)
times = st.sampled_from([time(0), time(1, 30), time(11, 59), time(12), time(19, 30), time(20), time(23, 59)])


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    return Limits(
        venues=tuple(draw(st.lists(st.sampled_from(LISTINGS), max_size=2))),
        neighborhoods=tuple(draw(st.lists(st.sampled_from(PLACES), max_size=2))),
        dates=tuple(draw(st.lists(days, max_size=3))),
        date_from=draw(st.none() | days),
        date_to=draw(st.none() | days),
        weekdays=tuple(draw(st.lists(st.integers(0, 6), max_size=3))),
        time_from=draw(st.none() | times),
        time_to=draw(st.none() | times),
        party_size=draw(st.none() | st.integers(1, 20)),
        price_max=draw(st.none() | st.integers(1, 4)),
    )


@st.composite
def openings(draw: st.DrawFn) -> Opening:
    listing = draw(st.sampled_from(LISTINGS))
    day = draw(days)
    return Opening(
        listings=ONE_RESTAURANT.get(listing, (listing,)),
        slot_key="0" * 32,
        opening="1",
        event_id=1,
        market="nyc",
        venue_name="Somewhere",
        neighborhood=None,
        place=draw(st.none() | st.sampled_from(PLACES)),
        price_range=draw(st.none() | st.integers(1, 4)),
        service_date=day,
        slot_date=day,
        slot_time=draw(times),
        party_sizes=tuple(draw(st.sets(st.integers(1, 20), max_size=3))),
        opened_at=None,
        listing=listing,
        book_url=None,
        image_url=None,
    )


changes = st.lists(st.tuples(st.integers(0, 60), st.none() | limits()), max_size=120)


@settings(max_examples=60, deadline=None)
@given(changes=changes, drops=st.lists(openings(), min_size=1, max_size=5))
def test_the_index_finds_what_a_look_at_every_wish_finds(
    changes: list[tuple[int, Limits | None]], drops: list[Opening]
) -> None:
    index: MatchIndex[int] = MatchIndex()
    there: dict[int, Limits] = {}
    for key, wanted in changes:
        if wanted is None:
            index.remove(key)
            there.pop(key, None)
        else:
            index.put(key, wanted)
            there[key] = wanted
    assert len(index) == len(there)
    for drop in drops:
        expected = sorted(key for key, wanted in there.items() if wanted.ruled_out_by(drop) is None)
        assert sorted(index.match(drop)) == expected
    for key in there:
        index.remove(key)
    assert all(index.match(drop) == [] for drop in drops)
    assert index.listings() == []


@settings(max_examples=60, deadline=None)
@given(wanted=limits(), drop=openings())
def test_a_wish_alone_is_found_exactly_where_no_limit_rules_the_opening_out(
    wanted: Limits, drop: Opening
) -> None:
    index: MatchIndex[str] = MatchIndex()
    index.put("mine", wanted)
    assert (index.match(drop) == ["mine"]) == (wanted.ruled_out_by(drop) is None)
