"""How faults look on OpenTable's wire: refusals of its own, and answers with something wrong in them."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tablewire.simulator.answers import Answer, Served, html_answer, json_answer
from tablewire.simulator.faults import FaultKind, FaultRule
from tablewire.simulator.opentable_search import Listing
from tablewire.simulator.opentable_slots import Entry
from tablewire.simulator.refusals import refusal

_SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>"
_DENIED = (
    "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \n"
    'You don\'t have permission to access "/dapi/fe/gql" on this server.<P>\n'
    "Reference&#32;&#35;18&#46;simulated\n<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;simulated</P>\n"
    "</BODY>\n</HTML>\n"
)
_NOT_FOUND = {
    "errors": [
        {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}},
    ]
}
_STALE_STATUSES = (409, 400, 200)


def denied() -> Answer:
    """The page of the wall in front of it."""
    return html_answer(403, _DENIED)


def stale(status: int = 409) -> Answer:
    """What a hash gets that is not (or no longer) known."""
    return json_answer(_NOT_FOUND, status)


def refusal_of(rule: FaultRule, dice: random.Random) -> Answer | None:
    """The answer that stands in the place of the real one; None for the kinds that spoil the real one."""
    match rule.kind:
        case "block_403":
            return denied()
        case "block_200":
            return html_answer(200, _SIGN_IN)
        case "stale_hash":
            return stale(dice.choice(_STALE_STATUSES))
        case "null_data":
            return json_answer({"errors": [{"message": "Internal server error"}], "data": None})
        case _:
            return refusal(rule)


def spoil_listing(page: Listing, kind: FaultKind, dice: random.Random) -> tuple[Listing, bool]:
    """The page of restaurants with the fault in it, and whether there was anything to spoil."""
    rows = page.restaurants
    match kind:
        case "soft_block_no_hits":
            return msgspec.structs.replace(page, total=0, restaurants=[]), True
        case "malformed_hit" if rows:
            rows = _with_one(rows, dice, lambda _: dice.choice((b"null", b'"not a restaurant"')))
        case "changed_types" if rows:
            rows = [_changed(row, _retyped_restaurant) for row in rows]
        case _:
            return page, False
    return msgspec.structs.replace(page, restaurants=rows), bool(rows)


class Shown(msgspec.Struct, frozen=True):
    """One house of an answer on tables: its JSON, and what it serves (None: it cannot be read)."""

    body: bytes
    served: Served | None


def shown(venue_id: int, entry: Entry) -> Shown:
    """A house as it is."""
    return Shown(entry.body, Served(venue_id, entry.actual_times))


def spoil_entries(entries: list[Shown], kind: FaultKind, dice: random.Random) -> tuple[list[Shown], bool]:
    """The houses of an answer with the fault in them, and whether there was anything to spoil."""
    with_tables = [n for n, one in enumerate(entries) if one.served is not None and one.served.actual_times]
    match kind:
        case "soft_block_no_hits":
            return [], True
        case "soft_block":
            return [_emptied(one) for one in entries], bool(entries)
        case "changed_types":
            return [Shown(_changed(one.body, _retyped_tables), one.served) for one in entries], bool(entries)
        case "malformed_hit" if entries:
            unreadable = Shown(dice.choice((b"null", b'"not a restaurant"')), None)
            return _with_one(entries, dice, lambda _: unreadable), True
        case "missing_availability" if entries:
            return _with_one(entries, dice, lambda one: _without_days(one, dice)), True
        case "malformed_slot" if with_tables:
            number = dice.choice(with_tables)
            return [
                _with_broken_slot(one, dice) if n == number else one for n, one in enumerate(entries)
            ], True
        case _:
            return entries, False


def _with_one(rows: Sequence[Any], dice: random.Random, change: Callable[[Any], Any]) -> list[Any]:
    number = dice.randrange(len(rows))
    return [change(row) if n == number else row for n, row in enumerate(rows)]


def _changed(body: bytes, change: Callable[[Any], None]) -> bytes:
    value = msgspec.json.decode(body)
    change(value)
    return msgspec.json.encode(value)


def _retyped_restaurant(restaurant: Any) -> None:
    """The price becomes a number, and the one cuisine a list."""
    restaurant["priceBand"] = restaurant["priceBand"]["priceBandId"]
    restaurant["primaryCuisine"] = [restaurant["primaryCuisine"]["name"]]


def _slots(entry: Any) -> list[Any]:
    """The tables of the day that was asked for."""
    return [slot for slot in entry["availabilityDays"][0]["slots"] if slot["isAvailable"]]


def _retyped_tables(entry: Any) -> None:
    """Hashes become numbers, and the list of areas a text."""
    for slot in _slots(entry):
        slot["slotHash"] = int(slot["slotHash"])
        slot["attributes"] = ", ".join(slot["attributes"])


def _emptied(one: Shown) -> Shown:
    """A house whose tables are gone as if sold out."""

    def empty(entry: Any) -> None:
        for day in entry["availabilityDays"]:
            day |= {"slots": [], "noTimesReasons": day["noTimesReasons"] or ["BlockedAvailability"]}

    served = None if one.served is None else Served(one.served.venue_id, ())
    return Shown(_changed(one.body, empty), served)


def _without_days(one: Shown, dice: random.Random) -> Shown:
    def strip(entry: Any) -> None:
        if dice.random() < 0.5:
            entry["availabilityDays"] = None
        else:
            del entry["availabilityDays"]

    return Shown(_changed(one.body, strip), None)


def _with_broken_slot(one: Shown, dice: random.Random) -> Shown:
    """One slot loses its time; the others stay readable, and so does the same start under another type."""
    assert one.served is not None
    entry = msgspec.json.decode(one.body)
    slots = _slots(entry)
    number = dice.randrange(len(slots))
    minutes = sorted({slot["timeOffsetMinutes"] for slot in slots})
    slots[number]["timeOffsetMinutes"] = None
    readable = {slot["timeOffsetMinutes"] for slot in slots}
    times = [
        time for minute, time in zip(minutes, one.served.actual_times, strict=True) if minute in readable
    ]
    return Shown(msgspec.json.encode(entry), Served(one.served.venue_id, tuple(times)))
