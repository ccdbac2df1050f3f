"""What the log says, what it masks, and which metrics there are."""

import json
import logging
import warnings
from collections.abc import Iterator
from io import StringIO
from typing import Any, Literal

import pytest
import structlog

from tablewire.telemetry import MASK, LogEvent, Metrics, SecretMask, configure_logging, get_logger


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, level = before[0], before[1]
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(log_format: Literal["console", "json"] = "json", *secrets: str) -> StringIO:
    out = StringIO()
    configure_logging(log_format, "info", secrets=secrets, stream=out)
    return out


def only_entry(out: StringIO) -> dict[str, Any]:
    (line,) = out.getvalue().splitlines()
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_a_json_line_has_event_message_room_level_and_instant() -> None:
    out = lines()
    get_logger("engine.poll").info(LogEvent.POLL_CYCLE, message="28 buckets polled", calls=3)
    entry = only_entry(out)
    assert entry.pop("at").endswith("Z")
    expected = {"event": "poll_cycle", "message": "28 buckets polled", "room": "engine.poll", "level": "info"}
    assert entry == expected | {"calls": 3}


def test_a_console_line_has_no_colours_where_there_is_no_terminal() -> None:
    out = lines("console")
    get_logger("x").info(LogEvent.STARTED)
    assert "\x1b" not in out.getvalue()


def test_a_console_line_has_colours_on_a_terminal() -> None:
    out = Terminal()
    configure_logging("console", "info", stream=out)
    get_logger("x").info(LogEvent.STARTED)
    assert "\x1b[" in out.getvalue()


def test_logging_goes_to_standard_error_unless_told(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    get_logger("x").info(LogEvent.STARTED)
    captured = capsys.readouterr()
    assert (captured.out, "started" in captured.err) == ("", True)


def test_what_is_below_the_level_is_not_written() -> None:
    out = lines()
    get_logger("x").debug(LogEvent.STARTED)
    logging.getLogger("library").debug("chatter")
    assert out.getvalue() == ""


def test_lines_of_libraries_have_the_same_shape() -> None:
    out = lines()
    logging.getLogger("uvicorn.error").warning("Started %s", "server")
    entry = only_entry(out)
    assert (entry["event"], entry["message"], entry["level"]) == (
        "uvicorn.error",
        "Started server",
        "warning",
    )


def test_warnings_of_python_are_logged() -> None:
    out = lines()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old thing", UserWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    assert "old thing" in only_entry(out)["message"]


def test_configuring_again_replaces_and_does_not_double() -> None:
    lines()
    out = lines()
    get_logger("x").info(LogEvent.STARTED)
    assert len(out.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    "field",
    [
        "api_key",
        "Authorization",
        "password",
        "auth_token",
        "token",
        "X-Resy-Auth-Token",
        "Set-Cookie",
        "client_secret",
    ],
)
def test_a_field_named_as_a_credential_is_masked(field: str) -> None:
    assert SecretMask([])(None, "", {field: "hidden"}) == {field: MASK}


def test_a_field_that_only_resembles_one_is_kept() -> None:
    assert SecretMask([])(None, "", {"tokens_left": 3}) == {"tokens_left": 3}


@pytest.mark.parametrize(
    "text",
    [
        'ResyAPI api_key="hidden"',
        "Authorization: Bearer hidden",
        "postgresql://user:hidden@host/db",
        "postgresql://user:hid@hidden@host/db",
        "x-resy-auth-token: hidden",
        "connect failed for password=hidden host=h",
    ],
)
def test_what_looks_like_a_credential_is_masked_in_any_text(text: str) -> None:
    masked = SecretMask([]).text(text)
    assert "hid" not in masked
    assert MASK in masked


def test_text_around_a_secret_stays() -> None:
    assert SecretMask([]).text("GET postgresql://u:p@host/db now") == f"GET postgresql://u:{MASK}@host/db now"


def test_urls_without_a_password_stay_as_they_are() -> None:
    text = "POST https://api.resy.com:443/3/venuesearch/search by a@b"
    assert SecretMask([]).text(text) == text


def test_known_secrets_are_masked_wherever_they_are() -> None:
    entry = {"a": ["x s3cr3t y"], "b": {"c": ("s3cr3t",)}, "d": ValueError("s3cr3t"), "n": 5, "none": None}
    shown = SecretMask(["s3cr3t"])(None, "", entry)
    assert "s3cr3t" not in str(shown)
    assert (shown["n"], shown["none"]) == (5, None)


def test_a_secret_that_contains_another_is_masked_whole() -> None:
    assert SecretMask(["abcd", "abcdefgh"]).text("abcdefgh") == MASK


def _fail_with(text: str) -> None:
    raise RuntimeError(text)


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_secrets_in_a_traceback_are_masked(log_format: Literal["console", "json"]) -> None:
    out = lines(log_format, "s3cr3t")
    try:
        _fail_with("the key s3cr3t was refused")
    except RuntimeError:
        get_logger("x").exception(LogEvent.LOOP_FAILED)
    assert "s3cr3t" not in out.getvalue()
    assert f"RuntimeError: the key {MASK} was refused" in out.getvalue()


def test_secrets_in_lines_of_libraries_are_masked() -> None:
    out = lines("json", "s3cr3t")
    logging.getLogger("asyncpg").warning("dsn %s", "s3cr3t")
    assert "s3cr3t" not in out.getvalue()


def test_text_from_outside_cannot_start_a_line_or_move_the_cursor() -> None:
    out = lines("console")
    get_logger("x").info(LogEvent.POLL_FAILED, venue="Chez\n2026 forged\x1b[2J")
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


def test_two_services_share_no_metric() -> None:
    one, other = (Metrics(version="1", demo=False) for _ in range(2))
    one.sse_frames_total.inc(3)
    assert b"tablewire_sse_frames_total 3.0" in one.render()
    assert b"tablewire_sse_frames_total 0.0" in other.render()


@pytest.mark.parametrize(
    "name",
    [
        "poll_seconds", "polls_total", "polls_skipped_total", "call_seconds", "calls_total", "retries_total",
        "errors_total", "breaker_state", "budget_calls_per_second", "coverage_ratio", "slots_open", "drops_total",
        "reopenings_total", "closings_total", "poll_conflicts_total", "commit_seconds", "commit_to_stream_seconds",
        "sse_clients", "sse_frames_total", "sse_bytes_total", "slow_clients_dropped_total", "loop_restarts_total",
        "event_loop_lag_seconds", "calls_per_drop", "planned_revisit_seconds", "wanted_venues",
    ],
)  # fmt: skip
def test_every_documented_metric_is_rendered(name: str) -> None:
    rendered = Metrics(version="1", demo=False).render().decode()
    assert f"# HELP tablewire_{name} " in rendered


def test_labels_are_rendered_in_their_order() -> None:
    metrics = Metrics(version="1", demo=True)
    metrics.closings_total.labels("nyc", "resy", "taken").inc()
    rendered = metrics.render().decode()
    assert 'tablewire_closings_total{market="nyc",provider="resy",reason="taken"} 1.0' in rendered


def test_the_demo_is_said_in_the_metrics() -> None:
    assert 'tablewire_info{demo="true",version="1"} 1.0' in Metrics(version="1", demo=True).render().decode()
