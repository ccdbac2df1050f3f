"""Interval watches on PostgreSQL: made, checked, told, and told once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest

from tablewire.domain.notifications import Notification, Telling
from tablewire.domain.slots import Venue
from tablewire.domain.watches import Mode, Watch
from tablewire.errors import BadInput, Conflict, NotFound, StoreUnavailable
from tablewire.live.restaurants import Restaurant
from tablewire.services.watches import WatchChange, WatchWish
from tablewire.storage.store import PostgresStore
from tests.unit.domain.scenes import EIGHT, NINE, TEN, after
from tests.watch_scenes import FAR_DAY, ONE_DAY, WatchScene

TABLE = "table for 2, Wed 18 Feb"


@pytest.fixture
async def scene(store: PostgresStore) -> WatchScene:
    return await WatchScene.begin(store)


# --- certain venues


async def test_a_table_that_opens_is_told_once(scene: WatchScene) -> None:
    await scene.watch("chez v")
    await scene.poll(1, {"v": [EIGHT], "w": [NINE]})
    assert await scene.turn(2) == [f"Chez v: {TABLE} 20:00"]
    assert await scene.turn(3) == []
    [told] = await scene.stored()
    assert (told.kind, told.facts.venue_id, told.facts.party_sizes) == ("watch", "v", (2,))
    assert (told.event_id, told.body) == (scene.bucket.log[0].id, "Open now.")


async def test_the_first_check_tells_nothing_of_what_is_open_already(scene: WatchScene) -> None:
    await scene.poll(1, {"v": [EIGHT]})
    made = await scene.watch("Chez V")
    assert made.last_result is not None
    assert (made.last_result.open_now, made.last_result.told) == (1, 0)
    assert await scene.turn(3) == []


async def test_a_table_that_opened_and_closed_between_two_checks_is_told(scene: WatchScene) -> None:
    await scene.watch("Chez v")
    await scene.poll(1, {"v": [EIGHT]})
    await scene.poll(2, {"v": []})
    assert await scene.turn(3) == [f"Chez v: {TABLE} 20:00"]
    assert "gone again" in (await scene.stored())[0].body


async def test_a_table_that_comes_back_is_another_opening(scene: WatchScene) -> None:
    await scene.watch("Chez v")
    await scene.poll(1, {"v": [EIGHT]})
    await scene.turn(2)
    await scene.poll(3, {"v": []})
    await scene.poll(20, {"v": [EIGHT]})
    assert await scene.turn(21) == [f"Chez v: {TABLE} 20:00"]


async def test_an_open_table_that_gains_the_party_size_counts_as_opened(scene: WatchScene) -> None:
    await scene.poll(0.5, {"v": []}, size=4)
    await scene.poll(1, {"v": [EIGHT]})
    await scene.watch("Chez v", filters={"party_size": 4})
    await scene.poll(2, {"v": [EIGHT]}, size=4)
    assert await scene.turn(3) == ["Chez v: table for 2 or 4, Wed 18 Feb 20:00"]
    assert await scene.turn(4) == []


async def test_filters_apply(scene: WatchScene) -> None:
    await scene.watch("Chez v", filters={"time_from": "20:30", "party_size": [2, 4]})
    await scene.poll(1, {"v": [EIGHT, NINE]})
    assert await scene.turn(2) == [f"Chez v: {TABLE} 21:00"]


async def test_a_venue_first_looked_at_after_the_check_is_no_news(
    scene: WatchScene, store: PostgresStore
) -> None:
    await store.learn([Venue(provider="resy", venue_id="late", name="Chez late")], after(0))
    await scene.watch("Chez late")
    await scene.poll(1, {"late": [EIGHT]})
    assert await scene.turn(2) == []
    await scene.poll(3, {"late": [EIGHT, TEN]})
    assert await scene.turn(4) == [f"Chez late: {TABLE} 22:00"]


async def test_a_restaurant_on_two_platforms_is_one_venue(scene: WatchScene, store: PostgresStore) -> None:
    twin = Venue(provider="opentable", venue_id="7", name="Chez v")
    await store.learn([twin], after(0))
    with pytest.raises(BadInput, match=r"fits 2 venues: .*opentable:7.*resy:v"):
        await scene.watch("Chez v")
    at_resy = Venue(provider="resy", venue_id="v", name="Chez v")
    scene.houses.remember([Restaurant(id="resy:v", venues=(twin, at_resy))])
    watch = await scene.watch("Chez v")
    assert len(watch.venues) == 1
    await scene.poll(1, {"v": [EIGHT]})
    assert await scene.turn(2) == [f"Chez v: {TABLE} 20:00"]
    assert {one.provider for one in scene.wanted["watches"]} == {"opentable", "resy"}


async def test_a_name_that_fits_none_or_several_lists_the_closest(scene: WatchScene) -> None:
    with pytest.raises(BadInput) as wrong:
        await scene.watch("Shez v", "chez", "?!")
    assert [one.field for one in wrong.value.fields] == ["venues[0]", "venues[1]", "venues[2]"]
    assert "Chez v (resy:v)" in wrong.value.fields[0].message
    assert "fits 2 venues" in wrong.value.fields[1].message


async def test_a_paused_watch_is_left_alone_and_goes_on_from_where_it_is_resumed(scene: WatchScene) -> None:
    watch = await scene.watch("Chez v", paused=True)
    assert watch.last_checked_at is None
    assert await scene.loop.turn() == 0
    assert scene.wanted["watches"] == ()
    await scene.watches.change(scene.ann, watch.id, WatchChange(paused=False))
    assert await scene.turn(1) == []
    await scene.watches.change(scene.ann, watch.id, WatchChange(paused=True))
    await scene.poll(2, {"v": [EIGHT]})
    await scene.poll(3, {"v": [NINE]})
    await scene.watches.change(scene.ann, watch.id, WatchChange(paused=False))
    assert await scene.turn(4) == [f"Chez v: {TABLE} 21:00"]


async def test_a_changed_watch_starts_over(scene: WatchScene) -> None:
    watch = await scene.watch("Chez v", filters={"time_from": "21:00"})
    await scene.poll(1, {"v": [EIGHT]})
    changed = await scene.watches.change(scene.ann, watch.id, WatchChange(filters={}))
    assert changed.last_result is None
    assert await scene.turn(2) == []
    await scene.poll(3, {"v": [EIGHT, TEN]})
    assert await scene.turn(4) == [f"Chez v: {TABLE} 22:00"]


async def test_a_watch_is_run_now_and_is_next_due_an_interval_later(scene: WatchScene) -> None:
    watch = await scene.watch("Chez v", every_minutes=30)
    await scene.poll(1, {"v": [EIGHT]})
    run = await scene.watches.run(scene.ann, watch.id)
    assert run.last_result is not None
    assert run.last_result.told == 1
    assert run.last_checked_at is not None
    assert run.next_due_at == run.last_checked_at + run.interval
    taken = await scene.book.claim_one(scene.ann.id, watch.id, after(5), after(7))
    assert taken is not None
    with pytest.raises(Conflict):
        await scene.watches.run(scene.ann, watch.id)


# --- exactly once


class DyingBook:
    """Dies after the tellings are stored, before the outcome is."""

    def __init__(self, scene: WatchScene) -> None:
        self._scene = scene
        self.followed = scene.book.followed
        self.claim = scene.book.claim

    async def checked(self, *_: Any) -> Watch | None:
        raise SystemError("killed")


async def test_a_crash_between_telling_and_storing_tells_once(scene: WatchScene) -> None:
    await scene.watch("Chez v")
    await scene.poll(1, {"v": [EIGHT]})
    scene.clock.not_before(after(2))
    with pytest.raises(SystemError):
        await scene.make_loop(book=DyingBook(scene)).turn()
    assert len(await scene.stored()) == 1
    assert await scene.turn(3) == []  # taken still
    assert await scene.turn(5) == []  # checked again, and told already
    assert len(await scene.stored()) == 1
    [watch] = await scene.watches.list(scene.ann)
    assert watch.last_result is not None
    assert watch.last_result.told == 0


async def test_two_replicas_never_check_the_same_watch(scene: WatchScene) -> None:
    for _ in range(3):
        await scene.watch("Chez v")
    first = await scene.book.claim(after(2), after(4), 2)
    other = await scene.book.claim(after(2), after(4), 20)
    assert sorted(watch.id for watch in first + other) == [1, 2, 3]
    assert await scene.book.claim(after(2), after(4), 20) == []
    assert len(await scene.book.claim(after(4), after(6), 20)) == 3


async def test_an_outcome_of_a_watch_that_was_changed_meanwhile_is_not_stored(scene: WatchScene) -> None:
    made = await scene.watch("Chez v")
    [taken] = await scene.book.claim(after(2), after(4), 1)
    found = await scene.checks.check(taken, after(2))
    await scene.watches.change(scene.ann, made.id, WatchChange(filters={"party_size": 4}))
    assert await scene.book.checked(taken, found.outcome) is None
    assert (await scene.watches.get(scene.ann, made.id)).seen is None


class FailingWriter:
    """A store that does not take notifications."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def tell(self, tellings: Sequence[Telling], at: datetime) -> tuple[Notification, ...]:
        raise self._error


