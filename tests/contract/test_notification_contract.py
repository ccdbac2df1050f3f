"""What every store promises of notifications: the same tests for PostgreSQL and for memory."""

from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from typing import Any

import pytest

from tablewire.domain.notifications import Facts, Kind, Telling, opening_of
from tablewire.errors import MatchConflict
from tablewire.storage.memory_notifications import MemoryNotifications
from tablewire.storage.notification_door import Advance, Counted, Gone
from tablewire.storage.notifications import PostgresNotifications
from tablewire.storage.pools import open_pool
from tests.database import TestServer
from tests.stored_wishes import NOW, Wishes, memory_world, postgres_world

Kept = MemoryNotifications | PostgresNotifications
World = tuple[Kept, Wishes]
SLOT = "4eb06f70fcedd7420e26f59a5ea0adb7"
LATER = NOW + timedelta(seconds=102)


def telling(user: int, source: int | None, kind: Kind = Kind.NOTIFY, **fields: Any) -> Telling:
    plain: dict[str, Any] = {
        "title": "Carbone: table for 2",
        "body": "Wed 18 Feb 20:30",
        "event_id": 7,
        "slot_key": SLOT,
        "opening": "7",
        "book_url": "https://resy.com/carbone",
        "facts": Facts(provider="resy", venue_id="834", slot_date=date(2026, 2, 18), slot_time=time(20, 30)),
    }
    return Telling(user_id=user, kind=kind, source_id=source, **(plain | fields))


@pytest.fixture(params=["memory", "postgres"])
async def world(request: pytest.FixtureRequest, test_server: TestServer) -> AsyncIterator[World]:
    if request.param == "memory":
        yield memory_world()
        return
    dsn = await test_server.create()
    pool = await open_pool(dsn)
    yield postgres_world(pool)
    await pool.close()
    await test_server.drop(dsn)


