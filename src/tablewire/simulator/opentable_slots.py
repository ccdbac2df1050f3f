"""The tables of one house around one time as OpenTable writes them, straight to bytes."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence

import msgspec

from tablewire.simulator.chance import key_of
from tablewire.simulator.city import City
from tablewire.simulator.inventory import Sheet
from tablewire.simulator.opentable_query import AvailabilityQuery, Window
from tablewire.simulator.plan import Place
from tablewire.simulator.venues import Venue

_TYPES = ("Standard", "Experience", "POP")
_DAY = 1440
_STEP = 15
_MOST_BYTES = 32 << 20
_UNAVAILABLE = '{"isAvailable":false,"__typename":"UnavailableSlot"}'
_JSON = {True: "true", False: "false"}


def _token(**numbers: int) -> str:
    """What the wire calls a token: a few numbers, the same ones for many."""
    return urlsafe_b64encode(msgspec.json.encode(numbers)).rstrip(b"=").decode()


TOKEN = _token(v=2, m=0, p=0, s=0, n=0)
_SLOT_TOKEN = _token(v=2, m=0, p=0, c=6, s=0, n=0)
Key = tuple[int, Window, int, frozenset[str], int]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One house of an answer, and the starts in it. `versions` are those of the sheets that it was written from."""

    body: bytes
    actual_times: tuple[str, ...]
    versions: tuple[int, ...]


