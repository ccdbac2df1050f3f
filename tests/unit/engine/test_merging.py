"""A sweep and looks by name as one poll."""

from datetime import timedelta

import msgspec
import pytest

from tablewire.domain.slots import Venue
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.engine.merging import merged
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


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        (Outcome.OK, Outcome.OK, Outcome.OK),
        (Outcome.OK, Outcome.PARTIAL, Outcome.PARTIAL),
        (Outcome.OK, Outcome.FAILED, Outcome.PARTIAL),
        (Outcome.FAILED, Outcome.FAILED, Outcome.FAILED),
        (Outcome.OK, Outcome.BLOCKED, Outcome.BLOCKED),
    ],
)
def test_the_worse_outcome_counts_but_half_a_failure_is_a_part(
    one: Outcome, other: Outcome, outcome: Outcome
) -> None:
    assert merged(half("a", one), half("b", other)).outcome is outcome
    assert merged(half("a", other), half("b", one)).outcome is outcome


def test_causes_are_joined() -> None:
    failed = half("a", Outcome.FAILED, "HTTP 500")
    assert merged(failed, half("b")).cause == "HTTP 500"
    assert merged(failed, half("b", Outcome.PARTIAL, "slow")).cause == "HTTP 500; slow"
