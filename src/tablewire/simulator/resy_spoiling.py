"""How faults look within Resy's answers: search pages with something wrong in them."""

import random
from typing import Any

import msgspec

from tablewire.simulator.answers import Served
from tablewire.simulator.faults import FaultKind
from tablewire.simulator.resy_search import Hit, Page


def slip_of(kind: FaultKind, page: int, dice: random.Random) -> int:
    """By how many places the borders of a drifting page have moved; the first page only moves inwards."""
    if kind != "drifting_pages":
        return 0
    return dice.randint(1, 4) * (1 if page <= 1 or dice.random() < 0.5 else -1)


def spoil(page: Page, kind: FaultKind, dice: random.Random) -> tuple[Page, bool]:
    """The page with the fault in it, and whether there was anything to spoil."""
    hits = page.hits
    match kind:
        case "soft_block":
            return msgspec.structs.replace(page, hits=[_emptied(hit) for hit in hits]), bool(hits)
        case "soft_block_no_hits":
            return msgspec.structs.replace(page, total=0, hits=[]), True
        case "changed_types":
            return msgspec.structs.replace(page, hits=[_retyped(hit) for hit in hits]), bool(hits)
        case "malformed_hit":
            return _with_one(page, list(range(len(hits))), dice, _unreadable)
        case "missing_availability":
            return _with_one(page, _with_tables(hits, 0), dice, _without_tables)
        case "malformed_slot":
            return _with_one(page, _with_tables(hits, 1), dice, _with_broken_slot)
        case _:
            return page, False


def _with_tables(hits: list[Hit], least: int) -> list[int]:
    return [
        number
        for number, hit in enumerate(hits)
        if hit.availability is not None and hit.served is not None and len(hit.served.actual_times) >= least
    ]


def _with_one(page: Page, choices: list[int], dice: random.Random, change: Any) -> tuple[Page, bool]:
    if not choices:
        return page, False
    number = dice.choice(choices)
    hits = list(page.hits)
    hits[number] = change(hits[number], dice)
    return msgspec.structs.replace(page, hits=hits), True


def _unreadable(_: Hit, dice: random.Random) -> Hit:
    return Hit(dice.choice((b"null", b'"not a venue"')), None, None)


def _without_tables(hit: Hit, dice: random.Random) -> Hit:
    return Hit(hit.head, dice.choice((None, b"null")), None)


def _with_broken_slot(hit: Hit, dice: random.Random) -> Hit:
    """One slot loses its start; the others stay readable."""
    availability = msgspec.json.decode(hit.availability or b"null")
    broken = dice.choice(availability["slots"])
    broken["date"]["start"] = None
    served = hit.served
    if served is not None:
        readable = {slot["date"]["start"] for slot in availability["slots"]}
        served = Served(served.venue_id, tuple(time for time in served.actual_times if time in readable))
    return Hit(hit.head, msgspec.json.encode(availability), served)


def _emptied(hit: Hit) -> Hit:
    """A hit whose tables are gone as if sold out."""
    if hit.availability is None:
        whole = msgspec.json.decode(hit.head)
        if isinstance(whole.get("availability"), dict):
            whole["availability"] |= {"slots": [], "experiences": []}
        return Hit(msgspec.json.encode(whole), None, hit.served)
    availability = msgspec.json.decode(hit.availability) | {"slots": [], "templates": {}}
    served = None if hit.served is None else Served(hit.served.venue_id, ())
    return Hit(hit.head, msgspec.json.encode(availability), served)


def _retyped(hit: Hit) -> Hit:
    """The rating becomes text, and the list of cuisines a single one."""
    head = msgspec.json.decode(hit.head)
    head["rating"] = str(head["rating"]["average"])
    head["cuisine"] = ", ".join(head["cuisine"])
    return Hit(msgspec.json.encode(head), hit.availability, hit.served)
