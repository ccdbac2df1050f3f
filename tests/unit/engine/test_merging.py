"""A sweep and looks by name as one snapshot, and portions as one poll."""

from datetime import timedelta
from itertools import permutations

import msgspec
import pytest

from tablewire.domain.guard import Judged
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.engine.merging import PollSoFar, merged
from tests.clock import START


def half(venue: str, outcome: Outcome = Outcome.OK, cause: str | None = None) -> Snapshot:
    said = VenueAnswer(venue, ())
    return Snapshot(
        provider="resy",
        market="nyc",
        service_date=START.date(),
        finished_at=START,
        answers=(Answer(party_size=2, sent_at=START, arrived_at=START, venues=(said,)),),
        outcome=outcome,
        cause=cause,
        venues={venue: Venue(provider="resy", venue_id=venue, name=venue)},
        calls=3,
    )


def test_answers_venues_and_calls_of_both_are_there() -> None:
    both = merged(half("a"), half("b"))
    assert [said.venue_id for answer in both.answers for said in answer.venues] == ["a", "b"]
    assert (set(both.venues), both.calls) == ({"a", "b"}, 6)


def test_it_is_finished_when_both_are() -> None:
    later = msgspec.structs.replace(half("b"), finished_at=START + timedelta(seconds=2))
    assert merged(half("a"), later).finished_at == merged(later, half("a")).finished_at == later.finished_at


def nothing(outcome: Outcome, cause: str | None = None) -> Snapshot:
    return msgspec.structs.replace(half("none", outcome, cause), answers=(), venues={})


def so_far(*portions: Snapshot) -> PollSoFar:
    poll = PollSoFar()
    for portion in portions:
        poll.add(portion, judged(portion))
    return poll


def judged(portion: Snapshot, *, suspect: bool = False) -> list[Judged]:
    return [Judged(answer, suspect, timedelta(minutes=10)) for answer in portion.answers]


GOING = [
    ((half("a"), half("b")), Outcome.OK),
    ((half("a"), half("b", Outcome.PARTIAL)), Outcome.PARTIAL),
    ((half("a"), nothing(Outcome.FAILED)), Outcome.PARTIAL),
    ((half("a", Outcome.PARTIAL), nothing(Outcome.FAILED)), Outcome.PARTIAL),
    ((nothing(Outcome.FAILED), nothing(Outcome.FAILED)), Outcome.FAILED),
    ((half("a"), half("b", Outcome.BLOCKED)), Outcome.BLOCKED),
    ((nothing(Outcome.FAILED), half("b", Outcome.BLOCKED)), Outcome.BLOCKED),
    ((half("a"), nothing(Outcome.BLOCKED)), Outcome.PARTIAL),
    ((nothing(Outcome.FAILED), nothing(Outcome.BLOCKED)), Outcome.BLOCKED),
]


@pytest.mark.parametrize(("parts", "outcome"), GOING)
def test_the_worse_outcome_counts_but_what_brought_nothing_beside_what_did_leaves_a_part(
    parts: tuple[Snapshot, Snapshot], outcome: Outcome
) -> None:
    assert merged(*parts).outcome is merged(*reversed(parts)).outcome is outcome
    assert so_far(*parts).outcome is so_far(*reversed(parts)).outcome is outcome


def test_the_order_of_portions_does_not_matter_for_how_a_poll_went() -> None:
    portions = (nothing(Outcome.FAILED), nothing(Outcome.BLOCKED), half("a"), nothing(Outcome.FAILED))
    assert {so_far(*order).outcome for order in permutations(portions)} == {Outcome.PARTIAL}


def test_causes_are_joined() -> None:
    failed = nothing(Outcome.FAILED, "HTTP 500")
    assert merged(failed, half("b")).cause == "HTTP 500"
    assert merged(failed, half("b", Outcome.PARTIAL, "slow")).cause == "HTTP 500; slow"


def test_a_poll_names_each_cause_once_and_three_at_most() -> None:
    causes = ["one", "two", "two", "three", "four", "five"]
    poll = so_far(*(nothing(Outcome.FAILED, cause) for cause in causes))
    assert poll.cause == "one; two; three; and 2 more"


def test_a_poll_of_good_portions_has_no_cause() -> None:
    assert so_far(half("a"), half("b")).cause is None


def test_a_poll_is_blocked_where_most_of_all_its_answers_are_emptied_and_not_most_of_a_portion() -> None:
    poll, outcomes = PollSoFar(), []
    for suspect in (True, False, True):
        poll.add(half("a"), judged(half("a"), suspect=suspect))
        outcomes.append(poll.outcome)
    assert outcomes == [Outcome.BLOCKED, Outcome.PARTIAL, Outcome.BLOCKED]
    page = "party of 2, page 1"
    assert poll.cause == f"closings held: too many tables gone at once ({page}, {page})"


def test_a_poll_is_alive_once_any_of_its_portions_has_shown_a_table() -> None:
    start = f"{START.date()} 20:00:00"
    seen = SeenSlot(slot_id=slot_id("resy", "a", start), actual_time=start, service_date=START.date())
    [answer] = half("a").answers
    shown = msgspec.structs.replace(
        half("a"), answers=(msgspec.structs.replace(answer, venues=(VenueAnswer("a", (seen,)),)),)
    )
    poll = so_far(half("b"))
    assert not poll.alive
    poll.add(shown, judged(shown))
    poll.add(half("c"), judged(half("c")))
    assert poll.alive
