"""Alert behaviour: what came of the alerts that were sent, from the sending to the booking, whole and cut."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import median

import msgspec

from tablewire.insights.figures import NOTHING, Figure, ratio


class Deed(StrEnum):
    """What happened to an alert: the types of `alert_events`."""

    SENT = "alert_sent"
    OPENED = "alert_opened"
    TAPPED = "tap_to_reserve"
    BOOKED = "booking_confirmed"


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of `alert_events` that belongs to a notification."""

    notification_id: int
    deed: Deed
    at: int
    """Microseconds."""
    channel: str | None = None
    seconds: float | None = None
    """The client's own time to action, where it sent one."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a notification beside its events."""

    notification_id: int
    filters: tuple[str, ...] = ()
    """The names of the filters of the wish that it answers."""
    score: float | None = None
    open_seconds: float | None = None
    """How long its table was open, where that is known."""


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts got how far. A step is counted from the alerts that had the one before."""

    sent: int
    opened: int
    tapped: int
    booked: int
    sent_to_opened: Figure
    opened_to_tapped: Figure
    opened_to_booked: Figure
    sent_to_booked: Figure
    median_seconds_to_action: Figure
    """From the sending to the first tap, or to the booking where nobody tapped."""


class AlertFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The funnel of all alerts, and of some of them."""

    total: Funnel
    by_channel: dict[str, Funnel]
    by_filter: dict[str, Funnel]
    by_score_decile: dict[int, Funnel]
    """0 for scores under 0.1, 9 for those from 0.9 on."""
    by_drop_duration: dict[str, Funnel]
    """By how long the table was open."""


class Story(msgspec.Struct, frozen=True):
    """The first event of each kind of one alert."""

    first: Mapping[Deed, AlertEvent]

    @property
    def seconds_to_action(self) -> float | None:
        """From its sending to what its user did; the client's own figure where it sent one."""
        action = self.first.get(Deed.TAPPED) or self.first.get(Deed.BOOKED)
        if action is None:
            return None
        if action.seconds is not None:
            return action.seconds
        sent = self.first.get(Deed.SENT)
        return None if sent is None else max(0, action.at - sent.at) / 1_000_000


DURATIONS = ((60, "under 1 min"), (300, "1 to 5 min"), (1_800, "5 to 30 min"), (7_200, "30 min to 2 h"))
LONGER, UNKNOWN = "over 2 h", "unknown"


def alert_figures(events: Sequence[AlertEvent], alerts: Iterable[Alert]) -> AlertFigures:
    """All figures of alerts; events of a channel count for that channel, the others for the whole only."""
    stories = _stories(events)
    known = {alert.notification_id: alert for alert in alerts}

    def cut(names: Callable[[Alert], Collection[str]]) -> dict[str, Funnel]:
        return _cut(stories, known, names)

    deciles = cut(lambda alert: () if alert.score is None else (str(decile(alert.score)),))
    return AlertFigures(
        total=funnel(stories.values()),
        by_channel=_by_channel(events),
        by_filter=cut(lambda alert: alert.filters),
        by_score_decile={int(name): found for name, found in deciles.items()},
        by_drop_duration=cut(lambda alert: (_duration(alert.open_seconds),)),
    )


def funnel(stories: Iterable[Story]) -> Funnel:
    """What came of some alerts."""
    told = list(stories)
    had = [story.first for story in told]
    times = [seconds for story in told if (seconds := story.seconds_to_action) is not None]
    return Funnel(
        sent=_count(had, Deed.SENT),
        opened=_count(had, Deed.OPENED),
        tapped=_count(had, Deed.TAPPED),
        booked=_count(had, Deed.BOOKED),
        sent_to_opened=_step(had, Deed.SENT, Deed.OPENED),
        opened_to_tapped=_step(had, Deed.OPENED, Deed.TAPPED),
        opened_to_booked=_step(had, Deed.OPENED, Deed.BOOKED),
        sent_to_booked=_step(had, Deed.SENT, Deed.BOOKED),
        median_seconds_to_action=Figure(median(times), len(times)) if times else NOTHING,
    )


def decile(score: float) -> int:
    """0 to 9; a full score belongs to the last."""
    return min(9, max(0, int(score * 10 + 1e-9)))


def _stories(events: Iterable[AlertEvent]) -> dict[int, Story]:
    first: defaultdict[int, dict[Deed, AlertEvent]] = defaultdict(dict)
    for event in sorted(events, key=lambda event: event.at):
        first[event.notification_id].setdefault(event.deed, event)
    return {name: Story(found) for name, found in first.items()}


def _by_channel(events: Iterable[AlertEvent]) -> dict[str, Funnel]:
    channels: defaultdict[str, list[AlertEvent]] = defaultdict(list)
    for event in events:
        if event.channel is not None:
            channels[event.channel].append(event)
    return {channel: funnel(_stories(found).values()) for channel, found in sorted(channels.items())}


def _cut(
    stories: Mapping[int, Story], known: Mapping[int, Alert], names: Callable[[Alert], Collection[str]]
) -> dict[str, Funnel]:
    groups: defaultdict[str, list[Story]] = defaultdict(list)
    for notification_id, story in stories.items():
        alert = known.get(notification_id)
        for name in set(names(alert)) if alert is not None else ():
            groups[name].append(story)
    return {name: funnel(found) for name, found in sorted(groups.items())}


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    return next((name for limit, name in DURATIONS if seconds < limit), LONGER)


def _count(had: Iterable[Mapping[Deed, AlertEvent]], deed: Deed) -> int:
    return sum(1 for first in had if deed in first)


def _step(had: Sequence[Mapping[Deed, AlertEvent]], before: Deed, after: Deed) -> Figure:
    reached = [first for first in had if before in first]
    return ratio(_count(reached, after), len(reached))
