"""How tables come and go: a process of happenings that is worked off up to any instant asked for."""

import heapq
import math

from tablewire.simulator.chance import waiting
from tablewire.simulator.inventory import Inventory, Sheet
from tablewire.simulator.local_time import LocalTime
from tablewire.simulator.venues import Venue

_QUIET_LIFE = 4 * 86_400.0  # seconds a table stays at the least popular house
_HOT_LIFE = 20.0  # and at the most popular one
_CANCEL_RATE = 1.6e-6  # cancellations a second and booked table, weeks before the date
_LATE_FACTOR = 6.0  # how many times more there are just before it
_LATE_SCALE = 30 * 3600.0
_FAR_CHECK, _NEAR_CHECK = 6 * 3600.0, 900.0
_BUSY_WEEKDAYS = (5, 6, 0)  # ordinals modulo 7: Friday, Saturday, Sunday


class Life:
    """Releases, bookings, cancellations, expiry, and days that come and go.

    Each sheet has at most one live entry in the heap. Its random numbers are its own, so two cities with one seed are
    the same whatever they were asked, in whatever steps time went.
    """

    def __init__(
        self,
        inventory: Inventory,
        venues: list[Venue],
        clock: LocalTime,
        seed: int,
        days: int,
        *,
        speed: float = 1.0,
        quiet: bool = False,
        empty: bool = False,
    ) -> None:
        self.inventory = inventory
        self.happenings = 0
        self._venues = venues
        self._clock = clock
        self._seed = seed
        self._days = days
        self._speed = speed
        self._quiet = quiet
        self._empty = empty
        self._heap: list[tuple[float, int, int]] = []
        self._now = -math.inf
        self._midnight = math.inf

    @property
    def now(self) -> float:
        """The instant up to which everything has happened."""
        return self._now

    def begin(self, now: float) -> None:
        """Set the city up as of an instant, without a word to the truth: this is how it is found."""
        self._now = now
        today = self._clock.day_of(now)
        for day in range(today - 1, today + self._days + 1):
            self._add_day(day, now, found=True)
        self._midnight = self._clock.instant(today + 1, 0)

    def advance(self, now: float) -> None:
        """Let everything happen that is due by then. An earlier instant than before changes nothing."""
        heap = self._heap
        while True:
            due = heap[0][0] if heap else math.inf
            if self._midnight <= min(due, now):
                self._turn_day(self._midnight)
            elif due <= now:
                at, day, index = heapq.heappop(heap)
                sheets = self.inventory.days.get(day)
                if sheets is not None and sheets[index].next_at == at:
                    self._wake(sheets[index], at)
            else:
                break
        self._now = max(self._now, now)

    def reschedule(self, sheet: Sheet) -> None:
        """Note when the sheet next needs attention; call it after changing the sheet by hand."""
        release = math.inf if sheet.released else self._release_of(sheet)
        at = min(sheet.random_at, self.inventory.next_expiry(sheet), release)
        if at != sheet.next_at:
            sheet.next_at = at
            if at < math.inf:
                heapq.heappush(self._heap, (at, sheet.day, sheet.venue.index))

    def _wake(self, sheet: Sheet, at: float) -> None:
        self.happenings += 1
        sheet.next_at = math.inf
        self.inventory.expire(sheet, at)
        if not sheet.released and self._release_of(sheet) <= at:
            sheet.released = True
            on_market = sheet.venue.plan.everything >> sheet.off << sheet.off
            self.inventory.set_all(sheet, on_market, at, "release")
            self._draw_next(sheet, at)
        elif sheet.random_at <= at:
            if not sheet.idle:
                self._book_or_cancel(sheet, at)
            self._draw_next(sheet, at)
        self.reschedule(sheet)

    def _book_or_cancel(self, sheet: Sheet, at: float) -> None:
        booked = sheet.booked()
        booking = sheet.free.bit_count() * self._booking_rate(sheet)
        cancelling = booked.bit_count() * self._cancel_rate(sheet, at)
        if booking + cancelling == 0.0:
            return
        if sheet.draw() * (booking + cancelling) < booking:
            self.inventory.set_place(sheet, _pick(sheet.free, sheet.draw()), at, "booking", free=False)
        else:
            self.inventory.set_place(sheet, _pick(booked, sheet.draw()), at, "cancellation", free=True)

    def _draw_next(self, sheet: Sheet, at: float) -> None:
        booked = sheet.booked().bit_count()
        free = sheet.free.bit_count()
        if self._quiet or booked + free == 0:
            sheet.random_at = math.inf
            return
        rate = free * self._booking_rate(sheet) + booked * self._cancel_rate(sheet, at)
        wait = waiting(sheet.key, sheet.count, rate * self._speed)
        sheet.count += 1
        # Rates drift with the days left, so a long wait is cut short and drawn anew: the process forgets nothing by it.
        lead = self._clock.instant(sheet.day, 1200) - at
        longest = min(_FAR_CHECK, max(_NEAR_CHECK, lead / 8))
        sheet.idle = wait > longest
        sheet.random_at = at + min(wait, longest)

    def _booking_rate(self, sheet: Sheet) -> float:
        popularity = sheet.venue.popularity
        busy = 2.0 if sheet.day % 7 in _BUSY_WEEKDAYS else 1.0
        return busy / (_QUIET_LIFE * math.pow(_HOT_LIFE / _QUIET_LIFE, popularity))

    def _cancel_rate(self, sheet: Sheet, at: float) -> float:
        lead = max(0.0, self._clock.instant(sheet.day, 1200) - at)
        return _CANCEL_RATE * (1.0 + (_LATE_FACTOR - 1.0) * math.exp(-lead / _LATE_SCALE))

    def _release_of(self, sheet: Sheet) -> float:
        venue = sheet.venue
        if self._quiet or not venue.opens_on(sheet.day):
            return math.inf
        return self._clock.instant(sheet.day - venue.lead_days, venue.release_minute)

    def _turn_day(self, at: float) -> None:
        """At local midnight a new date comes to the end of the calendar and the one before yesterday goes."""
        today = self._clock.day_of(at)
        self._midnight = self._clock.instant(today + 1, 0)
        for sheet in self.inventory.days.pop(today - 2, ()):
            self.inventory.expire(sheet, at)
        self._clock.forget_before(today - 75)
        self._add_day(today + self._days, at, found=False)

    def _add_day(self, day: int, now: float, *, found: bool) -> None:
        sheets = [Sheet(venue, day, self._seed) for venue in self._venues]
        self.inventory.days[day] = sheets
        for sheet in sheets:
            free = self._already_free(sheet, now)
            if found:
                sheet.free = free
            else:
                self.inventory.set_all(sheet, free, now, "calendar")
            if sheet.released:
                self._draw_next(sheet, now)
            self.reschedule(sheet)

    def _already_free(self, sheet: Sheet, now: float) -> int:
        """What is left of a date that was released before it was first looked at."""
        venue, places = sheet.venue, sheet.venue.plan.places
        released_at = self._clock.instant(sheet.day - venue.lead_days, venue.release_minute)
        if not venue.opens_on(sheet.day) or released_at > now:
            return 0
        sheet.released = True
        if self._empty:
            return 0
        while sheet.off < len(places) and self._clock.instant(sheet.day, places[sheet.off].off) <= now:
            sheet.off += 1
        booking, cancelling = self._booking_rate(sheet), self._cancel_rate(sheet, now)
        settled = cancelling / (booking + cancelling)
        chance = settled + (1 - settled) * math.exp(
            -(booking + cancelling) * self._speed * (now - released_at)
        )
        return sum(1 << index for index in range(sheet.off, len(places)) if sheet.draw() < chance)


def _pick(bits: int, chance: float) -> int:
    """One of the set bits, by a number between 0 and 1."""
    skip = int(chance * bits.bit_count())
    for _ in range(skip):
        bits &= bits - 1
    return (bits & -bits).bit_length() - 1
