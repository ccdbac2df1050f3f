"""Notify requests and goals on PostgreSQL: matched as drops commit, told once, whatever dies in between."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tablewire.domain.notify_requests import Status
from tablewire.domain.restaurants import Decision, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.domain.venue_names import VenueWish
from tablewire.domain.wanted import WantedVenue
from tablewire.engine.active import WishBook
from tablewire.errors import StoreUnavailable
from tablewire.live.restaurants import Restaurant
from tablewire.services.goals import GoalChange
from tablewire.services.notify_requests import NotifyRequestBody
from tablewire.storage.store import PostgresStore
from tests.unit.domain.scenes import DAY, EIGHT, NINE, NOON, TEN
from tests.wish_scenes import Replica, WishScene

AT_EIGHT = "Chez v: table for 2, Wed 18 Feb 20:00"
AT_NINE = "Chez v: table for 2, Wed 18 Feb 21:00"


@pytest.fixture
async def scene(store: PostgresStore) -> WishScene:
    return await WishScene.begin(store)


async def test_an_opening_is_told_once_with_its_book_page_and_its_event(scene: WishScene) -> None:
    request = await scene.request("v", party_size=2)
    assert await scene.match() == []
    await scene.poll(1, {"v": [EIGHT], "w": [EIGHT]})
    assert await scene.match() == [AT_EIGHT]
    assert await scene.match() == []
    (told,) = scene.one.told
    opening = scene.bucket.log[0]
    assert (told.kind, told.source_id, told.event_id) == ("notify", request.id, opening.id)
    assert (told.slot_key, told.opening) == (opening.slot_id, f"{opening.id}+2")
    assert told.body == "Opened at 12:01:02. It fits your notify request."


async def test_a_table_that_opens_again_is_told_again_and_its_end_is_noted(scene: WishScene) -> None:
    await scene.request("v")
    for minute, times in enumerate(([EIGHT], [], [], [EIGHT]), start=1):
        await scene.poll(minute, {"v": times})
        await scene.match()
    assert await scene.stored() == [AT_EIGHT, AT_EIGHT]
    again, first = await scene.notifications.of_user(scene.ann.id, None, 10)
    assert (first.closed_at is None, again.closed_at) == (False, None)


async def test_a_one_off_is_fulfilled_by_the_first_of_several_openings(scene: WishScene) -> None:
    request = await scene.request("v", once=True)
    await scene.poll(1, {"v": [EIGHT, NINE]})
    await scene.poll(2, {"v": [EIGHT, NINE, TEN]})
    assert await scene.match() == [AT_EIGHT]
    assert await scene.state(request) == (Status.FULFILLED, scene.one.told[0].id)
    assert len(scene.matcher.wishes) == 0


async def test_what_was_open_before_is_told_at_once_and_what_came_and_went_before_is_not(
    scene: WishScene,
) -> None:
    await scene.poll(1, {"v": [EIGHT, NINE]})
    await scene.poll(2, {"v": [NINE]})
    await scene.poll(3, {"v": [NINE]})
    await scene.match()
    request = await scene.request("v", party_size=2)
    assert await scene.match() == [AT_NINE]
    stored = await scene.asking.get(scene.ann, request.id)
    assert stored.looked_back
    assert await scene.one.minute() == []


async def test_events_that_were_matched_while_a_request_was_stored_are_matched_for_it(
    scene: WishScene,
) -> None:
    request = await scene.request("v")
    scene.matcher._changes.clear()  # the word of it has not come yet
    scene.matcher._book._looked_at = scene.clock.monotonic() + 60
    await scene.poll(1, {"v": [EIGHT]})
    assert await scene.match() == []
    await scene.poll(2, {"v": []})
    await scene.poll(3, {"v": []})
    scene.matcher.changed(request)
    assert await scene.match() == [AT_EIGHT]


async def test_an_open_table_that_gains_the_party_size_is_told_once(scene: WishScene) -> None:
    await scene.poll(0, {"v": [], "w": []}, size=4)
    for_four = await scene.request("v", party_size=4)
    await scene.request("v", user=scene.bob)
    await scene.poll(1, {"v": [EIGHT]})
    await scene.match()
    await scene.poll(2, {"v": [EIGHT]}, size=4)
    scene.matcher.gained(list(scene.bucket.state.open.values()))
    assert await scene.match() == ["Chez v: table for 4, Wed 18 Feb 20:00"]
    assert scene.one.told[-1].source_id == for_four.id
    scene.matcher.gained(list(scene.bucket.state.open.values()))
    assert await scene.match() == []
    assert await scene.one.minute() == []
    assert await scene.stored(scene.bob) == [AT_EIGHT]


async def test_a_gain_that_nobody_told_of_is_found_within_the_minute(scene: WishScene) -> None:
    await scene.poll(0, {"v": [], "w": []}, size=4)
    await scene.request("v", party_size=4)
    await scene.poll(1, {"v": [EIGHT]})
    await scene.match()
    await scene.one.minute()
    await scene.poll(2, {"v": [EIGHT]}, size=4)
    assert await scene.one.minute() == ["Chez v: table for 4, Wed 18 Feb 20:00"]
    assert await scene.one.minute() == []


async def test_a_request_for_a_venue_means_its_restaurant_elsewhere_too(scene: WishScene) -> None:
    elsewhere = Venue(provider="opentable", venue_id="77", name="Chez v")
    here = Venue(provider="resy", venue_id="v", name="Chez v")
    await scene.store.learn([elsewhere], NOON)
    request = await scene.request("v")
    body_of_other = await scene.asking.make(scene.ann, _body_for("opentable", "77"))
    pair = Pair.of(Listing("opentable", "77"), Listing("resy", "v"))
    joined = Restaurant(
        id="resy:v",
        venues=(elsewhere, here),
        decisions=(Decision(pair=pair, verdict=Verdict.SAME, by="ann", at=NOON),),
    )
    await scene.match()
    scene.houses.remember([joined])
    await scene.poll(1, {"v": [EIGHT]})
    await scene.match()
    assert {one.source_id for one in scene.one.told} == {request.id, body_of_other.id}


def _body_for(provider: str, venue_id: str) -> Any:
    venues = [VenueWish(provider=provider, venue_id=venue_id)]
    return NotifyRequestBody(venues=venues, dates=[DAY], once=False)


async def test_goals_are_scored_and_counted(scene: WishScene) -> None:
    scene.scarcity = {"v": 0.5, "w": 1.0}
    goal = await scene.goal(time_from="19:00", time_to="21:00", min_score=0.6)
    await scene.match()
    await scene.poll(1, {"v": [EIGHT], "w": [EIGHT, TEN]})
    assert await scene.match() == ["Chez w: table for 2, Wed 18 Feb 20:00"]
    assert scene.one.told[0].goal_match_score == 1.0
    assert await scene.counts(goal) == (3, 2, 1, 0)
    (opening,) = [event for event in scene.bucket.log if event.venue_id == "v"]
    assert scene.one.told[0].event_id != opening.id


async def test_a_changed_goal_is_about_what_comes_after_and_keeps_its_figures(scene: WishScene) -> None:
    goal = await scene.goal(party_size=2)
    await scene.poll(1, {"v": [EIGHT]})
    await scene.match()
    await scene.wishing.change(scene.ann, goal.id, GoalChange(active=False))
    await scene.poll(2, {"v": [EIGHT, NINE]})
    assert await scene.match() == []
    await scene.wishing.change(scene.ann, goal.id, GoalChange(active=True, party_size=None))
    await scene.poll(3, {"v": [EIGHT, NINE, TEN]})
    assert await scene.match() == ["Chez v: table for 2, Wed 18 Feb 22:00"]
    assert await scene.counts(goal) == (3, 2, 2, 0)


async def test_a_deleted_request_is_matched_no_more(scene: WishScene) -> None:
    request = await scene.request("v")
    await scene.match()
    await scene.asking.delete(scene.ann, request.id)
    await scene.poll(1, {"v": [EIGHT]})
    assert await scene.match() == []
    assert len(scene.matcher.wishes) == 0


async def test_requests_whose_dates_have_passed_expire(scene: WishScene) -> None:
    request = await scene.request("v")
    late = await scene.request("v", dates=[DAY, DAY + timedelta(days=1)])
    await scene.match()
    scene.clock.advance(24 * 3600)
    await scene.one.minute()
    assert (await scene.state(request))[0] is Status.EXPIRED
    assert (await scene.state(late))[0] is Status.ACTIVE
    assert list(scene.matcher.wishes.requests) == [late.id]


async def test_what_is_not_polled_is_asked_for_and_told_once(scene: WishScene) -> None:
    far = DAY + timedelta(days=30)
    await scene.request("v", dates=[DAY, far], party_size=2)
    await scene.request("v", dates=[DAY], party_size=7)
    await scene.request("w", dates=[far])
    await scene.match()
    await scene.one.minute()
    assert set(scene.outside.questions) == {("v", far, 2), ("v", DAY, 7), ("w", far, 2)}
    scene.outside.free["v", far, 2] = ("2026-03-20 20:30:00",)
    assert await scene.one.minute() == ["Chez v: table for 2, Fri 20 Mar 20:30"]
    assert await scene.one.minute() == []


async def test_the_sweep_hears_of_the_venues_that_requests_name(scene: WishScene) -> None:
    await scene.request("v", dates=[DAY, date(2026, 3, 30)], party_size=2)
    await scene.request("v", dates=[DAY + timedelta(days=1)], party_size=2, user=scene.bob)
    await scene.request("w", dates=[date(2026, 3, 30)])
    await scene.match()
    await scene.one.minute()
    days = frozenset({DAY, DAY + timedelta(days=1)})
    wanted = WantedVenue(provider="resy", venue_id="v", dates=days, sizes=frozenset({2}))
    assert scene.wanted["notify"] == (wanted,)


# --- several services, and services that die


async def test_two_services_tell_once_and_both_know_every_request(scene: WishScene) -> None:
    two = Replica(scene)
    await two.match()
    request = await scene.request("v", once=True)
    every_time = await scene.request("w")
    await scene.match()
    scene.clock.advance(2)
    await scene.poll(1, {"v": [EIGHT], "w": [EIGHT]})
    told = await two.match() + await scene.match()
    assert sorted(told) == [AT_EIGHT, "Chez w: table for 2, Wed 18 Feb 20:00"]
    assert (await scene.state(request))[0] is Status.FULFILLED
    scene.clock.advance(2)
    await scene.match()
    await two.match()
    assert list(two.matcher.wishes.requests) == list(scene.matcher.wishes.requests) == [every_time.id]


async def test_what_another_service_matched_without_knowing_a_request_is_matched_for_it(
    scene: WishScene,
) -> None:
    two = Replica(scene)
    await two.match()
    two.matcher._book._looked_at = scene.clock.monotonic() + 60  # it has just looked for changes
    await scene.request("v")
    await scene.match()
    await scene.poll(1, {"v": [EIGHT]})
    assert await two.match() == []
    assert await scene.match() == [AT_EIGHT]


Step = Callable[..., Any]


class Dying:
    """Lets a number of calls through, and then breaks off: before a call does anything, or after it has done all."""

    def __init__(self, *, after: bool) -> None:
        self.lives = 0
        self._after = after

    def around(self, door: Any) -> Any:
        return _Around(door, self)

    async def call(self, step: Step, *args: Any, **kwargs: Any) -> Any:
        self.lives -= 1
        if self.lives < 0 and not self._after:
            raise StoreUnavailable("gone")
        done = await step(*args, **kwargs)
        if self.lives < 0:
            raise StoreUnavailable("gone")
        return done


class _Around:
    def __init__(self, door: Any, dying: Dying) -> None:
        self._door, self._dying = door, dying

    def __getattr__(self, name: str) -> Step:
        step = getattr(self._door, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._dying.call(step, *args, **kwargs)

        return call


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("after", [False, True])
async def test_a_service_that_dies_or_loses_its_store_at_any_step_loses_and_doubles_nothing(
    scene: WishScene, *, after: bool, restarts: bool
) -> None:
    await scene.poll(1, {"w": [EIGHT]})
    once = await scene.request("v", once=True)
    every_time = await scene.request("v", "w")
    goal = await scene.goal()
    scene.clock.advance(5)
    await scene.poll(2, {"v": [EIGHT, NINE], "w": [EIGHT]})
    await scene.poll(3, {"v": [NINE], "w": [EIGHT]})
    await scene.poll(4, {"v": [NINE], "w": [EIGHT]})
    dying = Dying(after=after)
    replica = _dying(scene, dying)
    for lives in range(14):
        dying.lives = lives
        try:
            await replica.match()
        except StoreUnavailable:
            replica = _dying(scene, dying) if restarts else replica
            continue
        break
    else:
        pytest.fail("it never came to an end")
    stored = await scene.notifications.of_user(scene.ann.id, None, 100)
    at_w = "Chez w: table for 2, Wed 18 Feb 20:00"
    assert sorted((one.kind.value, one.source_id, one.title) for one in stored) == sorted(
        [
            ("notify", once.id, AT_NINE),  # what is still open comes before what was missed
            *(("notify", every_time.id, title) for title in (at_w, AT_EIGHT, AT_NINE)),
            *(("goal", goal.id, title) for title in (AT_EIGHT, AT_NINE)),
        ]
    )
    assert all((one.title == AT_EIGHT) == (one.closed_at is not None) for one in stored)
    assert (await scene.counts(goal))[1:] == (2, 2, 0)


def _dying(scene: WishScene, dying: Dying) -> Replica:
    return Replica(
        scene,
        event_log=dying.around(scene.store),
        opening_ids=dying.around(scene.opening_ids),
        writer=dying.around(scene.notifications),
        book=WishBook(dying.around(scene.requests), dying.around(scene.goals)),
    )


async def test_a_matcher_cancelled_in_the_middle_is_made_good_for_by_the_next(scene: WishScene) -> None:
    await scene.request("v")
    await scene.poll(1, {"v": [EIGHT]})
    for steps in range(0, 60, 7):
        replica = Replica(scene)
        task = asyncio.create_task(replica.match())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await scene.match()
    assert await scene.stored() == [AT_EIGHT]


async def test_after_the_store_was_emptied_everything_is_read_again(scene: WishScene) -> None:
    await scene.request("v")
    await scene.match()
    async with scene.store._pool.acquire() as connection:
        await connection.execute("DELETE FROM notify_requests")
    scene.matcher.forget()
    await scene.poll(1, {"v": [EIGHT]})
    assert await scene.match() == []
    assert len(scene.matcher.wishes) == 0
