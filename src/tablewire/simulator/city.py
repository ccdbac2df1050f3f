"""The make-believe city: its venues, its life, and the hands that may open and close a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Self

from tablewire.simulator.inventory import Inventory, ScriptedTable, Sheet
from tablewire.simulator.life import Life
from tablewire.simulator.local_time import DAY_MINUTES, LocalTime, seconds_of
from tablewire.simulator.opentable_plan import DEFAULT_AREA
from tablewire.simulator.plan import DINNER, LUNCH, Place
from tablewire.simulator.routes import OPENTABLE, RESY
from tablewire.simulator.truth import OpenSlot, Truth
from tablewire.simulator.twins import Listed, Twin, draw_twins, listed
from tablewire.simulator.venues import Venue, draw_venues

_EVENING_ENDS = 5 * 60  # a start before 05:00 belongs to the evening before
_DINNER_BEGINS = 16 * 60
_SEATINGS: Mapping[str, str] = {RESY: "Dining Room", OPENTABLE: DEFAULT_AREA}


class City:
    """A seeded city. The same arguments and the same instants always give the same tables.

    `venues` are those on Resy, `twins` those on OpenTable; an id says who somebody is only together with its provider.

    `clock`, where given, tells the time of things done by hand; without it they happen at the latest instant that
    `advance` was told.
    """

    def __init__(
        self,
        seed: int,
        venues: list[Venue],
        twins: list[Twin],
        life: Life,
        local: LocalTime,
        party_sizes: Sequence[int],
        clock: Callable[[], datetime] | None,
    ) -> None:
        self.seed = seed
        self.venues = venues
        self.twins = twins
        self.by_id = {venue.id: venue for venue in venues}
        self.opentable_by_id = {twin.venue.id: twin.venue for twin in twins}
        self.life = life
        self.inventory = life.inventory
        self.truth = life.inventory.truth
        self.local = local
        self.party_sizes = tuple(party_sizes)
        self._clock = clock

    @classmethod
    def build(
        cls,
        seed: int,
        start: datetime,
        *,
        venues: int = 2700,
        opentable_venues: int = 0,
        neighbourhoods: int = 60,
        days: int = 14,
        time_zone: str = "America/New_York",
        speed: float = 1.0,
        party_sizes: Sequence[int] = (2, 4),
        quiet: bool = False,
        empty: bool = False,
        truth_limit: int = 300_000,
        clock: Callable[[], datetime] | None = None,
    ) -> Self:
        """Build the city as it stands at `start` (an aware time).

        `days` dates from today on are on the calendar, and always yesterday (its evening ends after midnight) and one
        more. `opentable_venues` are on the other platform, four in ten of them the same houses. `speed` multiplies how often things happen. A `quiet` city has no happenings of its own but that time
        passes; an `empty` one starts with nothing open. `party_sizes` are those the truth tells of. Raises ValueError
        for numbers that make no city.
        """
        if speed <= 0:
            raise ValueError(f"speed={speed}: allowed are numbers above 0")
        if days < 1:
            raise ValueError(f"days={days}: allowed are 1 and more")
        local = LocalTime(time_zone)
        people = draw_venues(seed, venues, neighbourhoods, party_sizes)
        twins = draw_twins(seed, people, opentable_venues, party_sizes)
        everyone = [*people, *(twin.venue for twin in twins)]
        inventory = Inventory(Truth(truth_limit), local, party_sizes)
        life = Life(inventory, everyone, local, seed, days, speed=speed, quiet=quiet, empty=empty)
        life.begin(seconds_of(start))
        return cls(seed, people, twins, life, local, party_sizes, clock)

    @property
    def now(self) -> datetime:
        """The instant up to which everything has happened, in UTC."""
        return datetime.fromtimestamp(self.life.now, UTC)

    def advance(self, now: datetime | None = None) -> None:
        """Let everything happen that is due by `now` (by the clock's time, where none is given)."""
        if now is None and self._clock is not None:
            now = self._clock()
        if now is not None:
            self.life.advance(seconds_of(now))

    def open(
        self,
        venue_id: int,
        actual_time: str,
        party_sizes: Sequence[int] = (2,),
        seating: str | None = None,
        *,
        provider: str = RESY,
    ) -> None:
        """Put a table on the market by hand, one for each party size; it stays until closed or until its start.

        `actual_time` is local, `YYYY-MM-DD HH:MM:SS`. A size that the slot already has changes nothing. Raises
        KeyError for an unknown venue, ValueError for a time that is malformed, past, or not on the calendar.
        """
        seating = _SEATINGS[provider] if seating is None else seating
        if not seating.isprintable() or '"' in seating or "\\" in seating:
            raise ValueError(f"seating={seating!r}: allowed is plain text without quotes and backslashes")
        self.advance()
        sheet, minute = self._find(provider, venue_id, actual_time)
        if self.local.instant(sheet.day, minute) <= self.life.now:
            raise ValueError(f"actual_time={actual_time!r}: the city's clock is already past it")
        for size in party_sizes:
            if any(
                place.public and place.least <= size <= place.most for place in self._places(sheet, minute)
            ):
                continue
            table = ScriptedTable(place=_by_hand(minute, size, seating), size=size)
            self.inventory.add_scripted(sheet, table, self.life.now, "script")
        self.life.reschedule(sheet)

    def close(
        self,
        venue_id: int,
        actual_time: str,
        party_sizes: Sequence[int] | None = None,
        *,
        provider: str = RESY,
    ) -> None:
        """Take a slot off the market by hand, for these party sizes or (None) for all.

        Raises like `open`. A slot that is not open stays as it is.
        """
        self.advance()
        sheet, minute = self._find(provider, venue_id, actual_time)
        keep = {
            size
            for size in (self.party_sizes if party_sizes is not None else ())
            if size not in (party_sizes or ())
            and any(
                place.public and place.least <= size <= place.most for place in self._places(sheet, minute)
            )
        }
        # What is kept is put there first, so that the truth never sees it go.
        for size in sorted(keep):
            table = ScriptedTable(place=_by_hand(minute, size, _SEATINGS[provider]), size=size)
            self.inventory.add_scripted(sheet, table, self.life.now, "script")
        for index in sheet.venue.plan.at_start.get(minute, ()):
            place = sheet.venue.plan.places[index]
            if sheet.free >> index & 1 and place.public and _fits(place, party_sizes):
                self.inventory.set_place(sheet, index, self.life.now, "script", free=False)
        for one in [one for one in sheet.scripted if one.place.start == minute]:
            if party_sizes is None or one.size in party_sizes:
                self.inventory.remove_scripted(sheet, one, self.life.now, "script")
        self.life.reschedule(sheet)

    def open_slots(self, day: date | None = None) -> list[OpenSlot]:
        """What is open now, of one service day or of all; by the clock, where the city has one."""
        self.advance()
        return list(self.inventory.open_slots(None if day is None else day.toordinal()))

    def who_is_who(self) -> list[Listed]:
        """The truth about which houses of the two platforms are the same restaurant."""
        return listed(self.venues, self.twins)

    def houses(self, provider: str) -> Mapping[int, Venue]:
        """The houses of a platform, by id."""
        return self.opentable_by_id if provider == OPENTABLE else self.by_id

    def _find(self, provider: str, venue_id: int, actual_time: str) -> tuple[Sheet, int]:
        venue = self.houses(provider)[venue_id]
        wall = datetime.strptime(actual_time, "%Y-%m-%d %H:%M:%S")
        minute, day = wall.hour * 60 + wall.minute, wall.date()
        if minute < _EVENING_ENDS:
            day, minute = day - timedelta(days=1), minute + DAY_MINUTES
        sheet = self.inventory.sheet(day.toordinal(), venue)
        if sheet is None or wall.second:
            raise ValueError(
                f"actual_time={actual_time!r}: allowed are whole minutes of dates on the calendar"
            )
        return sheet, minute

    @staticmethod
    def _places(sheet: Sheet, minute: int) -> Iterator[Place]:
        return (place for place in sheet.places() if place.start == minute)


def _fits(place: Place, party_sizes: Sequence[int] | None) -> bool:
    return party_sizes is None or any(place.least <= size <= place.most for size in party_sizes)


def _by_hand(minute: int, size: int, seating: str) -> Place:
    return Place(
        start=minute,
        off=minute,
        turn=90,
        least=size,
        most=size,
        config_type=seating,
        seating=seating,
        config=90 + size % 10,
        template=0,
        service=DINNER if minute >= _DINNER_BEGINS else LUNCH,
    )
