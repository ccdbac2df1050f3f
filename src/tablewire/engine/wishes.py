"""The wishes that are active, in memory: notify requests and goals, each with an index."""

from collections.abc import Iterable

import msgspec

from tablewire.domain.goals import Goal
from tablewire.domain.matching import MatchIndex
from tablewire.domain.notifications import Kind
from tablewire.domain.notify_requests import NotifyRequest, Status
from tablewire.domain.wishes import Opening

Wish = NotifyRequest | Goal
Key = tuple[Kind, int]
"""A wish among all."""


class ActiveWishes:
    """What openings are matched with. Wishes that are over are not kept."""

    def __init__(self, wishes: Iterable[Wish] = ()) -> None:
        self.requests: dict[int, NotifyRequest] = {}
        self.goals: dict[int, Goal] = {}
        self.by_request: MatchIndex[int] = MatchIndex()
        self.by_goal: MatchIndex[int] = MatchIndex()
        for wish in wishes:
            self.take(wish)

    def __len__(self) -> int:
        return len(self.requests) + len(self.goals)

    def take(self, wish: Wish) -> bool:
        """Take over a wish as it is now; answers whether it is new, or asks for something else than before."""
        if not is_active(wish):
            self.drop(key_of(wish))
            return False
        known = self.get(key_of(wish))
        if known is not None and known.updated_at >= wish.updated_at:
            return False
        # Names are shown by others; a hundred thousand of them are not kept here.
        if isinstance(wish, NotifyRequest):
            self.requests[wish.id] = msgspec.structs.replace(wish, venues=())
            self.by_request.put(wish.id, wish.limits)
        else:
            self.goals[wish.id] = msgspec.structs.replace(wish, venues=(), neighborhoods=())
            self.by_goal.put(wish.id, wish.limits)
        return True

    def drop(self, key: Key) -> None:
        """Forget a wish."""
        kind, wish_id = key
        if kind is Kind.NOTIFY:
            self.drop_request(wish_id)
        else:
            self.drop_goal(wish_id)

    def get(self, key: Key) -> Wish | None:
        """One wish, where it is here."""
        kind, wish_id = key
        return self.requests.get(wish_id) if kind is Kind.NOTIFY else self.goals.get(wish_id)

    def drop_request(self, request_id: int) -> None:
        """Forget a notify request."""
        self.requests.pop(request_id, None)
        self.by_request.remove(request_id)

    def drop_goal(self, goal_id: int) -> None:
        """Forget a goal."""
        self.goals.pop(goal_id, None)
        self.by_goal.remove(goal_id)

    def requests_for(self, opening: Opening) -> list[NotifyRequest]:
        """The notify requests that an opening matches, the oldest first."""
        return [self.requests[request_id] for request_id in sorted(self.by_request.match(opening))]

    def goals_for(self, opening: Opening) -> list[Goal]:
        """The goals that an opening matches."""
        return [self.goals[goal_id] for goal_id in sorted(self.by_goal.match(opening))]


def is_active(wish: Wish) -> bool:
    """Whether openings are to be matched with it."""
    return wish.status is Status.ACTIVE if isinstance(wish, NotifyRequest) else wish.active


def key_of(wish: Wish) -> Key:
    """Which wish it is."""
    return (Kind.NOTIFY if isinstance(wish, NotifyRequest) else Kind.GOAL, wish.id)
