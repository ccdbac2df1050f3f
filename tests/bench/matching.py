"""Matching: a drop with all notify requests and goals, against a scan over all of them, and as their number grows."""

import gc
import random
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from datetime import time as wall

from tablewire.domain.matching import MatchIndex
from tablewire.domain.restaurants import Listing
from tablewire.domain.wishes import Limits, Opening
from tests.bench.figures import Bench, in_turn, ratios, shown

TODAY = date(2026, 2, 11)
WINDOW = 14
VENUES = 2_700
PLACES = 120
"""Neighbourhoods."""
MATCHES = 100
DROPS = 40
"""Openings that are timed together."""
FAR = ((True, False), (False, True), (False, False))
"""Why a wish is far from all drops: it is for later dates, or for a larger party, or else for other hours."""
TENFOLD_GOAL = 2.0
"""At most: the same matches among ten times as many wishes. At one the time would follow nothing but the matches."""


def venue(number: int) -> Listing:
    return Listing("resy", str(number))


def place_of(number: int) -> str:
    return f"quarter {number % PLACES}"


class Crowd:
    """Wishes as people have them: everybody's venue is anybody's, but few want the same evening, hour and size."""

    def __init__(self, each: int, drops: Sequence[Opening]) -> None:
        self._chance = random.Random(11)
        self.index: MatchIndex[int] = MatchIndex()
        self.all: list[Limits] = []
        for drop in drops:
            for _ in range(MATCHES // 2):
                self._add(self._request_for(drop))
                self._add(self._goal_for(drop))
        while len(self.all) < each * 2:
            self._add(self._far_request())
            self._add(self._far_goal())
        gc.collect()

    def _add(self, limits: Limits) -> None:
        self.index.put(len(self.all), limits)
        self.all.append(limits)

    def _request_for(self, drop: Opening) -> Limits:
        return Limits(
            venues=(drop.listing, venue(self._chance.randrange(VENUES))),
            dates=(drop.service_date, drop.service_date + timedelta(days=1)),
            time_from=wall(18),
            party_size=self._chance.choice(drop.party_sizes),
        )

    def _goal_for(self, drop: Opening) -> Limits:
        return Limits(
            neighborhoods=(drop.place or "",),
            date_from=TODAY,
            weekdays=(drop.service_date.weekday(),),
            time_from=wall(19),
            time_to=wall(21, 30),
            party_size=self._chance.choice(drop.party_sizes),
            price_max=3,
        )

    def _far_request(self) -> Limits:
        """One that no timed drop matches: its evenings come later, its party is larger, or it is about lunch; its venues are anybody's."""
        chance = self._chance
        later, larger = chance.choice(FAR)
        first = TODAY + timedelta(days=chance.randrange(WINDOW) + (WINDOW if later else 0))
        return Limits(
            venues=tuple(venue(chance.randrange(VENUES)) for _ in range(chance.randint(1, 3))),
            dates=tuple(first + timedelta(days=ahead) for ahead in range(chance.randint(1, 4))),
            time_from=chance.choice((None, wall(18), wall(19, 30))) if later or larger else wall(11, 30),
            time_to=chance.choice((None, wall(21), wall(22, 30))) if later or larger else wall(15),
            party_size=6 if larger else chance.choice((2, 4, None)),
        )

    def _far_goal(self) -> Limits:
        """The same of goals: a tenth of them name no place at all."""
        chance = self._chance
        later, larger = chance.choice(FAR)
        first = TODAY + timedelta(days=2 * WINDOW if later else 0)
        anywhere = chance.random() < 0.1
        return Limits(
            neighborhoods=() if anywhere else tuple(place_of(chance.randrange(PLACES)) for _ in range(3)),
            date_from=first,
            date_to=chance.choice((None, first + timedelta(days=60))),
            weekdays=chance.choice(((), (4, 5), (0, 1, 2, 3))),
            time_from=wall(18, 30) if later or larger else wall(11, 30),
            time_to=chance.choice((None, wall(22))) if later or larger else wall(15),
            party_size=8 if larger else chance.choice((2, 4)),
            price_max=chance.choice((None, 2, 4)),
        )


def drop_at(number: int) -> Opening:
    chance = random.Random(number)
    where, day = venue(number * 61 % VENUES), TODAY + timedelta(days=chance.randrange(WINDOW))
    return Opening(
        listings=(where, Listing("opentable", where.venue_id)),
        slot_key=f"{number:032x}",
        opening=str(number),
        event_id=number,
        market="nyc",
        venue_name="Somewhere",
        neighborhood=place_of(int(where.venue_id)),
        place=place_of(int(where.venue_id)),
        price_range=3,
        service_date=day,
        slot_date=day,
        slot_time=wall(20, 15),
        party_sizes=(2, 3, 4),
        opened_at=None,
        listing=where,
        book_url=None,
        image_url=None,
    )


def matching_by_index(crowd: Crowd, drops: Sequence[Opening]) -> Callable[[], float]:
    """Microseconds a drop."""

    def run() -> float:
        began = time.perf_counter()
        for drop in drops:
            crowd.index.match(drop)
        return (time.perf_counter() - began) / len(drops) * 1e6

    return run


def matching_by_scan(crowd: Crowd, drops: Sequence[Opening]) -> Callable[[], float]:
    """The same, looking at every wish."""

    def run() -> float:
        began = time.perf_counter()
        for drop in drops:
            [place for place, limits in enumerate(crowd.all) if limits.ruled_out_by(drop) is None]
        return (time.perf_counter() - began) / len(drops) * 1e6

    return run


def check(crowd: Crowd, drop: Opening) -> int:
    """How many match; the index and the scan have to agree."""
    found = set(crowd.index.match(drop))
    assert found == {place for place, limits in enumerate(crowd.all) if limits.ruled_out_by(drop) is None}
    return len(found)


def run(bench: Bench) -> None:
    """Both figures."""
    drops = [drop_at(number) for number in range(DROPS)]
    crowd = Crowd(100_000, drops)
    matches = [check(crowd, drop) for drop in drops[:10]]
    bench.say(
        f"   100,000 requests and 100,000 goals; a drop matches {shown([float(one) for one in matches])}"
    )
    ours, scan = in_turn(
        bench.pairs, matching_by_index(crowd, drops), matching_by_scan(crowd, drops[:2]), warm_up=True
    )
    bench.say(f"   index {shown(ours, ' µs')}, scan {shown(scan, ' µs')} a drop")
    bench.at_most("matching_vs_scan", ratios(ours, scan), 1 / 200)
    each = 1_000_000 if bench.full else 500_000
    small, large = Crowd(each // 10, drops), Crowd(each, drops)
    few, many = in_turn(bench.pairs, matching_by_index(small, drops), matching_by_index(large, drops))
    bench.say(f"   {each // 5:,} wishes {shown(few, ' µs')}, {2 * each:,} wishes {shown(many, ' µs')} a drop")
    bench.at_most("matching_tenfold", ratios(many, few), TENFOLD_GOAL)
