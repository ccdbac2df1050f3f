"""The breaker: rest after failures in a row, single probes after the rest."""

from tablewire.providers.breaker import FIRST_REST, LONGEST_REST, THRESHOLD, Breaker


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(THRESHOLD):
        assert breaker.admit(at)
        breaker.failed(at)
    return breaker


def test_failures_with_successes_between_open_nothing() -> None:
    breaker = Breaker()
    for _ in range(5 * THRESHOLD):
        for _ in range(THRESHOLD - 1):
            breaker.failed(0.0)
        breaker.succeeded()
    assert breaker.state(0.0) == "closed"


def test_failures_in_a_row_open_it_for_the_first_rest() -> None:
    breaker = opened()
    assert breaker.state(FIRST_REST - 0.1) == "open"
    assert not breaker.admit(FIRST_REST - 0.1)
    assert breaker.state(FIRST_REST) == "half_open"


def test_after_the_rest_one_call_goes_at_a_time() -> None:
    breaker = opened()
    assert breaker.admit(FIRST_REST)
    assert not breaker.admit(FIRST_REST)


def test_a_good_probe_closes_it() -> None:
    breaker = opened()
    assert breaker.admit(FIRST_REST)
    breaker.succeeded()
    assert breaker.state(FIRST_REST) == "closed"


def test_each_bad_probe_doubles_the_rest_up_to_a_limit() -> None:
    breaker, at, rests = opened(), FIRST_REST, []
    for _ in range(8):
        assert breaker.admit(at)
        breaker.failed(at)
        rest = 0.0
        while breaker.state(at + rest) == "open":
            rest += FIRST_REST
        rests.append(rest)
        at += rest
    assert rests == [60.0, 120.0, 240.0, 480.0] + [LONGEST_REST] * 4


def test_a_success_makes_the_next_rest_short_again() -> None:
    breaker = opened()
    breaker.admit(FIRST_REST)
    breaker.failed(FIRST_REST)
    breaker.admit(1000.0)
    breaker.succeeded()
    for _ in range(THRESHOLD):
        breaker.failed(2000.0)
    assert breaker.state(2000.0 + FIRST_REST) == "half_open"


def test_an_abandoned_probe_gives_way_to_the_next() -> None:
    breaker = opened()
    assert breaker.admit(FIRST_REST)
    breaker.abandoned()
    assert breaker.admit(FIRST_REST)


def test_late_failures_of_calls_in_flight_do_not_lengthen_the_rest() -> None:
    breaker = opened()
    for _ in range(20):
        breaker.failed(FIRST_REST - 1)
    assert breaker.state(FIRST_REST) == "half_open"