async def test_what_is_told_comes_back_whole_and_unread(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    wanted = telling(user, await wishes.goal(user), Kind.GOAL, goal_match_score=0.625)
    (made,) = await kept.tell([wanted], NOW)
    assert (made.id, made.place, made.created_at, made.read_at) == (1, 1, NOW, None)
    assert {name: getattr(made, name) for name in Telling.__struct_fields__} == {
        name: getattr(wanted, name) for name in Telling.__struct_fields__
    }
    assert await kept.get(user, 1) == made
    assert await kept.of_user(user, None, 10) == [made]
    assert await kept.count_unread(user) == 1
    assert await wishes.sent() == ["sent:1:app"]


async def test_one_opening_of_one_source_is_told_once(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    one, other = await wishes.request(user), await wishes.request(user)
    first = await kept.tell([telling(user, one), telling(user, one), telling(user, other)], NOW)
    assert [made.source_id for made in first] == [one, other]
    again = await kept.tell([telling(user, one), telling(user, one, opening="9")], LATER)
    assert [(made.id, made.opening) for made in again] == [(3, "9")]


async def test_what_concerns_the_service_is_told_once_where_it_is_named_else_each_time(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    named = telling(user, None, Kind.SYSTEM, slot_key="channel:1", opening="paused")
    unnamed = telling(user, None, Kind.SYSTEM, slot_key=None, opening=None)
    assert len(await kept.tell([named, unnamed, unnamed], NOW)) == 3
    assert len(await kept.tell([named, unnamed], NOW)) == 1


async def test_a_one_off_request_is_fulfilled_by_the_first_and_told_no_more(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    once, always = await wishes.request(user, once=True), await wishes.request(user)
    openings = [telling(user, source, opening=str(n)) for n in (1, 2) for source in (once, always)]
    made = await kept.tell(openings, NOW)
    assert [(one.source_id, one.opening) for one in made] == [(once, "1"), (always, "1"), (always, "2")]
    assert await wishes.request_state(once) == ("fulfilled", 1)
    assert await wishes.request_state(always) == ("active", None)
    assert await kept.tell([telling(user, once, opening="3")], NOW) == ()


async def test_only_active_sources_of_the_user_themselves_are_told_of(world: World) -> None:
    kept, wishes = world
    ann, bob = await wishes.user(), await wishes.user("bob")
    mine, idle = await wishes.request(ann), await wishes.goal(ann, active=False)
    watch, goal = await wishes.watch(ann), await wishes.goal(ann)
    nothing = [
        telling(bob, mine),
        telling(ann, 999),
        telling(ann, idle, Kind.GOAL),
        telling(bob, goal, Kind.GOAL),
        telling(bob, watch, Kind.WATCH),
        telling(999, None, Kind.SYSTEM),
    ]
    assert await kept.tell(nothing, NOW) == ()
    something = [
        telling(ann, mine),
        telling(ann, watch, Kind.WATCH),
        telling(ann, goal, Kind.GOAL),
        telling(ann, None, Kind.SYSTEM),
    ]
    assert len(await kept.tell(something, NOW)) == 4


async def test_each_channel_that_takes_the_kind_gets_a_delivery(world: World) -> None:
    kept, wishes = world
    ann, bob = await wishes.user(), await wishes.user("bob")
    every, goals_only = await wishes.channel(ann), await wishes.channel(ann, kinds=["goal"])
    await wishes.channel(ann, paused=True)
    await wishes.channel(bob)
    source = await wishes.request(ann)
    await kept.tell([telling(ann, source), telling(ann, await wishes.goal(ann), Kind.GOAL)], NOW)
    assert sorted(await wishes.deliveries()) == [
        (1, every, "new", "pending"),
        (2, every, "new", "pending"),
        (2, goals_only, "new", "pending"),
    ]


async def test_a_table_that_is_gone_is_marked_and_told_where_its_opening_was_sent(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    source = await wishes.request(user)
    went, failed = await wishes.channel(user), await wishes.channel(user)
    await kept.tell(
        [telling(user, source), telling(user, source, opening="7+4"), telling(user, source, opening="8")], NOW
    )
    for delivery in await wishes.deliveries():
        await wishes.set_status(delivery, "failed" if delivery[1] == failed else "sent")
    gone = Gone(slot_key=SLOT, opening="7", closed_at=LATER, open_seconds=102.0)
    for _ in range(2):
        assert await kept.tell([], LATER, gone=[gone, gone]) == ()
    marked = [(one.id, one.closed_at, one.open_seconds) for one in await kept.of_user(user, None, 9)]
    assert marked == [(3, None, None), (2, LATER, 102.0), (1, LATER, 102.0)]
    assert [one for one in await wishes.deliveries() if one[2] == "gone"] == [
        (1, went, "gone", "pending"),
        (2, went, "gone", "pending"),
    ]


async def test_a_table_told_and_gone_in_one_breath_is_marked(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    gone = Gone(slot_key=SLOT, opening="7", closed_at=LATER, open_seconds=None)
    await kept.tell([telling(user, await wishes.request(user))], NOW, gone=[gone])
    (made,) = await kept.of_user(user, None, 9)
    assert (made.closed_at, made.place) == (LATER, 2)


async def test_matching_advances_with_what_it_tells_or_not_at_all(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    source, goal = await wishes.request(user), await wishes.goal(user)
    start, openings = await kept.match_head()
    step = Advance(expected_event=start, event_id=start + 5, openings=3)
    counts = [Counted(goal, 2, 1), Counted(goal, 1, 0), Counted(999, 1, 1)]
    assert len(await kept.tell([telling(user, source)], NOW, advance=step, counted=counts)) == 1
    with pytest.raises(MatchConflict):
        await kept.tell([telling(user, source, opening="8")], NOW, advance=step, counted=counts)
    assert await kept.match_head() == (start + 5, openings + 3)
    assert await wishes.goal_counts(goal) == (3, 1)
    assert len(await kept.of_user(user, None, 9)) == 1


async def test_pages_run_back_from_the_newest_and_are_one_user_s(world: World) -> None:
    kept, wishes = world
    ann, bob = await wishes.user(), await wishes.user("bob")
    mine, theirs = await wishes.request(ann), await wishes.request(bob)
    for number in range(3):
        await kept.tell(
            [telling(ann, mine, opening=str(number)), telling(bob, theirs, opening=str(number))], NOW
        )
    await kept.mark_read(ann, [5], LATER)
    assert [one.id for one in await kept.of_user(ann, None, 2)] == [5, 3]
    assert [one.id for one in await kept.of_user(ann, 3, 2)] == [1]
    assert [one.id for one in await kept.of_user(ann, None, 9, unread=True)] == [3, 1]
    assert await kept.get(ann, 2) is None


async def test_marking_counts_those_that_were_unread_and_touches_no_one_else_s(world: World) -> None:
    kept, wishes = world
    ann, bob = await wishes.user(), await wishes.user("bob")
    mine, theirs = await wishes.request(ann), await wishes.request(bob)
    await kept.tell([telling(ann, mine, opening=str(number)) for number in range(3)], NOW)
    await kept.tell([telling(bob, theirs)], NOW)
    assert [await kept.mark_read(ann, [1, 4, 999], LATER) for _ in range(2)] == [1, 0]
    assert await kept.mark_read(ann, None, LATER) == 2
    assert (await kept.count_unread(ann), await kept.count_unread(bob)) == (0, 1)
    assert (await kept.of_user(ann, None, 9))[-1].read_at == LATER


async def test_following_places_finds_what_is_new_and_what_has_changed(world: World) -> None:
    kept, wishes = world
    ann, bob = await wishes.user(), await wishes.user("bob")
    mine, theirs = await wishes.request(ann), await wishes.request(bob)
    assert await kept.ends() == (1, 0)
    await kept.tell([telling(ann, mine), telling(bob, theirs), telling(ann, mine, opening="8")], NOW)
    await kept.mark_read(ann, [1], LATER)
    assert await kept.ends() == (1, 4)
    assert [(one.id, one.place) for one in await kept.after(0, 9)] == [(2, 2), (3, 3), (1, 4)]
    assert [one.id for one in await kept.after(0, 1, user_id=ann)] == [3]
    assert [one.id for one in await kept.after(3, 9, user_id=ann)] == [1]
    assert [one.id for one in await kept.after(0, 9, upto=3)] == [2, 3]


async def test_hostile_text_is_stored_without_what_cannot_be(world: World) -> None:
    kept, wishes = world
    user = await wishes.user()
    hostile = telling(user, await wishes.request(user), title="a\x00b\ud800", facts=Facts(venue_name="\x00é"))
    (made,) = await kept.tell([hostile], NOW)
    assert (made.title, made.facts.venue_name) == ("ab?", "é")
    assert await kept.get(user, made.id) == made


async def test_telling_nothing_does_nothing(world: World) -> None:
    kept, _ = world
    assert await kept.tell([], NOW) == ()
    assert await kept.ends() == (1, 0)


def test_an_opening_without_event_is_named_by_its_first_sight() -> None:
    assert opening_of(7, NOW) == "7"
    assert opening_of(None, NOW) == "first:1770822245123000"
