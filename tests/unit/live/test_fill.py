"""How full buckets are, from the board."""

from tablewire.domain.slots import Venue
from tablewire.live.board import Board
from tablewire.live.fill import BoardFill
from tests.unit.live.doubles import NOW, make_slot, make_state


def test_a_bucket_has_its_baseline_once_that_is_built() -> None:
    state = make_state(make_slot("19:00", in_baseline=True), make_slot("20:00"))
    board = Board()
    board.put(state)
    state.row.baseline_built_at = None
    (building,) = BoardFill(board).buckets("nyc")
    state.row.baseline_built_at = NOW
    (built,) = BoardFill(board).buckets("nyc")

    assert (building.baseline, building.open_slots) == (None, 2)
    assert (built.baseline, built.open_slots) == (1, 2)


def test_of_a_neighborhood_only_what_is_open_is_known() -> None:
    board = Board()
    there_is = Venue(provider="resy", venue_id="834", name="Carbone", neighborhood="Greenwich Village")
    board.put(make_state(make_slot("19:00", in_baseline=True, venue=there_is)))
    (there,) = BoardFill(board).buckets("nyc", {"greenwich village"})
    (elsewhere,) = BoardFill(board).buckets("nyc", {"soho"})

    assert (there.baseline, there.open_slots) == (None, 1)
    assert elsewhere.open_slots == 0


def test_another_market_has_its_own_buckets() -> None:
    board = Board()
    board.put(make_state(make_slot("19:00")))

    assert BoardFill(board).buckets("sfo") == []
