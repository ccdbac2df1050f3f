"""Open tables from the board, as searches see them, and when venues were looked at."""

from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.domain.restaurants import Listing
from tablewire.live.board import Board
from tablewire.live.looked import BoardLooked
from tablewire.live.sightings import BoardSightings
from tests.unit.domain.scenes import DAY, EIGHT, NINE, Scene, after, call


def board() -> Board:
    scene = Scene()
    scene.poll(call(0, {"v": [], "w": [NINE]}))
    scene.poll(call(5, {"v": [EIGHT], "w": [NINE]}))
    shown = Board()
    shown.put(scene.state)
    return shown


def test_tables_at_a_venue_have_the_names_of_their_openings() -> None:
    sightings = BoardSightings(board())
    [drop] = sightings.at([Listing("resy", "v")], EventFilter())
    assert (drop.opening, drop.event_id, drop.in_baseline) == ("1", 1, False)
    [there] = sightings.at([Listing("resy", "w")], EventFilter())
    assert (there.event_id, there.in_baseline) == (None, True)
    assert there.opening.startswith("first:")
    assert sightings.at([Listing("opentable", "v")], EventFilter()) == []


async def test_everything_that_passes_a_filter_is_found() -> None:
    sightings = BoardSightings(board())
    for query, found in (
        ({}, ["v", "w"]),
        ({"restaurant": ["resy:w"]}, ["w"]),
        ({"date_to": ["2026-02-17"]}, []),
        ({"time_from": ["20:30"], "party_size": ["2"], "market": ["nyc"]}, ["w"]),
    ):
        wanted = parse_filter(query)
        assert sorted([one.venue_id async for one in sightings.everywhere(wanted)]) == found
        assert sorted([one.first.venue_id async for one in sightings.venues(wanted)]) == found


def test_the_board_knows_when_a_venue_was_looked_at() -> None:
    looked = BoardLooked(board())
    assert looked.last_looked("resy", "v", DAY, 2) == after(5)
    assert looked.last_looked("resy", "v", DAY, 4) is None
    assert looked.share_observed("resy", "v", after(4)) == 1.0
    assert looked.share_observed("resy", "v", after(6)) == 0.0
    assert looked.share_observed("resy", "nowhere", after(4)) is None
