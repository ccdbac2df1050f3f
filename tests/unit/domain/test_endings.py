"""What ends without an answer."""

from datetime import timedelta

from tablewire.domain.endings import expire, withdraw
from tablewire.domain.events import CloseReason
from tests.unit.domain.scenes import AT_EIGHT, EIGHT, after, call, scene_with_a_drop


def test_the_clock_closes_what_has_started_as_of_its_start() -> None:
    scene = scene_with_a_drop()
    change = expire(scene.state, AT_EIGHT, scene.rules)
    assert change is not None
    event = change.events[0]
    assert (event.close_reason, event.closed_at, event.drop_duration_seconds) == (
        CloseReason.EXPIRED,
        AT_EIGHT,
        None,
    )


def test_the_clock_closes_nothing_before_its_start() -> None:
    scene = scene_with_a_drop()
    assert expire(scene.state, AT_EIGHT - timedelta(microseconds=1), scene.rules) is None


def test_a_party_size_no_longer_polled_withdraws_what_only_it_had() -> None:
    scene = scene_with_a_drop()
    change = withdraw(scene.state, after(5), scene.rules, sizes=frozenset({4}))
    assert change is not None
    assert {event.close_reason for event in change.events} == {CloseReason.WITHDRAWN}
    assert {event.drop_duration_seconds for event in change.events} == {None}


def test_a_slot_that_keeps_a_size_stays_open_without_an_event() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [EIGHT]}, size=4))
    change = withdraw(scene.state, after(5), scene.rules, sizes=frozenset({4}))
    assert change is not None
    assert [slot.sizes for slot in change.updated] == [(4,)]
    assert "v" not in {event.venue_id for event in change.events}


def test_a_venue_that_opted_out_is_withdrawn() -> None:
    scene = scene_with_a_drop()
    change = withdraw(scene.state, after(5), scene.rules, sizes=frozenset({2}), opted_out=frozenset({"v"}))
    assert change is not None
    assert [event.venue_id for event in change.events] == ["v"]


def test_settings_that_take_nothing_away_change_nothing() -> None:
    scene = scene_with_a_drop()
    assert withdraw(scene.state, after(5), scene.rules, sizes=frozenset({2, 4})) is None


def test_what_has_started_meanwhile_expires_rather_than_being_withdrawn() -> None:
    scene = scene_with_a_drop()
    change = withdraw(scene.state, AT_EIGHT, scene.rules, sizes=frozenset({4}))
    assert change is not None
    reasons = {event.venue_id: event.close_reason for event in change.events}
    assert reasons == {"v": CloseReason.EXPIRED, "w": CloseReason.WITHDRAWN}