class EntryWriter:
    """Writes the houses of an answer, and remembers what it wrote until their sheets change."""

    def __init__(self, city: City, *, lean: bool) -> None:
        self._city = city
        self._lean = lean
        self._written: dict[Key, Entry] = {}
        self._bytes = 0

    def write(self, venue: Venue, query: AvailabilityQuery) -> Entry:
        """One house: its tables within the window, and those of the days after where they are asked for, too."""
        key = (venue.id, query.window, query.party_size, query.types, query.days_more)
        versions = tuple([sheet.version for sheet in self.sheets(venue, query)])
        known = self._written.get(key)
        if known is not None and known.versions == versions:
            return known
        entry = self._write(venue, query, versions)
        self._bytes += len(entry.body) - (0 if known is None else len(known.body))
        if self._bytes > _MOST_BYTES:
            self._written.clear()
            self._bytes = len(entry.body)
        self._written[key] = entry
        return entry

    def sheets(self, venue: Venue, query: AvailabilityQuery) -> list[Sheet]:
        """The sheets that an entry is written from."""
        window = query.window
        first, last = window.day + _day_of(window.first), window.day + window.last // _DAY + query.days_more
        found = (self._city.inventory.sheet(day, venue) for day in range(first, last + 1))
        return [sheet for sheet in found if sheet is not None]

    def _write(self, venue: Venue, query: AvailabilityQuery, versions: tuple[int, ...]) -> Entry:
        times: list[str] = []
        days = []
        for offset in range(query.days_more + 1):
            window = msgspec.structs.replace(query.window, day=query.window.day + offset)
            days.append(self._day(venue, query, window, offset, times))
        body = (
            f'{{"restaurantId":{venue.id},"restaurantAvailabilityToken":"{TOKEN}",'
            f'"availabilityDays":[{",".join(days)}]}}'
        )
        return Entry(body.encode(), tuple(times), versions)

    def _day(
        self, venue: Venue, query: AvailabilityQuery, window: Window, offset: int, times: list[str]
    ) -> str:
        """One day of a house; the starts of the first are added to `times`."""
        free: dict[int, dict[str, list[Place]]] = {}
        for minute, place in self._free(venue, window, query.party_size):
            kind = _kind(place, query.types)
            if kind is not None:
                free.setdefault(minute, {}).setdefault(kind, []).append(place)
        if offset == 0:
            times += [self._city.local.wall(window.day, minute) for minute in sorted(free)]
        reasons = "" if free else f'"{self._why_none(venue, window)}"'
        return (
            f'{{"noTimesReasons":[{reasons}],"earlyCutoff":null,"sameDayCutoff":null,"dayOffset":{offset},'
            f'"allowNextAvailable":true,"topExperience":null,"slots":[{",".join(self._slots(venue, window, free))}]}}'
        )

    def _free(self, venue: Venue, window: Window, party_size: int) -> Iterator[tuple[int, Place]]:
        """What is free within the window, by minutes of its own day: an evening may reach into the day after."""
        for day in range(window.day + _day_of(window.first), window.day + window.last // _DAY + 1):
            sheet = self._city.inventory.sheet(day, venue)
            if sheet is None or not (sheet.free or sheet.scripted):
                continue
            ahead = (day - window.day) * _DAY
            for place in sheet.places():
                if window.first <= place.start + ahead <= window.last and (
                    place.least <= party_size <= place.most
                ):
                    yield place.start + ahead, place

    def _slots(self, venue: Venue, window: Window, free: dict[int, dict[str, list[Place]]]) -> Iterator[str]:
        if not free:
            return
        gaps = () if self._lean else range(window.first, window.last + 1, _STEP)
        for minute in sorted({*free, *gaps}):
            if minute not in free:
                yield _UNAVAILABLE
            for kind, places in free.get(minute, {}).items():
                yield self._slot(venue, window, minute, kind, places)

    def _slot(self, venue: Venue, window: Window, minute: int, kind: str, places: Sequence[Place]) -> str:
        areas = list(dict.fromkeys(place.config_type for place in places))
        hashed = key_of(venue.id, window.day, minute + _DAY, _TYPES.index(kind)) % 4_000_000_000
        attributes = ",".join(f'"{area}"' for area in areas)
        offset = minute - window.minute
        if self._lean:
            return (
                f'{{"isAvailable":true,"timeOffsetMinutes":{offset},"slotHash":"{hashed}",'
                f'"slotAvailabilityToken":"{_SLOT_TOKEN}","attributes":[{attributes}],"type":"{kind}"}}'
            )
        mandatory = _JSON[kind == "Experience" and venue.id % 2 == 0]
        by_seating = ",".join(
            f'{{"tableCategory":"{area}","isMandatory":{mandatory},"__typename":"IsMandatoryBySeating"}}'
            for area in areas
        )
        experiences = str(500_000 + venue.id) if kind == "Experience" else ""
        points = 1000 if kind == "POP" else 100
        return (
            f'{{"isAvailable":true,"timeOffsetMinutes":{offset},"slotHash":"{hashed}","pointsType":"{_points(kind)}",'
            f'"pointsValue":{points},"experienceIds":[{experiences}],"slotAvailabilityToken":"{_SLOT_TOKEN}",'
            f'"attributes":[{attributes}],"isMandatory":{mandatory},"isMandatoryBySeating":[{by_seating}],'
            f'"experiencesBySeating":[],"redemptionTier":"DineAnywhere","type":"{kind}",'
            f'"__typename":"AvailableSlot"}}'
        )

    def _why_none(self, venue: Venue, window: Window) -> str:
        sheet = self._city.inventory.sheet(window.day, venue)
        if not venue.plan.places or (sheet is not None and not venue.opens_on(window.day)):
            return "NoTimesExist"
        if sheet is None or not sheet.released:
            return "TooFarInAdvance"
        return "BlockedAvailability"


def _day_of(minute: int) -> int:
    """How many days before its own an evening begins that reaches to this minute: starts run up to 05:00."""
    return (minute - 300) // _DAY


def _kind(place: Place, types: frozenset[str]) -> str | None:
    """As what a table is offered, None where it is not asked for; extra points come with a table that is a usual one, too."""
    kind = _TYPES[place.template]
    if kind == "POP" and types and kind not in types:
        kind = "Standard"
    return kind if not types or kind in types else None


def _points(kind: str) -> str:
    return "POP" if kind == "POP" else "Standard"