async def test_a_check_that_fails_says_why_and_is_tried_again_in_a_minute(scene: WatchScene) -> None:
    await scene.watch("Chez v", every_minutes=15)
    await scene.poll(1, {"v": [EIGHT]})
    scene.clock.not_before(after(16))
    await scene.make_loop(writer=FailingWriter(StoreUnavailable("it is away"))).turn()
    [failed] = await scene.watches.list(scene.ann)
    assert failed.last_error == "the store did not answer"
    assert await scene.turn(18) == [f"Chez v: {TABLE} 20:00"]
    [mended] = await scene.watches.list(scene.ann)
    assert mended.last_error is None


async def test_one_watch_that_breaks_takes_no_other_with_it(scene: WatchScene) -> None:
    first, second = await scene.watch("Chez v"), await scene.watch("Chez w")

    class Picky:
        async def check(self, watch: Watch, now: datetime) -> Any:
            if watch.id == first.id:
                raise ZeroDivisionError
            return await scene.checks.check(watch, now)

    await scene.poll(1, {"w": [EIGHT]})
    scene.clock.not_before(after(2))
    await scene.make_loop(checks=Picky()).turn()
    assert [one.source_id for one in scene.told] == [second.id]
    assert "fault of the service" in ((await scene.watches.get(scene.ann, first.id)).last_error or "")


