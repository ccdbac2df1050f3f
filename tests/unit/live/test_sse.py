"""Frames as bytes."""

import msgspec

from tablewire.domain.events import EventType, Origin
from tablewire.live.sse import NDJSON, SSE, Entry
from tests.unit.live.doubles import make_event, parse_frame


def test_an_event_is_one_frame_with_its_cursor_its_word_and_one_line_of_data() -> None:
    frame = Entry(make_event(1042)).frame(SSE).decode()
    assert frame.startswith("id: 1042\nevent: drop\ndata: {")
    assert frame.endswith("}\n\n")
    assert frame.count("\n") == 4


def test_each_kind_of_event_has_its_word() -> None:
    kinds = {EventType.NEW_DROP: "drop", EventType.REOPENED: "reopened", EventType.CLOSED: "closed"}
    frames = {
        kind: parse_frame(Entry(make_event(1, event_type=kind)).frame(SSE).decode().strip()) for kind in kinds
    }
    assert {kind: frame.event for kind, frame in frames.items()} == kinds


def test_a_line_break_in_a_name_cannot_end_a_frame() -> None:
    entry = Entry(make_event(1, venue_name="A\n\nevent: drop\r\ndata: {}"))
    assert entry.frame(SSE).count(b"\n") == 4
    assert entry.frame(NDJSON).count(b"\n") == 1


def test_every_field_is_there_and_null_where_unknown() -> None:
    told = msgspec.json.decode(Entry(make_event(1, neighborhood=None, price_range=None)).json)
    assert list(told)[:3] == ["id", "event_type", "market"]
    assert told["neighborhood"] is None
    assert told["closed_at"] is None
    assert len(told) == 28


def test_instants_end_in_z_and_local_times_have_no_zone() -> None:
    told = msgspec.json.decode(Entry(make_event(1)).json)
    assert told["opened_at"].endswith("Z")
    assert told["slot_time"] == "20:30:00"


def test_a_heartbeat_carries_the_place_and_no_data() -> None:
    frame = parse_frame(SSE.heartbeat(7).decode().removesuffix("\n\n"))
    assert (frame.id, frame.comment, frame.event, frame.data) == ("7", True, None, None)


def test_a_line_heartbeat_is_a_ping() -> None:
    assert msgspec.json.decode(NDJSON.heartbeat(7)) == {"event": "ping", "id": "7", "data": None}


def test_a_control_frame_may_say_when_to_come_back() -> None:
    frame = parse_frame(SSE.control("bye", b'{"reason":"shutdown"}', retry_ms=4_000).decode().strip())
    assert (frame.event, frame.retry, frame.id) == ("bye", 4_000, None)


def test_older_clients_get_the_booking_address_of_resy_under_its_old_name() -> None:
    entry = Entry(make_event(1, book_url='https://resy.com/"x"'))
    told = msgspec.json.decode(entry.older_json)
    assert told["resy_url"] == told["book_url"] == 'https://resy.com/"x"'


def test_events_of_other_providers_have_no_resy_url() -> None:
    entry = Entry(make_event(1, provider="opentable", origin=Origin.DROP))
    assert entry.older_json == entry.json
