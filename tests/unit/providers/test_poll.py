"""What a poll comes to: its outcome and its cause."""

from datetime import UTC, date, datetime

import pytest

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Answer, Outcome
from tablewire.providers.calls import CallFailure, FailureKind
from tablewire.providers.poll import Poll

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
ANSWER = Answer(party_size=2, sent_at=NOW, arrived_at=NOW, venues=())


def failure(kind: FailureKind, message: str = "no") -> CallFailure:
    return CallFailure(kind=kind, message=message)


@pytest.fixture
def poll() -> Poll:
    return Poll("resy", NYC, date(2026, 10, 22), None)


def test_all_answered_is_ok(poll: Poll) -> None:
    poll.answers.append(ANSWER)
    snapshot = poll.snapshot(NOW)
    assert (snapshot.outcome, snapshot.cause, snapshot.answers) == (Outcome.OK, None, (ANSWER,))


def test_some_answered_is_partial(poll: Poll) -> None:
    poll.answers.append(ANSWER)
    poll.failed("page 2 for 2", failure(FailureKind.BLOCKED))
    assert (poll.snapshot(NOW).outcome, poll.snapshot(NOW).cause) == (Outcome.PARTIAL, "page 2 for 2: no")


@pytest.mark.parametrize(
    ("kind", "outcome"), [(FailureKind.BLOCKED, Outcome.BLOCKED), (FailureKind.TIMEOUT, Outcome.FAILED)]
)
def test_none_answered_is_failed_or_blocked(poll: Poll, kind: FailureKind, outcome: Outcome) -> None:
    poll.failed("page 1 for 2", failure(kind))
    assert poll.snapshot(NOW).outcome is outcome


def test_a_remark_makes_it_partial_and_is_said_once(poll: Poll) -> None:
    poll.answers.append(ANSWER)
    poll.remark("odd")
    poll.remark("odd")
    assert (poll.snapshot(NOW).outcome, poll.snapshot(NOW).cause) == (Outcome.PARTIAL, "odd")


def test_a_poll_of_nothing_but_remarks_has_failed(poll: Poll) -> None:
    poll.remark("nobody is listed")
    assert poll.snapshot(NOW).outcome is Outcome.FAILED


def test_the_cause_names_what_matters_most_and_counts_the_rest(poll: Poll) -> None:
    for page in range(3):
        poll.failed(f"page {page}", failure(FailureKind.TIMEOUT, "too late"))
    for message in "abc":
        poll.failed("page 9", failure(FailureKind.REJECTED, message))
    assert poll.snapshot(NOW).cause == "page 0 and 2 more: too late; page 9: a; page 9: b; and 1 more"
