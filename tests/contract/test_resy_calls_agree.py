"""Resy's two calls say the same of a venue: the search over an area, and the look at one house."""

from datetime import UTC, date, datetime

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import SimulatorOptions

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
DAY = date(2026, 10, 22)


async def test_a_look_at_each_venue_gives_the_very_answers_of_the_search() -> None:
    options = SimulatorOptions(seed=3, venues=200, start=NOW, clock=lambda: NOW)
    async with running_simulator(options) as simulator:
        caller = Caller("resy", seats=Seats(4), rate=10_000, timeout=20, user_agent="tests", now=lambda: NOW)
        resy = ResyProvider(base_url=simulator.base_url, api_key="any", auth_token=None, caller=caller)
        try:
            searched = await resy.search_availability(NYC, DAY, None, (2,))
            known = {said.venue_id: said for answer in searched.answers for said in answer.venues}
            looked = await resy.look_at(NYC, DAY, {2: tuple(known)})
        finally:
            await resy.aclose()
    assert looked.outcome is Outcome.OK
    assert sum(len(said.slots) for said in known.values()) > 100
    assert any(seen.off_market_at for said in known.values() for seen in said.slots)
    assert len(looked.answers) == len(known)
    for answer in looked.answers:
        (said,) = answer.venues
        assert said is known[said.venue_id]
    assert looked.venues == {venue_id: searched.venues[venue_id] for venue_id in known}
