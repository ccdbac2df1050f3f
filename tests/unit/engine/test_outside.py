"""Asking for what is not polled: once for all who want it, a little at a time."""

from datetime import date, timedelta

import msgspec
import pytest

from tablewire.domain.markets import NYC
from tablewire.domain.restaurants import Listing
from tablewire.domain.snapshots import Outcome
from tablewire.engine.outside import KEPT, Outside, Question
from tests.clock import StepClock
from tests.unit.domain.scenes import NOON
from tests.watch_scenes import FAR_DAY, FakeProvider

EIGHT = "2026-03-20 20:00:00"


def listing(venue: str) -> Listing:
    return Listing("resy", venue)


class Scene:
    def __init__(self) -> None:
        self.clock = StepClock(NOON)
        self.provider = FakeProvider(self.clock)
        self.outside = Outside({"resy": self.provider}, lambda _: NYC, self.clock)

    def ask(self, venue: str = "v", day: date = FAR_DAY, *, good_for: timedelta = KEPT) -> list[str] | None:
        slots = self.outside.open_slots(listing(venue), day, 2, good_for=good_for)
        return None if slots is None else [slot.actual_time for slot in slots]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_question_is_answered_once_it_was_asked(scene: Scene) -> None:
    scene.provider.free["v", FAR_DAY, 2] = (EIGHT,)
    assert scene.ask() is None
    assert await scene.outside.turn() == 1
    assert scene.ask() == [EIGHT]
    assert await scene.outside.turn() == 0


async def test_many_who_ask_the_same_cost_one_call(scene: Scene) -> None:
    for _ in range(50):
        scene.ask()
    assert await scene.outside.turn() == 1
    assert await scene.outside.turn() == 0
    assert len(scene.provider.asked) == 1


async def test_venues_of_one_date_and_size_share_a_call(scene: Scene) -> None:
    for venue in "abc":
        scene.ask(venue)
    scene.ask("d", FAR_DAY + timedelta(days=1))
    while await scene.outside.turn():
        pass
    assert [sorted(named[2]) for _, named in scene.provider.asked] == [["a", "b"], ["c"], ["d"]]


async def test_an_answer_is_kept_for_as_long_as_whoever_asks_wants(scene: Scene) -> None:
    scene.ask(good_for=timedelta(hours=1))
    await scene.outside.turn()
    scene.clock.advance(1800)
    assert scene.ask(good_for=timedelta(hours=1)) == []
    assert await scene.outside.turn() == 0
    assert scene.ask(good_for=KEPT) == []
    assert await scene.outside.turn() == 1


async def test_a_question_that_nobody_repeats_is_asked_no_more(scene: Scene) -> None:
    scene.ask()
    await scene.outside.turn()
    scene.clock.advance(5 * KEPT.total_seconds())
    assert await scene.outside.turn() == 0


async def test_half_an_answer_leaves_the_one_before(scene: Scene) -> None:
    scene.provider.free["v", FAR_DAY, 2] = (EIGHT,)
    scene.ask()
    await scene.outside.turn()
    scene.provider.free.clear()
    scene.provider.outcome = Outcome.PARTIAL
    scene.clock.advance(KEPT.total_seconds())
    assert await scene.outside.turn() == 1
    assert scene.ask() == [EIGHT]


async def test_a_provider_that_is_slowed_down_is_asked_nothing_extra(scene: Scene) -> None:
    scene.ask()
    scene.provider.answered = msgspec.structs.replace(scene.provider.answered, rate_now=0.25)
    assert await scene.outside.turn() == 0
    assert "left alone" in (scene.outside.trouble("resy") or "")
    scene.provider.answered = msgspec.structs.replace(
        scene.provider.answered, rate_now=1.0, breaker="half_open"
    )
    assert await scene.outside.turn() == 0


async def test_a_provider_that_is_not_there_is_never_asked(scene: Scene) -> None:
    assert scene.outside.told(Question(Listing("tock", "1"), FAR_DAY, 2)) is None
    assert await scene.outside.turn() == 0
    assert "not set up" in (scene.outside.trouble("tock") or "")


async def test_a_venue_that_wants_to_be_left_alone_is_not_asked_for(scene: Scene) -> None:
    outside = Outside({"resy": scene.provider}, lambda _: NYC, scene.clock, left_alone=[("resy", "v")])
    assert outside.open_slots(listing("v"), FAR_DAY, 2) is None
    assert await outside.turn() == 0
