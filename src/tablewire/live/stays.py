"""What is open now, as the figures count it, from the board."""

from tablewire.domain.restaurants import Listing
from tablewire.insights.stays import Stay, open_stay
from tablewire.live.board import Board


class BoardStays:
    """Stays that go on."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def at(self, listing: Listing) -> list[Stay]:
        """All that is open at a venue."""
        return [
            open_stay(slot, place.state.key.service_date, prime=self._is_prime(place.state.key.time_slot))
            for place in self._board.places()
            if place.state.provider == listing.provider
            for slot in place.state.by_venue.get(listing.venue_id, ())
        ]

    def _is_prime(self, time_slot: str) -> bool:
        return self._board.parts.time_bucket(time_slot) == "prime"