# --- new names


async def test_new_names_are_told_to_each_watch_in_its_own_time(scene: WatchScene) -> None:
    filters = {"date_from": str(ONE_DAY), "party_size": 2}
    await scene.watch(filters=filters)
    await scene.watch(user=scene.bob, filters=dict(reversed(filters.items())), every_minutes=10)
    await scene.poll(1, {"v": [EIGHT], "w": []})
    assert await scene.turn(2) == ["Chez v has tables"]
    await scene.poll(3, {"v": [EIGHT], "w": [NINE, TEN]})
    assert await scene.turn(4) == ["Chez w has tables"]
    assert await scene.turn(12) == ["Chez v has tables", "Chez w has tables"]
    assert "and 1 more" in (await scene.stored(scene.bob))[1].body


async def test_a_name_that_went_and_comes_back_is_new_again(scene: WatchScene) -> None:
    await scene.watch()
    await scene.poll(1, {"v": [EIGHT]})
    assert await scene.turn(2) == ["Chez v has tables"]
    await scene.poll(3, {"v": []})
    assert await scene.turn(4) == []
    await scene.poll(20, {"v": [NINE]})
    assert await scene.turn(21) == ["Chez v has tables"]


async def test_names_are_told_once_whatever_dies_and_changes_in_between(scene: WatchScene) -> None:
    await scene.watch()
    await scene.poll(1, {"v": [EIGHT]})
    scene.clock.not_before(after(2))
    with pytest.raises(SystemError):
        await scene.make_loop(book=DyingBook(scene)).turn()
    await scene.poll(3, {"v": [EIGHT], "w": [NINE]})
    assert await scene.turn(5) == ["Chez w has tables"]


async def test_versions_that_no_watch_compares_with_are_forgotten(scene: WatchScene) -> None:
    key = "k"
    for version in range(105):
        assert await scene.book.add_names(key, version, [f"Chez {version}"], after(0))
    assert await scene.book.add_names(key, 104, ["late"], after(0)) is None
    assert await scene.book.names(key, 3) is None
    newest = await scene.book.names(key)
    assert newest is not None
    assert newest.version == 105


# --- outside of what is polled


async def test_what_is_not_polled_is_asked_for_and_told_when_it_opens(scene: WatchScene) -> None:
    watch = await scene.watch(
        "Chez v", filters={"date_from": str(FAR_DAY), "date_to": str(FAR_DAY), "party_size": 2}
    )
    assert watch.last_result is not None
    assert "outside of what is polled" in watch.last_result.notes[0]
    far = "2026-03-20 20:00:00"
    scene.provider.free["v", FAR_DAY, 2] = (far,)
    assert await scene.outside.turn() == 1
    assert await scene.turn(2) == []  # the first answer is no news
    scene.provider.free["v", FAR_DAY, 2] = (far, "2026-03-20 21:00:00")
    scene.clock.not_before(after(20))
    assert await scene.outside.turn() == 1
    assert await scene.turn(21) == ["Chez v: table for 2, Fri 20 Mar 21:00"]
    assert await scene.turn(22) == []


