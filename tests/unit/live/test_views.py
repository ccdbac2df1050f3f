"""What is bookable now, from states in memory."""

from datetime import timedelta

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.domain.slots import OpenSlot
from tablewire.live.board import Board
from tablewire.live.views import ALL_KINDS, ONLY_DROPS, Views, open_for
from tests.unit.live.doubles import DAY, NOW, make_slot, make_state

ALL = EventFilter()
WITHIN = timedelta(minutes=10)


def views_of(*slots: OpenSlot) -> tuple[Views, Board]:
    board = Board()
    board.put(make_state(*slots))
    return Views(board, clock=lambda: NOW), board


def silent(start: str, origin: str = "baseline") -> OpenSlot:
    return make_slot(
        start,
        origin=origin,
        in_baseline=origin == "baseline",
        opened_at=None,
        opened_after=None,
        event_id=None,
    )


async def test_just_opened_has_only_drops_of_the_last_while() -> None:
    old = make_slot("19:00", opened_at=NOW - timedelta(minutes=11), event_id=1)
    new = make_slot("20:00", opened_at=NOW - timedelta(minutes=9), event_id=2)
    views, _ = views_of(old, new, silent("21:00"))
    (group,) = await views.just_opened(ALL, WITHIN)
    assert [row.id for row in group.events] == [2]


async def test_just_opened_has_the_newest_first() -> None:
    views, board = views_of(
        make_slot("19:00", opened_at=NOW - timedelta(minutes=5), event_id=1),
        make_slot("20:00", opened_at=NOW - timedelta(minutes=3), event_id=2),
    )
    board.put(
        make_state(
            make_slot("15:00", opened_at=NOW - timedelta(minutes=1), event_id=3),
            key=BucketKey("nyc", DAY, "15:00"),
        )
    )
    groups = await views.just_opened(ALL, WITHIN)
    assert [[row.id for row in group.events] for group in groups] == [[3], [2, 1]]
    assert [group.bucket_id for group in groups] == ["2026-02-18_15:00", "2026-02-18_19:00"]


async def test_a_group_says_when_its_bucket_was_scanned() -> None:
    board = Board()
    board.put(make_state(make_slot(), at=NOW - timedelta(seconds=12)))
    (group,) = await Views(board, clock=lambda: NOW).just_opened(ALL, WITHIN)
    assert (group.last_scan_at, group.age_seconds) == (NOW - timedelta(seconds=12), 12.0)


async def test_still_open_has_drops_unless_asked_for_more() -> None:
    views, _ = views_of(make_slot("19:00"), silent("20:00"), silent("21:00", "after_gap"))
    assert [row.kind for row in await views.open_slots(ALL, ONLY_DROPS)] == ["drop"]
    assert {row.kind for row in await views.open_slots(ALL, ALL_KINDS)} == {"drop", "baseline", "gap"}


async def test_what_opened_silently_has_neither_id_nor_kind_of_event_nor_instants_of_opening() -> None:
    views, _ = views_of(silent("20:00"))
    (row,) = await views.open_slots(ALL, ALL_KINDS)
    assert (row.id, row.event_type, row.opened_at, row.opened_after) == (None, None, None, None)


async def test_a_row_has_all_times_of_its_venue() -> None:
    views, _ = views_of(make_slot("19:00"), silent("21:30"), make_slot("18:00", venue_id="2", event_id=3))
    rows = {row.venue_id: row for row in await views.open_slots(ALL, ONLY_DROPS)}
    assert rows["834"].availability_times == ("19:00", "21:30")
    assert rows["2"].availability_times == ("18:00",)


async def test_a_row_has_the_fields_of_an_event() -> None:
    from tablewire.domain.events import Event

    views, _ = views_of(make_slot())
    (row,) = await views.open_slots(ALL, ONLY_DROPS)
    assert set(msgspec.structs.asdict(row)) == {field.name for field in msgspec.structs.fields(Event)}


