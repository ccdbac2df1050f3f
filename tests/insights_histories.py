"""Made-up histories of one venue, and its figures counted from them in one go, without days in between."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from statistics import pstdev
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st

from tablewire.domain.events import CloseReason, Origin, microseconds
from tablewire.insights.daily import VenueDay, Watched, roll_up
from tablewire.insights.figures import Figure
from tablewire.insights.intervals import Span, Spans, union
from tablewire.insights.lifetimes import Median, median
from tablewire.insights.looks import Looks
from tablewire.insights.releases import release_rule
from tablewire.insights.stays import Stay, bits
from tablewire.insights.venue import HourOfWeek, VenueFigures, VenueHabits
from tablewire.insights.window import Window

SECOND = 1_000_000
HOUR = 3600 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = (ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"))
FIRST_DAYS = (date(2026, 3, 5), date(2026, 10, 29), date(2026, 4, 2), date(2026, 6, 1))
"""The clocks change within a few days after all but the last."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """All that ever happened at a venue by `now`."""

    zone: ZoneInfo
    since: date
    now: int
    stays: list[Stay]
    observed: dict[date, Spans]


@st.composite
def histories(draw: st.DrawFn) -> History:
    zone, first = draw(st.sampled_from(ZONES)), draw(st.sampled_from(FIRST_DAYS))
    begin = midnight(first, zone)
    now = begin + draw(st.integers(1, 8 * 24 * 60)) * 60 * SECOND
    return History(
        zone=zone,
        since=first + timedelta(days=draw(st.integers(0, 4))),
        now=now,
        stays=draw(st.lists(stays(first, begin, now), max_size=14)),
        observed=draw(
            st.dictionaries(
                st.integers(-1, 9).map(lambda ahead: first + timedelta(days=ahead)),
                st.lists(spans(begin, now), max_size=4).map(union),
                max_size=6,
            )
        ),
    )


@st.composite
def stays(draw: st.DrawFn, first: date, begin: int, now: int) -> Stay:
    origin = draw(st.sampled_from([Origin.DROP, Origin.DROP, *Origin]))
    opened = draw(moments(begin, now))
    known = origin in (Origin.DROP, Origin.REOPENED)
    closed = opened + draw(st.sampled_from([0, 142 * SECOND, 90 * 60 * SECOND, 40 * HOUR, 90 * HOUR]))
    closed += draw(st.integers(0, 5_000_000))
    reason = draw(st.sampled_from([CloseReason.TAKEN, CloseReason.TAKEN, *CloseReason]))
    timed = known and reason is CloseReason.TAKEN and draw(st.integers(0, 4)) > 0
    gone = closed < now
    return Stay(
        service_date=first + timedelta(days=draw(st.integers(-1, 9))),
        minute=draw(st.sampled_from([0, 960, 1020, 1140])),
        prime=draw(st.booleans()),
        sizes=bits(draw(st.sampled_from([(2,), (4,), (2, 4)]))),
        origin=origin,
        first_seen_at=opened,
        opened_at=opened if known else None,
        closed_at=closed if gone else None,
        reason=reason if gone else None,
        lasted=(closed - opened) // 1000 * 1000 if gone and timed else None,
    )


def moments(begin: int, now: int) -> st.SearchStrategy[int]:
    """Any instant, and often one on a border: a full hour, a midnight, the same one again."""
    hours = st.integers(0, (now - 1 - begin) // HOUR).map(lambda hour: begin + hour * HOUR)
    return hours | st.integers(begin, now - 1)


@st.composite
def spans(draw: st.DrawFn, begin: int, now: int) -> Span:
    start = draw(moments(begin, now))
    return start, min(now, start + draw(st.integers(1, 60 * HOUR)))


def rolled(history: History) -> list[VenueDay]:
    """The rows of a history, each made of what was known of its day, and stored and read once."""
    days, day = [], date.min
    first = min(
        [on(history.now, history.zone), *(on(stay.first_seen_at, history.zone) for stay in history.stays)]
    )
    for spans in history.observed.values():
        first = min([first, *(on(start, history.zone) for start, _ in spans)])
    day = first
    while midnight(day, history.zone) < history.now:
        row = roll_up(day, history.zone, known(history, day), until=history.now)
        days.append(msgspec.msgpack.decode(msgspec.msgpack.encode(row), type=VenueDay))
        day += timedelta(days=1)
    return days


def known(history: History, day: date) -> Watched:
    start, end = midnight(day, history.zone), midnight(day + timedelta(days=1), history.zone)
    return Watched(
        stays=[
            stay
            for stay in history.stays
            if stay.first_seen_at < end and (stay.closed_at is None or stay.closed_at >= start)
        ],
        looks=Looks(history.observed),
        shown_before={stay.service_date for stay in history.stays if stay.first_seen_at < start},
    )


def window(history: History) -> Window:
    return Window(
        zone=history.zone,
        since=history.since,
        now=history.now,
        days=rolled(history),
        still_open=[stay for stay in history.stays if stay.closed_at is None],
    )


class Counted:
    """The figures as their formulas say, from the history itself."""

    def __init__(self, history: History) -> None:
        self.of = history
        self.zone = history.zone
        self.start = midnight(history.since, history.zone)
        self.drops = [
            stay for stay in history.stays if stay.origin is Origin.DROP and stay.first_seen_at >= self.start
        ]
        self.seen = cut(union(span for spans in history.observed.values() for span in spans), self)

    def figures(self) -> VenueFigures:
        observed = sum(end - start for start, end in self.seen)
        days = self.seen_days()
        prime = self.per_day(sum(stay.prime for stay in self.drops), observed, len(days))
        found, booked = self.median(), self.prime_booked()
        return VenueFigures(
            observed_days=observed / (24 * HOUR),
            drops=len(self.drops),
            drop_frequency_per_day=self.per_day(len(self.drops), observed, len(days)),
            prime_time_drop_frequency=prime,
            avg_drop_duration_seconds=self.mean(),
            median_drop_duration_seconds=found,
            percent_days_fully_booked=self.fully_booked(),
            prime_booked_ratio=booked,
            volatility_score=self.volatility(days),
            scarcity_score=scarcity(booked, prime, found),
        )

    def habits(self) -> VenueHabits:
        return VenueHabits(
            best_hours=self.best_hours(),
            release_pattern=release_rule(self.releases()),
        )

    def per_day(self, count: int, observed: int, days: int) -> Figure:
        return Figure(count * 24 * HOUR / observed if observed >= HOUR else None, days)

    def seen_days(self) -> dict[date, int]:
        """Observed time by local date, hour by hour of UTC: slow, and without any arithmetic of days."""
        days: Counter[date] = Counter()
        for start, end in self.seen:
            at = start
            while at < end:
                after = min(end, (at // (HOUR // 2) + 1) * (HOUR // 2))
                days[on(at, self.zone)] += after - at
                at = after
        return dict(days)

    def mean(self) -> Figure:
        taken = [
            stay.lasted
            for stay in self.of.stays
            if stay.lasted is not None and stay.closed_at is not None and stay.closed_at >= self.start
        ]
        return Figure(sum(taken) / (len(taken) * SECOND), len(taken)) if taken else Figure(None, 0)

    def median(self) -> Median:
        codes = []
        for stay in self.of.stays:
            if stay.opened_at is None or stay.opened_at < self.start:
                continue
            if stay.closed_at is None:
                codes.append((self.of.now - stay.opened_at) * 2 + 1)
            elif stay.reason is CloseReason.EXPIRED:
                codes.append((stay.closed_at - stay.opened_at) * 2 + 1)
            elif stay.lasted is not None:
                codes.append(stay.lasted * 2)
        return median(codes)

    def fully_booked(self) -> Figure:
        judged = []
        for day, seen in self.of.observed.items():
            at = microseconds(datetime.combine(day, time(17), self.zone).astimezone(UTC))
            if at >= self.start and inside(seen, at):
                judged.append(
                    not any(
                        stay.prime and stay.service_date == day and inside((life(stay, self.of.now),), at)
                        for stay in self.of.stays
                    )
                )
        return Figure(100 * sum(judged) / len(judged), len(judged)) if judged else Figure(None, 0)

    def prime_booked(self) -> Figure:
        observed = opened = 0
        dates = set()
        for day, seen in self.of.observed.items():
            within = cut(seen, self)
            prime = [stay for stay in self.of.stays if stay.prime and stay.service_date == day]
            lives = union(life(stay, self.of.now) for stay in prime)
            observed += sum(end - start for start, end in within)
            opened += sum(
                max(0, min(end, gone) - max(start, born)) for start, end in within for born, gone in lives
            )
            if within:
                dates.add(day)
        return Figure(1 - opened / observed, len(dates)) if observed >= HOUR else Figure(None, 0)

    def volatility(self, days: dict[date, int]) -> Figure:
        today = on(self.of.now, self.zone)
        whole = [day for day, seen in days.items() if seen >= HOUR and day < today]
        dropped = Counter(on(stay.first_seen_at, self.zone) for stay in self.drops)
        counts = [dropped[day] for day in whole]
        return Figure(pstdev(counts), len(counts)) if counts else Figure(None, 0)

    def best_hours(self) -> tuple[HourOfWeek, ...]:
        seen: Counter[tuple[int, int]] = Counter()
        for start, end in self.seen:
            at = start
            while at < end:
                after = min(end, (at // (HOUR // 2) + 1) * (HOUR // 2))
                seen[self.cell(at)] += after - at
                at = after
        drops = Counter(self.cell(stay.first_seen_at) for stay in self.drops)
        return tuple(
            HourOfWeek(
                weekday=cell[0],
                hour=cell[1],
                drops_per_hour=drops[cell] * HOUR / time if time >= HOUR else None,
                drops=drops[cell],
                observed_seconds=time / SECOND,
            )
            for cell, time in sorted(seen.items())
        )

    def cell(self, at: int) -> tuple[int, int]:
        local = wall(at, self.zone)
        return local.weekday(), local.hour

    def releases(self) -> list[tuple[int, int, date]]:
        found = []
        for stay in self.drops:
            same = [other for other in self.of.stays if other.service_date == stay.service_date]
            first = min(other.first_seen_at for other in same)
            opening = [other for other in same if other.first_seen_at == first]
            if stay.first_seen_at == first and all(other.origin is Origin.DROP for other in opening):
                local = wall(first, self.zone)
                second = local.hour * 3600 + local.minute * 60 + local.second
                found.append(((stay.service_date - local.date()).days, second, stay.service_date))
        return found


def scarcity(booked: Figure, prime: Figure, found: Median) -> Figure:
    if booked.value is None or prime.value is None:
        return Figure(None, 0)
    known = 0.5 * booked.value + 0.25 / (1 + prime.value)
    if found.value is None:
        return Figure(100 * known / 0.75, prime.samples)
    return Figure(100 * (known + 0.25 / (1 + found.value / 600)), prime.samples)


def life(stay: Stay, now: int) -> Span:
    return stay.first_seen_at, now if stay.closed_at is None else stay.closed_at


def cut(spans: Spans, counted: Counted) -> Spans:
    return tuple(
        (max(start, counted.start), min(end, counted.of.now))
        for start, end in spans
        if max(start, counted.start) < min(end, counted.of.now)
    )


def inside(spans: Spans, at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def wall(at: int, zone: ZoneInfo) -> datetime:
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone)


def on(at: int, zone: ZoneInfo) -> date:
    return wall(at, zone).date()


def midnight(day: date, zone: ZoneInfo) -> int:
    return microseconds(datetime.combine(day, time(0), zone).astimezone(UTC))
