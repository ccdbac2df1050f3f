"""Every address over a real socket."""

from typing import Any

import pytest

from tablewire.api.rooms import HttpOptions
from tablewire.domain.slots import Venue
from tablewire.errors import StoreUnavailable
from tests.unit.live.doubles import World, make_slot, make_state, serving

ADDRESSES = [
    "/", "/docs", "/schema", "/health", "/health/live", "/health/ready", "/metrics", "/feed", "/just-opened",
    "/still-open", "/new-drops", "/availability", "/venues", "/venues/resy/834", "/venues/resy/834/history", "/markets",
    "/buckets", "/buckets/2026-02-18_19:00", "/providers", "/discovery/health", "/discovery/db-debug",
    "/discovery/debug", "/chat/providers", "/chat/watches/feed", "/chat/watches/availability",
    "/chat/watches/just-opened", "/chat/watches/still-open", "/chat/watches/new-drops",
    "/chat/watches/discovery-health", "/chat/watches/db-debug", "/chat/watches/discovery-debug",
]  # fmt: skip


async def city(**options: Any) -> World:
    world = World(options=HttpOptions(version="0.1.0", **options))
    world.log.store(3)
    world.log.know(Venue(provider="resy", venue_id="834", name="Carbone"))
    world.log.know(Venue(provider="resy", venue_id="2", name="Lilia"))
    world.board.put(
        make_state(
            make_slot("19:00"),
            make_slot(
                "20:00", origin="baseline", in_baseline=True, opened_at=None, opened_after=None, event_id=None
            ),
        )
    )
    await world.hub.start()
    return world


async def test_every_address_answers_with_a_request_id_and_safe_headers() -> None:
    async with serving(await city()) as server:
        for path in ADDRESSES:
            answer = await server.get(path)
            assert answer.status == 200, (path, answer.body)
            assert answer.headers["x-request-id"], path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "default-src 'none'" in answer.headers["content-security-policy"], path


async def test_head_has_the_length_of_get_and_no_body() -> None:
    async with serving(await city()) as server:
        for path in ADDRESSES:
            answer = await server.request("HEAD", path)
            assert (answer.status, answer.body) == (200, b""), path
            assert int(answer.headers["content-length"]) > 0, path


async def test_an_unknown_parameter_is_a_400_that_names_it() -> None:
    async with serving(await city()) as server:
        for path in [path for path in ADDRESSES if not path.startswith("/health/")]:
            answer = await server.get(f"{path}?nonsense=1")
            assert answer.status == 400, path
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["errors"][0]["field"] == "nonsense", path


@pytest.mark.parametrize("path", ["/feed", "/feed/stream", "/markets", "/"])
async def test_another_method_is_a_405_that_says_which_are_allowed(path: str) -> None:
    async with serving(await city()) as server:
        answer = await server.request("POST", path)
        assert answer.status == 405
        assert answer.headers["content-type"] == "application/problem+json"
        assert "GET" in answer.headers["allow"]


async def test_what_is_not_there_is_a_problem_with_the_request_id_of_its_header() -> None:
    async with serving(await city()) as server:
        answer = await server.get("/nowhere", X_Request_ID="mine-42")
        problem = answer.json()
        assert (answer.status, problem["type"], problem["request_id"]) == (
            404,
            "/problems/not-found",
            "mine-42",
        )
        assert answer.headers["x-request-id"] == "mine-42"


async def test_a_request_id_that_is_not_safe_to_log_is_replaced() -> None:
    async with serving(await city()) as server:
        answer = await server.get("/health/live", X_Request_ID="a b<script>")
        assert "script" not in answer.headers["x-request-id"]


async def test_a_fault_of_ours_says_nothing_of_the_inside() -> None:
    world = await city()
    world.health.fails = RuntimeError("password=hunter2")
    async with serving(world) as server:
        answer = await server.get("/discovery/health")
        assert answer.status == 500
        assert b"hunter2" not in answer.body
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_store_that_is_away_is_a_503_with_retry_after() -> None:
    world = await city()
    world.health.fails = StoreUnavailable("10.0.0.1 refused")
    async with serving(world) as server:
        answer = await server.get("/discovery/health")
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert b"10.0.0.1" not in answer.body


async def test_not_being_ready_is_a_503_with_the_reason() -> None:
    world = await city()
    world.health.not_ready = "not migrated"
    async with serving(world) as server:
        answer = await server.get("/health/ready")
        assert (answer.status, answer.json()["detail"]) == (503, "not migrated")
        assert (await server.get("/health/live")).status == 200


async def test_a_body_over_one_mebibyte_is_a_413() -> None:
    async with serving(await city()) as server:
        answer = await server.get("/feed", Content_Length="1048577")
        assert answer.status == 413


async def test_a_foreign_host_is_refused() -> None:
    hosts = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "10.0.0.1", ""]
    async with serving(await city()) as server:
        for host in hosts:
            answer = await server.get("/health/live", Host=host)
            assert (answer.status, answer.json()["type"]) == (403, "/problems/foreign-host"), host


async def test_this_machine_is_known_under_its_names() -> None:
    async with serving(await city()) as server:
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8000"):
            assert (await server.get("/health/live", Host=host)).status == 200, host


@pytest.mark.parametrize("path", ["/feed", "/feed/stream", "/nowhere"])
async def test_a_foreign_origin_is_refused(path: str) -> None:
    async with serving(await city()) as server:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            answer = await server.get(path, Origin=origin)
            assert (answer.status, answer.json()["type"]) == (403, "/problems/foreign-origin"), origin


