"""What was found of the market: its figures and its supply as the service has them, beside those counted by hand."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec

from tablewire.live.fill import BoardFill
from tablewire.services.supply import SupplyInsight, SupplyWish
from tests.integration.insights import market_by_hand
from tests.integration.insights.by_hand import Known
from tests.integration.insights.course import Lived
from tests.integration.insights.stays import is_prime, service_day

LENGTHS = (timedelta(hours=24), timedelta(days=14))


class Pair(msgspec.Struct, frozen=True):
    """One figure as the service has it, and by hand."""

    what: str
    service: Any
    by_hand: Any


async def market_pairs(lived: Lived, length: timedelta) -> list[Pair]:
    """Every figure of a market's window, and what the looks could show of it."""
    now, witness = lived.now.timestamp(), lived.witness
    stored = await lived.store.market_figures.metrics("nyc", length)
    assert stored is not None
    told = {name: msgspec.json.decode(value) for name, value in stored.values.items()}
    known = _market(lived)
    names = {venue_id: venue.neighbourhood for venue_id, venue in witness.city.by_id.items()}
    begun = lived.course.start.timestamp()
    wanted = market_by_hand.market_figures(
        known.stays, known.spans, names, now - length.total_seconds(), now, begun
    )
    return [Pair(name, _READ[name](told[name]), found) for name, found in wanted.items()]


def _market(lived: Lived) -> Known:
    witness = lived.witness
    return Known(
        stays=witness.seen,
        watched={day: witness.watched(day) for day in list(witness.looks)},
        now=lived.now.timestamp(),
    )


def _value(told: Any) -> Any:
    return told["value"]


def _groups(told: Any) -> Any:
    return {group["key"]: (group["drops"], group["drops_per_hour"]) for group in told}


_READ: dict[str, Any] = {
    "drops_total": _value,
    "drops_per_hour": lambda told: {
        one["at"] / 1e6: one["drops"] for one in told if one["drops"] is not None
    },
    "drops_per_observed_hour": _value,
    "drops_by_neighborhood": lambda told: told,
    "drops_by_day_of_week": lambda told: {int(day): drops for day, drops in told.items()},
    "drops_by_day_of_opening": _groups,
    "drops_by_hour_of_day": _groups,
    "prime_time_volatility_index": _value,
    "cancellation_waves": lambda told: {wave["at"] / 1e6: wave["usual"] for wave in told},
}


async def density_pair(lived: Lived) -> Pair:
    """What is open now for each date and time slot, and for each venue."""
    stored = await lived.store.market_figures.metrics("nyc", LENGTHS[0])
    assert stored is not None
    told = msgspec.json.decode(stored.values["forward_availability_density"])
    found = market_by_hand.open_in(lived.witness.seen, lived.now.timestamp())
    venues = len(lived.witness.city.venues)
    service = {(one["service_date"], one["time_slot"]): (one["open_now"], one["per_venue"]) for one in told}
    wanted = {
        (str(day), slot): (found[day, slot], found[day, slot] / venues)
        for day in _dates(lived)
        for slot in ("15:00", "19:00")
    }
    return Pair("forward_availability_density", service, wanted)


def _dates(lived: Lived) -> list[date]:
    today = market_by_hand.service_day_of(lived.now.timestamp())
    return [today + timedelta(days=lead) for lead in range(lived.course.days)]


async def supply_pairs(lived: Lived) -> list[Pair]:
    """The supply of all buckets, of the weekend, and of one bucket."""
    insight = SupplyInsight(lived.store.market_figures, BoardFill(lived.service.board), lambda: lived.now)
    dates = _dates(lived)
    weekend = [day for day in dates if day.weekday() >= 4][:3]
    wishes = {
        "all": (SupplyWish(), dates, ("15:00", "19:00")),
        "dates": (SupplyWish(dates=tuple(weekend)), weekend, ("15:00", "19:00")),
        "prime": (SupplyWish(time_slots=frozenset({"19:00"})), dates, ("19:00",)),
    }
    found = []
    for name, (wish, days, slots) in wishes.items():
        total = (await insight.supply(lived.settings.markets[0], wish)).total
        service = (
            total.total_slots_at_baseline, total.open_now, total.pct_change_vs_baseline, total.scarcity_delta,
        )  # fmt: skip
        found.append(Pair(name, service, _supply(lived, days, slots)))
    return found


def _supply(lived: Lived, days: list[date], slots: tuple[str, ...]) -> tuple[float | None, ...]:
    now, seen = lived.now.timestamp(), lived.witness.seen
    today = market_by_hand.service_day_of(now)
    opened = market_by_hand.open_in(seen, now)
    at_first = Counter(
        (service_day(slot), "19:00" if is_prime(slot) else "15:00") for slot in lived.witness.baseline
    )
    meant = [(day, slot) for day in days for slot in slots]
    baseline, count = sum(at_first[one] for one in meant), sum(opened[one] for one in meant)
    known = market_by_hand.usual_supply(seen, lived.saves, today, lived.course.days)
    kinds = {(day, slot): known.get((day.weekday(), slot, (day - today).days)) for day, slot in meant}
    usual = sum(sum(counts) / len(counts) for counts in kinds.values() if counts)
    compared = sum(opened[one] for one, counts in kinds.items() if counts)
    return (
        baseline,
        count,
        100 * (count - baseline) / baseline if baseline else None,
        100 * (usual - compared) / usual if usual else None,
    )
