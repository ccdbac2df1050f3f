"""The tables of a venue and day as a Resy search writes them, straight to bytes."""

import msgspec

from tablewire.simulator.inventory import Sheet
from tablewire.simulator.local_time import LocalTime, day_text
from tablewire.simulator.plan import Place
from tablewire.simulator.resy_venues import (
    config_id,
    notify_options,
    search_template,
    serves_lunch,
    shift_id,
    template_id,
)
from tablewire.simulator.venues import Venue

TIME_FILTER_MINUTES = 180
_CACHE_BYTES = 48 << 20
_JSON = {True: "true", False: "false"}


class Shown(msgspec.Struct, frozen=True, gc=False):
    """The `availability` of a hit, and the publicly bookable starts in it."""

    body: bytes
    actual_times: tuple[str, ...] = ()


class SlotWriter:
    """Writes availability, and remembers what it wrote until the sheet changes."""

    def __init__(self, local: LocalTime, *, lean: bool = False) -> None:
        """`lean` leaves out what no reader needs."""
        self._lean = lean
        self._local = local
        self._templates: dict[tuple[int, int], str] = {}
        self._written: dict[tuple[int, int, int], tuple[int, Shown]] = {}
        self._closed: dict[tuple[str, bool], Shown] = {}
        self._bytes = 0

    def write(self, sheet: Sheet, party_size: int, minute: int | None) -> Shown:
        """The availability for a party size, within the window around `minute` where one is asked for."""
        if minute is not None or not (sheet.free or sheet.scripted):
            return self._write(sheet, party_size, minute)
        key = (sheet.venue.id, sheet.day, party_size)
        known = self._written.get(key)
        if known is not None and known[0] == sheet.version:
            return known[1]
        shown = self._write(sheet, party_size, None)
        self._remember(key, sheet.version, shown)
        return shown

    def closed(self, venue: Venue, day: str) -> Shown:
        """The availability of a day without tables; the same for every house with the same services."""
        key = (day, serves_lunch(venue))
        known = self._closed.get(key)
        if known is None:
            if len(self._closed) > 200:
                self._closed.clear()
            known = self._closed[key] = Shown(self._availability(venue, day, "", ""))
        return known

    def _remember(self, key: tuple[int, int, int], version: int, shown: Shown) -> None:
        before = self._written.get(key)
        self._bytes += len(shown.body) - (len(before[1].body) if before is not None else 0)
        if self._bytes > _CACHE_BYTES:
            self._written.clear()
            self._bytes = len(shown.body)
        self._written[key] = (version, shown)

    def _write(self, sheet: Sheet, party_size: int, minute: int | None) -> Shown:
        venue, day = sheet.venue, day_text(sheet.day)
        places = [
            place
            for place in sheet.places()
            if place.least <= party_size <= place.most
            and (minute is None or abs(place.start - minute) <= TIME_FILTER_MINUTES)
        ]
        if not places:
            return self.closed(venue, day)
        slots = ",".join(self._slot(sheet, day, place, party_size) for place in places)
        numbers = sorted({place.template for place in places})
        templates = ",".join(self._template(venue, number) for number in numbers)
        starts = sorted({place.start for place in places if place.public})
        times = tuple(self._local.wall(sheet.day, start) for start in starts)
        return Shown(self._availability(venue, day, templates, slots), times)

    def _slot(self, sheet: Sheet, day: str, place: Place, party_size: int) -> str:
        venue = sheet.venue
        start = self._local.wall(sheet.day, place.start)
        end = self._local.wall(sheet.day, place.start + place.turn)
        template = template_id(venue, place.template)
        token = (
            f"rgs://resy/{venue.id}/{template}/{place.service}/{day}/{start[:10]}/{start[11:]}/{party_size}/"
            f"{place.seating}"
        )
        if self._lean:
            return (
                f'{{"config":{{"type":"{place.config_type}","token":"{token}"}},"date":{{"start":"{start}"}},'
                f'"template":{{"id":{template}}},"shift":{{"day":"{day}"}},'
                f'"exclusive":{{"id":{place.exclusive},"is_eligible":{_JSON[place.eligible]}}},'
                f'"is_global_dining_access":{_JSON[place.dining_access]}}}'
            )
        return (
            f'{{"config":{{"id":{config_id(venue, place.config)},"type":"{place.config_type}","token":"{token}"}},'
            f'"date":{{"start":"{start}","end":"{end}"}},"template":{{"id":{template}}},'
            f'"shift":{{"id":{shift_id(venue, place.service)},"day":"{day}",'
            f'"service":{{"type":{{"id":{place.service}}}}}}},'
            f'"exclusive":{{"id":{place.exclusive},"is_eligible":{_JSON[place.eligible]}}},'
            f'"is_global_dining_access":{_JSON[place.dining_access]},"reservation_config":{{"badge":null}},'
            f'"display_config":{{"color":{{"font":null,"background":null}}}},"has_add_ons":false}}'
        )

    def _template(self, venue: Venue, number: int) -> str:
        key = (venue.id, number)
        known = self._templates.get(key)
        if known is None:
            body = msgspec.json.encode(search_template(venue, number)).decode()
            known = self._templates[key] = f'"{template_id(venue, number)}":{body}'
        return known

    def _availability(self, venue: Venue, day: str, templates: str, slots: str) -> bytes:
        if self._lean:
            return f'{{"templates":{{{templates}}},"slots":[{slots}]}}'.encode()
        services = '{"2":{},"3":{}}' if serves_lunch(venue) else '{"2":{}}'
        wishes = msgspec.json.encode(notify_options(venue, day)).decode()
        return (
            f'{{"status":null,"notifies":[],"events":[],"templates":{{{templates}}},"notify_options":{wishes},'
            f'"slots":[{slots}],"service_types":{services},"gating_errors":{{}}}}'
        ).encode()
