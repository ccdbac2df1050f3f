"""What came of alerts, step by step and cut."""

from tablewire.insights.alerts import Alert, AlertEvent, Deed, alert_figures, decile
from tablewire.insights.figures import Figure

SECOND = 1_000_000


def events(notification_id: int, *deeds: tuple[Deed, int], channel: str | None = None) -> list[AlertEvent]:
    return [
        AlertEvent(notification_id=notification_id, deed=deed, at=seconds * SECOND, channel=channel)
        for deed, seconds in deeds
    ]


FOUR = [
    *events(1, (Deed.SENT, 0), (Deed.OPENED, 5), (Deed.TAPPED, 20), (Deed.BOOKED, 60), channel="ntfy"),
    *events(2, (Deed.SENT, 0), (Deed.OPENED, 9), (Deed.TAPPED, 40), channel="mail"),
    *events(3, (Deed.SENT, 0), (Deed.OPENED, 9)),
    *events(4, (Deed.SENT, 0)),
]
ALERTS = [
    Alert(notification_id=1, filters=("neighborhood", "party_size"), score=0.95, open_seconds=45),
    Alert(notification_id=2, filters=("party_size",), score=0.42, open_seconds=142),
    Alert(notification_id=3),
]


def test_each_step_is_counted_from_the_one_before() -> None:
    total = alert_figures(FOUR, ALERTS).total

    assert (total.sent, total.opened, total.tapped, total.booked) == (4, 3, 2, 1)
    assert total.sent_to_opened == Figure(0.75, 4)
    assert total.opened_to_tapped == Figure(2 / 3, 3)
    assert total.opened_to_booked == Figure(1 / 3, 3)
    assert total.sent_to_booked == Figure(0.25, 4)
    assert total.median_seconds_to_action == Figure(30, 2)


def test_without_alerts_rates_are_null() -> None:
    total = alert_figures([], []).total

    assert total.sent_to_opened == total.median_seconds_to_action == Figure(None, 0)


def test_a_deed_told_twice_counts_once_by_its_first() -> None:
    twice = events(1, (Deed.SENT, 0), (Deed.TAPPED, 50), (Deed.TAPPED, 20))

    total = alert_figures(twice, []).total

    assert (total.tapped, total.median_seconds_to_action.value) == (1, 20)


def test_a_tap_that_was_never_opened_does_not_raise_the_step_from_opened() -> None:
    total = alert_figures(events(1, (Deed.SENT, 0), (Deed.TAPPED, 5)), []).total

    assert (total.tapped, total.opened_to_tapped) == (1, Figure(None, 0))


def test_the_clients_own_time_to_action_counts_before_ours() -> None:
    tap = AlertEvent(notification_id=1, deed=Deed.TAPPED, at=90 * SECOND, seconds=7.5)

    assert alert_figures([*events(1, (Deed.SENT, 0)), tap], []).total.median_seconds_to_action.value == 7.5


def test_alerts_are_cut_by_channel_filter_decile_and_duration() -> None:
    found = alert_figures(FOUR, ALERTS)

    assert {name: cut.booked for name, cut in found.by_channel.items()} == {"mail": 0, "ntfy": 1}
    assert {name: cut.sent for name, cut in found.by_filter.items()} == {"neighborhood": 1, "party_size": 2}
    assert {name: cut.tapped for name, cut in found.by_score_decile.items()} == {4: 1, 9: 1}
    assert set(found.by_drop_duration) == {"under 1 min", "1 to 5 min", "unknown"}


def test_deciles_take_their_lower_edge_and_the_last_also_the_full_score() -> None:
    assert [decile(score) for score in (0, 0.1, 0.3, 0.7, 0.99, 1)] == [0, 1, 3, 7, 9, 9]