async def test_rows_follow_the_state_they_were_made_from() -> None:
    state = make_state(make_slot("19:00"))
    board = Board()
    board.put(state)
    views = Views(board, clock=lambda: NOW)
    assert len(await views.open_slots(ALL, ONLY_DROPS)) == 1
    state.restore([make_slot("20:00", event_id=2)])
    board.touched(state)
    rows = await views.open_slots(ALL, ONLY_DROPS)
    assert {row.availability_times for row in rows} == {("19:00", "20:00")}


async def test_a_poll_is_noticed_without_being_told() -> None:
    state = make_state(make_slot("19:00"))
    board = Board()
    board.put(state)
    views = Views(board, clock=lambda: NOW)
    await views.open_slots(ALL, ONLY_DROPS)
    state.restore([make_slot("20:00", event_id=2)])
    state.row.poll_seq += 1
    assert len(await views.open_slots(ALL, ONLY_DROPS)) == 2


async def test_rows_of_slots_that_stay_are_made_once() -> None:
    state = make_state(make_slot("19:00"))
    board = Board()
    board.put(state)
    views = Views(board, clock=lambda: NOW)
    (first,) = await views.open_slots(ALL, ONLY_DROPS)
    state.row.poll_seq += 1
    (second,) = await views.open_slots(ALL, ONLY_DROPS)
    assert first is second


async def test_a_bucket_that_was_removed_is_shown_no_more() -> None:
    views, board = views_of(make_slot())
    board.remove(BucketKey("nyc", DAY, "19:00"), "resy")
    assert await views.open_slots(ALL, ONLY_DROPS) == []
    assert views.buckets() == []


async def test_filters_speak_of_buckets_and_of_slots() -> None:
    views, _ = views_of(make_slot("19:00"), make_slot("20:00", venue_id="2", name="Lilia", event_id=2))

    async def names(**query: str) -> set[str]:
        wanted = parse_filter({name: [value] for name, value in query.items()})
        return {row.venue_name for row in await views.open_slots(wanted, ONLY_DROPS)}

    assert await names(market="nyc", venue="lil") == {"Lilia"}
    assert await names(market="london") == set()
    assert await names(time_from="19:30") == {"Lilia"}
    assert await names(date_from="2026-02-19") == set()
    assert await names(time_bucket="prime", weekday="wed") == {"Carbone", "Lilia"}


def test_a_bucket_adds_up_its_providers() -> None:
    views, board = views_of(make_slot("19:00"), silent("20:00"))
    board.put(make_state(make_slot("21:00"), provider="opentable", at=NOW - timedelta(seconds=5)))
    (bucket,) = views.buckets()
    assert (bucket.open_slots, bucket.baseline_slots, bucket.last_scan_at) == (3, 1, NOW)
    assert list(bucket.providers) == ["opentable", "resy"]


def test_buckets_of_one_market_can_be_asked_for() -> None:
    views, board = views_of(make_slot())
    board.put(make_state(key=BucketKey("london", DAY, "19:00")))
    assert [view.market for view in views.buckets("london")] == ["london"]
    assert len(views.buckets()) == 2


def test_a_bucket_never_scanned_has_no_age() -> None:
    board = Board()
    board.put(make_state(at=None))
    (bucket,) = Views(board, clock=lambda: NOW).buckets()
    assert (bucket.last_scan_at, bucket.age_seconds) == (None, None)


async def test_how_long_a_slot_is_open_is_counted_from_its_opening() -> None:
    views, _ = views_of(make_slot(opened_at=NOW - timedelta(seconds=61.5)))
    (row,) = await views.open_slots(ALL, ONLY_DROPS)
    assert open_for(row, NOW) == 61


def test_what_is_open_at_a_venue_comes_by_start() -> None:
    views, _ = views_of(make_slot("21:00"), make_slot("19:00", event_id=2), make_slot("18:00", venue_id="2"))
    assert [row.slot_time.hour for row in views.at_venue("resy", "834")] == [19, 21]
    assert views.count_at_venue("resy", "834") == 2
    assert views.at_venue("opentable", "834") == []
