"""The hub: order, sharing, limits, and goodbyes."""

import asyncio
from datetime import timedelta

import pytest

from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.errors import StoreUnavailable, TooManyStreams
from tablewire.live.audience import StreamLimits, Wish
from tablewire.live.hub import Hub, Scan
from tablewire.live.sse import NDJSON, SSE, Encoding, Entry
from tests.unit.live.doubles import NOW, Frame, ListSink, MemoryLog, make_event, parse_frame

DROPS = frozenset({"drop"})


class FakeTime:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def wish(
    wanted: EventFilter | None = None,
    types: frozenset[str] = DROPS,
    encoding: Encoding = SSE,
    max_events: int | None = None,
    max_age: float | None = None,
) -> Wish:
    return Wish(
        wanted=wanted or EventFilter(), types=types, encoding=encoding, max_events=max_events, max_age=max_age
    )


def frames(sink: ListSink) -> list[Frame]:
    return [parse_frame(text) for text in sink.data.decode().split("\n\n") if text]


def ids(sink: ListSink) -> list[str | None]:
    return [frame.id for frame in frames(sink) if frame.event == "drop"]


async def started(log: MemoryLog, **options: object) -> Hub:
    hub = Hub(log, **options)  # type: ignore[arg-type]  # passed on as they are
    await hub.start()
    return hub


async def test_what_is_published_reaches_every_listener_in_order() -> None:
    log = MemoryLog()
    hub = await started(log)
    sinks = [ListSink(), ListSink()]
    with hub.open(wish(), sinks[0], "a") as one, hub.open(wish(), sinks[1], "b") as two:
        assert hub.go_live(one)
        assert hub.go_live(two)
        await hub.publish(log.store(3))
    assert [ids(sink) for sink in sinks] == [["1", "2", "3"], ["1", "2", "3"]]


async def test_each_filter_gets_what_it_wants() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(parse_filter({"venue_id": ["7"]})), sink, "a") as stream:
        hub.go_live(stream)
        await hub.publish([*log.store(1), *log.store(1, venue_id="7")])
    assert ids(sink) == ["2"]


async def test_a_filter_is_evaluated_once_for_all_that_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog()
    hub = await started(log)
    asked: list[Event] = []
    real = EventFilter.matches

    def counted(self: EventFilter, event: Event) -> bool:
        asked.append(event)
        return real(self, event)

    monkeypatch.setattr(EventFilter, "matches", counted)
    streams = [hub.open(wish(parse_filter({"venue_id": ["834"]})), ListSink(), str(n)) for n in range(50)]
    for stream in streams:
        stream.__enter__()
        hub.go_live(stream)
    await hub.publish([make_event(1)])
    assert len(asked) == 1


async def test_a_frame_is_the_same_object_for_all_that_share_it() -> None:
    log = MemoryLog()
    hub = await started(log)
    got: list[bytes] = []
    for number in range(3):
        sink = ListSink()
        sink.write = got.append  # type: ignore[method-assign,assignment]  # to see the object itself
        stream = hub.open(wish(), sink, str(number))
        stream.__enter__()
        hub.go_live(stream)
    await hub.publish(log.store(1))
    assert len(got) == 3
    assert len({id(data) for data in got}) == 1


async def test_what_another_process_stored_before_is_announced_first() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        log.store(3)
        await hub.publish(log.store(1))
    assert ids(sink) == ["1", "2", "3", "4"]


async def test_what_was_read_already_is_not_announced_twice() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        mine = log.store(2)
        await hub.catch_up()
        await hub.publish(mine)
    assert ids(sink) == ["1", "2"]


async def test_ids_that_are_missing_in_the_log_are_passed_over() -> None:
    log = MemoryLog()
    hub = await started(log)
    log.last_id = 5
    await hub.catch_up()
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        stream.position = hub.newest
        assert hub.go_live(stream)
        log.last_id = 9
        await hub.publish(log.store(1))
    assert ids(sink) == ["10"]


async def test_nothing_is_announced_out_of_order_while_the_store_is_away() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        log.store(1)
        mine = log.store(1)
        log.away = True
        await hub.publish(mine)
        assert ids(sink) == []
        log.away = False
        await hub.catch_up()
    assert ids(sink) == ["1", "2"]


async def test_more_than_one_batch_is_caught_up_with() -> None:
    log = MemoryLog()
    hub = await started(log, ring_size=64)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        log.store(1_203)
        await hub.catch_up()
    assert ids(sink) == [str(number) for number in range(1, 1_204)]


async def test_publishers_at_the_same_time_are_announced_in_the_order_of_the_log() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        parts = [log.store(3) for _ in range(10)]
        await asyncio.gather(*(hub.publish(part) for part in reversed(parts)), hub.catch_up())
    assert ids(sink) == [str(number) for number in range(1, 31)]


