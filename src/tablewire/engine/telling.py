"""What is told of openings that match wishes: composed here, stored elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

import anyio.lowlevel
import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.domain.goals import Goal, score_within_limits
from tablewire.domain.messages import opened_body, table_title
from tablewire.domain.notifications import Facts, Kind, Telling
from tablewire.domain.notify_requests import NotifyRequest, told_once_for
from tablewire.domain.wishes import Opening, opening_of_table
from tablewire.engine.wishes import ActiveWishes, Wish
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.notification_door import Counted

Scarcity = Callable[[str, str], float | None]
"""How hard a table is to get at a venue, 0 to 1, by provider and venue id; None where it is not known."""

_A_TURN = 50
"""Wishes that are written down before others have their turn."""


class Found:
    """What comes of openings that were compared with wishes."""

    def __init__(self) -> None:
        self.tellings: list[Telling] = []
        self.counts: dict[int, tuple[int, int]] = {}
        """Of each goal: how many matched, how many were told."""
        self._once: set[int] = set()

    def add_request(self, request: NotifyRequest, telling: Telling) -> None:
        """A request is met; a one-off is told of the first only."""
        if not request.once or request.id not in self._once:
            self.tellings.append(telling)
        if request.once:
            self._once.add(request.id)

    def add_goal(self, goal: Goal, telling: Telling | None) -> None:
        """A goal is met; told of only where there is a telling."""
        matched, told = self.counts.get(goal.id, (0, 0))
        self.counts[goal.id] = matched + 1, told + (telling is not None)
        if telling is not None:
            self.tellings.append(telling)

    def counted(self) -> list[Counted]:
        """The counts, as the store takes them."""
        return [Counted(goal_id, matched, told) for goal_id, (matched, told) in sorted(self.counts.items())]


class Composer:
    """Compares openings with wishes, and writes down what their users are told."""

    def __init__(
        self, listings: ListingsDoor, zones: Mapping[str, ZoneInfo], scarcity: Scarcity = lambda _, __: None
    ) -> None:
        self._listings = listings
        self._zones = zones
        self._scarcity = scarcity

    async def compare(self, wishes: ActiveWishes, event: Event, found: Found) -> None:
        """One event of the log with all wishes; closings match nothing, and what came before a wish was stored does not match it."""
        if event.event_type is EventType.CLOSED:
            return
        opening = opening_of_table(event, self._listings.listings_of(event.provider, event.venue_id))
        matching: list[Wish] = [*wishes.requests_for(opening), *wishes.goals_for(opening)]
        for number, wish in enumerate(matching, start=1):
            if wish.since_event < event.id:
                self._add(wish, opening, found)
            if not number % _A_TURN:
                await anyio.lowlevel.checkpoint()

    def _add(self, wish: Wish, opening: Opening, found: Found) -> None:
        if isinstance(wish, NotifyRequest):
            found.add_request(wish, self.of_request(wish, opening))
        else:
            found.add_goal(wish, self._of_goal(wish, opening))

    def of_request(self, request: NotifyRequest, opening: Opening) -> Telling:
        """What a request's user is told of an opening."""
        sizes = opening.party_sizes if request.limits.party_size is None else (request.limits.party_size,)
        told = self._telling(opening, sizes, request.user_id, Kind.NOTIFY, "your notify request")
        return msgspec.structs.replace(
            told, source_id=request.id, opening=told_once_for(request.limits, opening)
        )

    def _of_goal(self, goal: Goal, opening: Opening) -> Telling | None:
        score = score_within_limits(goal, opening, self._scarcity(*opening.listing))
        if score < goal.min_score:
            return None
        size = goal.limits.party_size
        sizes = opening.party_sizes if size is None else (size,)
        told = self._telling(opening, sizes, goal.user_id, Kind.GOAL, f"your goal “{goal.name}”")
        return msgspec.structs.replace(told, source_id=goal.id, goal_match_score=round(score, 4))

    def _telling(
        self, opening: Opening, sizes: Sequence[int], user_id: int, kind: Kind, wish: str
    ) -> Telling:
        zone = self._zones.get(opening.market or "")
        local = opening.opened_at.astimezone(zone) if opening.opened_at and zone else None
        return Telling(
            user_id=user_id,
            kind=kind,
            title=table_title(opening.venue_name, sizes, opening.slot_date, opening.slot_time),
            body=opened_body(wish, opening.neighborhood, local),
            event_id=opening.event_id,
            slot_key=opening.slot_key,
            opening=opening.opening,
            book_url=opening.book_url,
            facts=_facts(opening),
        )


def _facts(opening: Opening) -> Facts:
    return Facts(
        market=opening.market,
        provider=opening.listing.provider,
        venue_id=opening.listing.venue_id,
        venue_name=opening.venue_name,
        neighborhood=opening.neighborhood,
        service_date=opening.service_date,
        slot_date=opening.slot_date,
        slot_time=opening.slot_time,
        party_sizes=opening.party_sizes,
        opened_at=opening.opened_at,
        image_url=opening.image_url,
    )