# --- whose they are


async def test_a_watch_is_its_users_own(scene: WatchScene) -> None:
    watch = await scene.watch("Chez v")
    assert await scene.watches.list(scene.bob) == []
    for asking in (
        scene.watches.get(scene.bob, watch.id),
        scene.watches.run(scene.bob, watch.id),
        scene.watches.delete(scene.bob, watch.id),
        scene.watches.change(scene.bob, watch.id, WatchChange(paused=True)),
        scene.history.explain(scene.bob, watch.id),
        scene.history.preview_of(scene.bob, watch.id, 7),
    ):
        with pytest.raises(NotFound):
            await asking
    await scene.watches.delete(scene.ann, watch.id)
    with pytest.raises(NotFound):
        await scene.watches.get(scene.ann, watch.id)


async def test_a_watch_that_cannot_be_is_refused_with_every_reason(scene: WatchScene) -> None:
    wish = WatchWish(
        mode=Mode.SPECIFIC,
        filters={
            "party_size": "many",
            "market": "atlantis",
            "date_from": "2026-03-02",
            "date_to": "2026-03-01",
        },
        every_minutes=0,
    )
    with pytest.raises(BadInput) as wrong:
        await scene.watches.make(scene.ann, wish)
    assert {one.field for one in wrong.value.fields} == {"venues", "every_minutes", "filters.party_size"}
    filters = {name: value for name, value in wish.filters.items() if name != "party_size"}
    with pytest.raises(BadInput) as also:
        await scene.watches.make(scene.ann, msgspec.structs.replace(wish, filters=filters))
    assert {"filters.market", "filters.date_to"} < {one.field for one in also.value.fields}


# --- what it would have told, and why it is silent


async def test_a_preview_lists_what_would_have_been_told_and_how_long_it_lasted(scene: WatchScene) -> None:
    await scene.poll(1, {"v": [EIGHT]})
    await scene.poll(5, {"v": []})
    await scene.poll(8, {"v": [NINE]})
    scene.clock.not_before(after(30))
    wish = WatchWish(mode=Mode.SPECIFIC, venues=[], every_minutes=15)
    made = await scene.watch("Chez v", every_minutes=15)
    preview = await scene.history.preview_of(scene.ann, made.id, 7)
    newest, oldest = preview.tellings
    assert (newest.still_open, newest.open_seconds, newest.table.slot_time.hour) == (True, None, 21)
    assert (oldest.still_open, oldest.table.slot_time.hour) == (False, 20)
    assert 200 < (oldest.open_seconds or 0) < 300
    assert oldest.told_at - oldest.opened_at < made.interval
    with pytest.raises(BadInput):
        await scene.history.preview(wish, 7)


async def test_a_preview_of_names_lists_each_time_a_name_came_up(scene: WatchScene) -> None:
    await scene.poll(1, {"v": [EIGHT]})
    await scene.poll(2, {"v": [EIGHT, NINE], "w": [TEN]})
    scene.clock.not_before(after(10))
    wish = WatchWish(mode=Mode.NEW, every_minutes=1)
    preview = await scene.history.preview(wish, 1)
    assert [one.name for one in preview.tellings] == ["Chez w", "Chez v"]


async def test_silence_is_explained(scene: WatchScene) -> None:
    made = await scene.watch("Chez v", filters={"party_size": 4, "time_from": "18:00"})
    await scene.poll(1, {"v": [EIGHT, NINE]})
    silence = await scene.history.explain(scene.ann, made.id)
    assert (silence.openings, silence.fitting) == (2, 0)
    assert [(one.limit, one.openings, one.alone) for one in silence.ruled_out] == [("party_size", 2, 2)]
    [venue] = silence.venues
    assert (venue.last_looked_at, venue.open_now, venue.fitting_now) == (None, 2, 0)
    seen_for_two = await scene.history.explain(
        scene.ann, (await scene.watch("Chez v", filters={"party_size": 2})).id
    )
    assert seen_for_two.venues[0].last_looked_at == after(1)