async def test_a_start_reads_the_newest_events_only() -> None:
    log = MemoryLog()
    log.store(100)
    hub = await started(log, ring_size=16)
    assert (len(hub.ring.ids), hub.newest, hub.ring.floor) == (16, 100, 84)


async def test_a_slow_reader_is_cut_and_the_others_hear_everything() -> None:
    log = MemoryLog()
    hub = await started(log, limits=StreamLimits(buffer_bytes=1_000))
    slow, quick = ListSink(buffered=1_001), ListSink()
    with hub.open(wish(), slow, "a") as one, hub.open(wish(), quick, "b") as two:
        hub.go_live(one)
        hub.go_live(two)
        await hub.publish(log.store(2))
        await hub.publish(log.store(2))
        assert slow.lost
        assert ids(quick) == ["1", "2", "3", "4"]
    assert hub.stats().slow_dropped == 1


async def test_a_connection_lost_a_moment_ago_disturbs_nobody() -> None:
    log = MemoryLog()
    hub = await started(log)
    gone, there = ListSink(), ListSink()
    gone.lost = True
    with hub.open(wish(), gone, "a") as one, hub.open(wish(), there, "b") as two:
        hub.go_live(one)
        hub.go_live(two)
        await hub.publish(log.store(1))
    assert ids(there) == ["1"]


async def test_a_stream_that_has_not_caught_up_does_not_go_live() -> None:
    log = MemoryLog()
    hub = await started(log)
    await hub.publish(log.store(1))
    with hub.open(wish(), ListSink(), "a") as stream:
        assert not hub.go_live(stream)
        stream.position = 1
        assert hub.go_live(stream)


async def test_the_limit_of_all_streams_holds() -> None:
    hub = await started(MemoryLog(), limits=StreamLimits(streams=1))
    with hub.open(wish(), ListSink(), "a"), pytest.raises(TooManyStreams) as refused:
        hub.open(wish(), ListSink(), "b").__enter__()
    assert not refused.value.per_client


async def test_the_limit_of_one_client_holds_and_leaves_others_alone() -> None:
    hub = await started(MemoryLog(), limits=StreamLimits(per_client=1))
    with hub.open(wish(), ListSink(), "a"), hub.open(wish(), ListSink(), "b"):
        with pytest.raises(TooManyStreams) as refused:
            hub.open(wish(), ListSink(), "a").__enter__()
        assert refused.value.per_client


async def test_a_client_limit_of_nought_is_no_limit() -> None:
    hub = await started(MemoryLog(), limits=StreamLimits(per_client=0))
    streams = [hub.open(wish(), ListSink(), "a").__enter__() for _ in range(50)]
    assert hub.stats().streams == len(streams)


async def test_a_stream_that_ends_makes_room_and_leaves_nothing_behind() -> None:
    hub = await started(MemoryLog(), limits=StreamLimits(streams=1, per_client=1))
    for _ in range(3):
        with hub.open(wish(max_age=60), ListSink(), "a") as stream:
            hub.go_live(stream)
    audience = hub._audience
    kept = (audience.streams, audience.groups, audience._of_client, audience._due, *audience._beats)
    assert not any(kept)


async def test_every_live_stream_gets_one_sign_of_life_in_fifteen_seconds() -> None:
    log = MemoryLog()
    hub = await started(log)
    await hub.publish(log.store(1))
    sinks = [ListSink() for _ in range(40)]
    for number, sink in enumerate(sinks):
        stream = hub.open(wish(), sink, str(number)).__enter__()
        stream.position = 1
        hub.go_live(stream)
    for _ in range(15):
        await hub.tick()
    assert {sink.data for sink in sinks} == {b"id: 1\n: \n\n"}


async def test_a_stream_is_sent_away_when_its_time_is_up() -> None:
    clock = FakeTime()
    hub = await started(MemoryLog(), clock=clock)
    sink = ListSink()
    with hub.open(wish(max_age=5), sink, "a") as stream:
        hub.go_live(stream)
        clock.now += 4
        await hub.tick()
        assert not sink.ended
        clock.now += 2
        await hub.tick()
    assert frames(sink)[-1].data == {"reason": "max_age"}
    assert sink.ended


async def test_a_replay_that_is_not_taken_is_cut_after_its_time() -> None:
    clock = FakeTime()
    hub = await started(MemoryLog(), clock=clock)
    sink = ListSink()
    with hub.open(wish(max_age=5), sink, "a"):
        clock.now += 6
        await hub.tick()
        assert not sink.lost
        clock.now += 31
        await hub.tick()
    assert sink.lost