async def test_the_same_origin_is_welcome() -> None:
    async with serving(await city()) as server:
        assert (await server.get("/feed", Origin=f"http://127.0.0.1:{server.port}")).status == 200


async def test_an_origin_of_the_settings_may_read_and_ask_before() -> None:
    async with serving(await city(cors_origins=("https://mine.example",))) as server:
        read = await server.get("/feed", Origin="https://mine.example")
        asked = await server.request(
            "OPTIONS",
            "/feed",
            Origin="https://mine.example",
            Access_Control_Request_Method="GET",
            Access_Control_Request_Headers="last-event-id",
        )
        assert read.headers["access-control-allow-origin"] == "https://mine.example"
        assert asked.status == 204
        assert "Last-Event-ID" in asked.headers["access-control-allow-headers"]


async def test_just_opened_has_the_shape_of_the_specification() -> None:
    async with serving(await city()) as server:
        answer = (await server.get("/just-opened?within=15m")).json()
        assert list(answer) == ["last_scan_at", "next_scan_at", "groups"]
        (group,) = answer["groups"]
        assert list(group) == [
            "market", "bucket_id", "date", "time_slot", "last_scan_at", "age_seconds", "events",
        ]  # fmt: skip
        assert [event["slot_time"] for event in group["events"]] == ["19:00:00"]


async def test_still_open_has_kinds_and_ages_and_more_where_asked_for() -> None:
    async with serving(await city()) as server:
        plain = (await server.get("/still-open")).json()
        more = (await server.get("/still-open?include=baseline,gap")).json()
        assert [(slot["kind"], slot["open_for_seconds"]) for slot in plain["slots"]] == [("drop", 0)]
        assert sorted(slot["kind"] for slot in more["slots"]) == ["baseline", "drop"]


async def test_new_drops_come_newest_first() -> None:
    async with serving(await city()) as server:
        first = (await server.get("/new-drops?limit=2")).json()
        rest = (await server.get(f"/new-drops?before={first['next_cursor']}")).json()
        assert [event["id"] for event in first["events"]] == [3, 2]
        assert [event["id"] for event in rest["events"]] == [1]


async def test_availability_asks_the_providers_only_when_told_to_and_not_too_often() -> None:
    world = await city()
    async with serving(world) as server:
        plain = (await server.get("/availability")).json()
        assert (plain["live"], plain["total"], world.asks.asked) == (False, 2, [])
        statuses = [(await server.get("/availability?live=true")).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert len(world.asks.asked) == 3


async def test_the_older_paths_carry_resy_url_beside_book_url() -> None:
    async with serving(await city()) as server:
        feed = (await server.get("/chat/watches/feed")).json()
        still = (await server.get("/chat/watches/still-open")).json()
        just = (await server.get("/chat/watches/just-opened")).json()
        drops = (await server.get("/chat/watches/new-drops")).json()
        events = [*feed["events"], *still["slots"], *just["groups"][0]["events"], *drops["events"]]
        assert all(event["resy_url"] == event["book_url"] for event in events)
        assert "resy_url" not in (await server.get("/feed")).json()["events"][0]


async def test_venues_page_by_name() -> None:
    async with serving(await city()) as server:
        first = (await server.get("/venues?limit=1")).json()
        second = (await server.get(f"/venues?limit=1&before={first['next_cursor']}")).json()
        assert [venue["name"] for venue in first["venues"] + second["venues"]] == ["Carbone", "Lilia"]
        assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)


async def test_a_venue_says_what_is_open_there_and_what_happened() -> None:
    async with serving(await city()) as server:
        venue = (await server.get("/venues/resy/834")).json()
        history = (await server.get("/venues/resy/834/history?limit=2")).json()
        assert (venue["open_slots"], len(venue["open"])) == (2, 2)
        assert [event["id"] for event in history["events"]] == [3, 2]
        assert (history["next_cursor"], history["has_more"]) == ("2", True)


@pytest.mark.parametrize(
    "path", ["/venues/resy/nobody", "/venues/resy/nobody/history", "/buckets/2030-01-01_19:00"]
)
async def test_what_was_never_seen_is_a_404(path: str) -> None:
    async with serving(await city()) as server:
        assert (await server.get(path)).status == 404


BAD = [
    "/buckets/today", "/buckets?market=atlantis", "/just-opened?within=0s", "/feed?limit=0", "/feed?since=1&before=2",
    "/venues?name=%21", "/venues?before=xyz", "/venues?name=a&venue=b", "/still-open?include=all", "/feed?types=new",
    "/feed?date_from=tomorrow", "/feed?date_from=2026-02-18&date_from=2026-02-19", "/availability?live=1",
]  # fmt: skip


async def test_bad_input_is_a_400_with_its_fields() -> None:
    async with serving(await city()) as server:
        for path in BAD:
            answer = await server.get(path)
            assert answer.status == 400, path
            assert answer.json()["errors"], path


async def test_the_pages_need_neither_scripts_nor_the_internet() -> None:
    async with serving(await city()) as server:
        for path in ("/", "/docs"):
            answer = await server.get(path)
            assert answer.headers["content-type"].startswith("text/html")
            assert b"<script" not in answer.body
            assert b"http://" not in answer.body.replace(b"http://127.0.0.1", b"")
            assert b"https://" not in answer.body


async def test_a_demo_says_so_on_its_pages() -> None:
    async with serving(await city(demo=True)) as server:
        assert b"make-believe" in (await server.get("/")).body


async def test_markets_say_their_dates() -> None:
    async with serving(await city()) as server:
        (market,) = (await server.get("/markets")).json()["markets"]
        assert (market["service_today"], market["last_date"]) == ("2026-02-11", "2026-02-24")