async def test_lives_are_spread_at_random_and_never_longer_than_ten_minutes() -> None:
    hub = await started(MemoryLog())
    lives = {hub.life() for _ in range(200)}
    assert len(lives) > 100
    assert max(lives) <= timedelta(minutes=10).total_seconds()


async def test_a_bounded_stream_ends_after_its_last_event() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink, other = ListSink(), ListSink()
    with hub.open(wish(max_events=2), sink, "a") as stream, hub.open(wish(), other, "b") as free:
        hub.go_live(stream)
        hub.go_live(free)
        await hub.publish(log.store(3))
    assert ids(sink) == ["1", "2"]
    assert frames(sink)[-1].data == {"reason": "max_events"}
    assert ids(other) == ["1", "2", "3"]


async def test_all_streams_of_a_client_end_live_or_not_and_no_others() -> None:
    log = MemoryLog()
    hub = await started(log)
    sinks = [ListSink() for _ in range(3)]
    with (
        hub.open(wish(), sinks[0], "a") as live,
        hub.open(wish(), sinks[1], "a") as catching_up,
        hub.open(wish(), sinks[2], "b") as other,
    ):
        hub.go_live(live)
        hub.go_live(other)
        assert hub.clients() == {"a", "b"}
        await hub.dismiss({"a", "c"})
        assert frames(sinks[0])[-1].data == {"reason": "revoked"}
        assert (live.ending, catching_up.ending, other.ending) == ("revoked", "revoked", None)
        assert not hub.go_live(catching_up)
        await hub.publish(log.store(1))
        assert (ids(sinks[0]), ids(sinks[2])) == ([], ["1"])
    assert hub.clients() == frozenset()


async def test_goodbyes_at_shutdown_spread_the_times_to_come_back() -> None:
    hub = await started(MemoryLog())
    sinks = [ListSink() for _ in range(30)]
    for number, sink in enumerate(sinks):
        hub.go_live(hub.open(wish(), sink, str(number)).__enter__())
    hub.close_all()
    last = [frames(sink)[-1] for sink in sinks]
    assert {frame.data["reason"] for frame in last} == {"shutdown"}
    assert len({frame.retry for frame in last}) > 20
    assert all(sink.ended for sink in sinks)


async def test_scans_reach_those_who_asked_and_carry_no_cursor() -> None:
    hub = await started(MemoryLog())
    asked, other = ListSink(), ListSink()
    with hub.open(wish(types=frozenset({"scan"})), asked, "a") as one, hub.open(wish(), other, "b") as two:
        hub.go_live(one)
        hub.go_live(two)
        hub.announce_scan(scan())
    (frame,) = frames(asked)
    assert (frame.event, frame.id) == ("scan", None)
    assert list(frame.data) == [
        "market", "bucket_id", "provider", "outcome", "scanned_at", "drops", "reopened", "closed",
    ]  # fmt: skip
    assert other.data == b""


@pytest.mark.parametrize(
    ("query", "heard"),
    [
        ({"provider": ["resy"]}, True),
        ({"provider": ["opentable"]}, False),
        ({"date_from": ["2026-02-18"], "party_size": ["9"]}, True),
        ({"date_from": ["2026-02-19"]}, False),
    ],
)
async def test_scans_pass_what_of_a_filter_speaks_of_buckets(
    query: dict[str, list[str]], heard: bool
) -> None:
    hub = await started(MemoryLog())
    sink = ListSink()
    with hub.open(wish(parse_filter(query), frozenset({"scan"})), sink, "a") as stream:
        hub.go_live(stream)
        hub.announce_scan(scan())
    assert bool(sink.data) is heard


async def test_lines_and_events_are_told_the_same() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(encoding=NDJSON), sink, "a") as stream:
        hub.go_live(stream)
        events = log.store(1)
        await hub.publish(events)
    assert sink.data == NDJSON.event(Entry(events[0]))


async def test_running_survives_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog()
    hub = await started(log)
    turns = 0

    async def short_sleep(seconds: float) -> None:
        nonlocal turns
        turns += 1
        log.away = turns < 6
        if turns > 12:
            raise StoreUnavailable("the end of the test")
        await asyncio.sleep(0)

    monkeypatch.setattr("tablewire.live.hub.anyio.sleep", short_sleep)
    log.store(1)
    with pytest.raises(ExceptionGroup):
        await hub.run()
    assert hub.newest == 1


def scan() -> Scan:
    return Scan(
        market="nyc",
        bucket_id="2026-02-18_19:00",
        provider="resy",
        outcome="ok",
        scanned_at=NOW,
        drops=1,
        reopened=0,
        closed=2,
    )
