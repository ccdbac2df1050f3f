"""What the settings accept, refuse, mask and say."""

from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tablewire.domain.markets import NYC
from tablewire.domain.wanted import WantedVenue
from tablewire.errors import SettingsError
from tablewire.setting_rooms import rooms
from tablewire.setting_values import MASK, Secret, mask_password, parse_duration
from tablewire.settings import Settings, command_to_run, describe
from tablewire.settings_page import page

ROOT = Path(__file__).parents[2]


def load(**variables: str) -> Settings:
    return Settings.load({f"TABLEWIRE_{name}": value for name, value in variables.items()})


def refusals(**variables: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(**variables)
    return {wrong.field.removeprefix("TABLEWIRE_"): wrong.message for wrong in caught.value.fields}


def origin_of(settings: Settings, name: str) -> str:
    return next(shown.origin for shown in describe(settings) if shown.name == f"TABLEWIRE_{name}")


def value_of(settings: Settings, name: str) -> str:
    return next(shown.value for shown in describe(settings) if shown.name == f"TABLEWIRE_{name}")


def every_field() -> list[tuple[str, Any, Any]]:
    loaded = {
        type(room): room for room in msgspec.structs.astuple(load()) if isinstance(room, msgspec.Struct)
    }
    return [
        (
            f"{struct.__name__}.{field}",
            struct.__annotations__[field].__origin__,
            getattr(loaded[struct], field),
        )
        for struct, variables in rooms()
        for field in variables
    ]


@pytest.mark.parametrize(("field", "declared", "value"), every_field(), ids=lambda part: str(part)[:40])
def test_a_default_has_the_type_that_its_field_declares(field: str, declared: Any, value: Any) -> None:
    if isinstance(value, (Secret, Path)) or field.endswith(("trusted_proxies", "channel_allow")):
        assert value is not None
    else:
        assert msgspec.convert(value, declared, strict=True) == value


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("HOST", "127.0.0.1"),
        ("PORT", "8000"),
        ("AUTH", "off"),
        ("PROVIDERS", "resy,opentable"),
        ("RESY_BASE_URL", "https://api.resy.com"),
        ("RESY_RATE", "5/s"),
        ("OPENTABLE_RATE", "1/s"),
        ("MARKETS", "nyc"),
        ("WINDOW_DAYS", "14"),
        ("TIME_SLOTS", "15:00,19:00"),
        ("PARTY_SIZES", "2,4"),
        ("POLL_INTERVAL", "30s"),
        ("CALL_TIMEOUT", "12s"),
        ("BUCKET_TIMEOUT", "25s"),
        ("RESUME_GAP", "10m"),
        ("RETENTION_EVENTS", "400d"),
        ("MAX_STREAMS", "10000"),
        ("RATE_LIMIT", "50/s"),
        ("SHUTDOWN_GRACE", "10s"),
        ("DATABASE_URL", "unset"),
    ],
)
def test_without_settings_the_documented_defaults_are_in_force(variable: str, expected: str) -> None:
    assert value_of(load(), variable) == expected


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("1h", timedelta(hours=1)),
        ("1.5s", timedelta(seconds=1.5)),
        ("250ms", timedelta(milliseconds=250)),
        ("400d", timedelta(days=400)),
    ],
)
def test_durations_are_read_in_every_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1 s", "1e3s", "1.s", "99999999d", "٣s", "1s\n"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "8_000"),
        ("AUTH", "on"),
        ("RESY_BASE_URL", "ftp://api.resy.com"),
        ("RESY_BASE_URL", "https://user:word@api.resy.com"),
        ("RESY_BASE_URL", "https://api.resy.com/?a=1"),
        ("RESY_RATE", "0"),
        ("RESY_RATE", "5/m"),
        ("RESY_API_KEY", "two words"),
        ("RESY_API_KEY", "line\r\nbreak"),
        ("USER_AGENT", "a\r\nHost: b"),
        ("PROVIDERS", "resy,resy"),
        ("PROVIDERS", "resy,,opentable"),
        ("OPENTABLE_HOURS", "11-23"),
        ("OPENTABLE_HOURS", "11:00-11:00"),
        ("OPENTABLE_HOURS", "11:00"),
        ("MARKETS", "atlantis"),
        ("WINDOW_DAYS", "0"),
        ("TIME_SLOTS", "25:00"),
        ("TIME_SLOTS", "none"),
        ("PARTY_SIZES", "0,2"),
        ("PARTY_SIZES", "21"),
        ("POLL_INTERVAL", "0s"),
        ("POLL_INTERVAL", "30"),
        ("POLL_CONCURRENCY", "0"),
        ("RETENTION_EVENTS", "1h"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "postgresql+asyncpg://h/d"),
        ("DATA_DIR", "~nobody-has-this-name/x"),
    ],
)
def test_a_wrong_value_is_refused_with_its_variable_and_what_is_allowed(name: str, value: str) -> None:
    assert "allowed: " in refusals(**{name: value})[name]


def test_every_wrong_value_is_named_at_once() -> None:
    found = refusals(POLL_INTERVAL="0s", PORT="x", AUTH="maybe", RATE_LIMIT="no", MARKETS="atlantis")
    assert set(found) == {"POLL_INTERVAL", "PORT", "AUTH", "RATE_LIMIT", "MARKETS"}


def test_the_text_of_the_error_names_variable_value_and_origin() -> None:
    with pytest.raises(
        SettingsError, match=r"TABLEWIRE_PORT: 'x' \(from environment\).*whole number from 0 to 65535"
    ):
        load(PORT="x")


def test_a_wrong_secret_is_not_shown_in_its_refusal() -> None:
    assert "hidden" not in refusals(RESY_API_KEY="hidden word")["RESY_API_KEY"]


def test_an_unknown_variable_is_refused_with_the_closest_name() -> None:
    assert "TABLEWIRE_POLL_INTERVAL" in refusals(POLL_INTERVALL="30s")["POLL_INTERVALL"]


def test_a_name_in_lower_case_is_refused_and_not_passed_over() -> None:
    with pytest.raises(SettingsError, match="closest is TABLEWIRE_PORT"):
        Settings.load({"tablewire_port": "1"})


def test_variables_of_other_programs_are_left_alone() -> None:
    assert Settings.load({"PATH": "/bin", "RESY_API_KEY": "x"}).resy.api_key is None


def test_an_empty_value_counts_as_left_out() -> None:
    settings = load(AUTH="", RESY_API_KEY=" ")
    assert (settings.http.auth, settings.resy.api_key, origin_of(settings, "AUTH")) == (
        "off",
        None,
        "default",
    )


def test_a_host_beyond_loopback_is_refused_without_authentication() -> None:
    assert "loopback" in refusals(HOST="192.0.2.1")["HOST"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_every_loopback_host_is_allowed(host: str) -> None:
    assert load(HOST=host).http.host == host


def test_with_tokens_it_may_listen_beyond_loopback_and_has_a_rate_limit() -> None:
    http = load(AUTH="token", HOST="192.0.2.1").http
    assert (http.auth, http.host, http.requests_per_second) == ("token", "192.0.2.1", 50.0)


def test_one_edge_fewer_than_time_slots_is_asked_for() -> None:
    assert "one time fewer" in refusals(TIME_SLOTS="12:00,15:00,19:00")["TIME_SLOT_EDGES"]


def test_edges_lie_between_their_time_slots() -> None:
    assert "later than its time slot" in refusals(TIME_SLOTS="18:00,19:00")["TIME_SLOT_EDGES"]


def test_time_slots_rise() -> None:
    assert "rise" in refusals(TIME_SLOTS="19:00,15:00")["TIME_SLOTS"]


def test_a_single_time_slot_has_no_edges() -> None:
    assert load(TIME_SLOTS="19:00", TIME_SLOT_EDGES="none").discovery.time_slot_edges == ()


def test_a_bucket_has_at_least_the_time_of_a_call() -> None:
    assert "CALL_TIMEOUT" in refusals(CALL_TIMEOUT="30s")["BUCKET_TIMEOUT"]


def test_without_authentication_there_is_no_rate_limit() -> None:
    assert load(RATE_LIMIT="5/s").http.requests_per_second is None


def test_networks_of_proxies_are_read() -> None:
    expected = (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert load(TRUSTED_PROXIES="10.0.0.0/8, ::1").http.trusted_proxies == expected


def test_the_user_agent_has_the_version_unless_told_otherwise() -> None:
    assert load().providers.user_agent.removeprefix("tablewire/")[0].isdigit()


def test_the_environment_wins_over_the_file_and_options_over_both(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("TABLEWIRE_PORT=1\nTABLEWIRE_WINDOW_DAYS=7\nTABLEWIRE_MAX_STREAMS=5\n")
    environ = {"TABLEWIRE_PORT": "2", "TABLEWIRE_WINDOW_DAYS": "8"}
    settings = Settings.load(environ, env_file, options={"TABLEWIRE_PORT": "3"})
    origins = [origin_of(settings, name) for name in ("PORT", "WINDOW_DAYS", "MAX_STREAMS", "HOST")]
    assert origins == ["option", "environment", ".env", "default"]
    assert (settings.http.port, settings.discovery.window_days, settings.live.max_streams) == (3, 8, 5)


def test_a_missing_file_is_no_error(tmp_path: Path) -> None:
    assert Settings.load({}, tmp_path / ".env").http.port == 8000


def test_values_of_the_file_are_taken_literally(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("export TABLEWIRE_RESY_API_KEY='a${PATH}b' # mine\n")
    key = Settings.load({}, env_file).resy.api_key
    assert key is not None
    assert key.reveal() == "a${PATH}b"


def test_a_line_of_the_file_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("TABLEWIRE_PORT=1\nTABLEWIRE_HOST='127.0.0.1\n")
    with pytest.raises(SettingsError, match="line 2 of"):
        Settings.load({}, env_file)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load({}, tmp_path)


def test_no_secret_shows_in_what_is_described_or_in_the_repr() -> None:
    settings = load(RESY_API_KEY="kkkk1", RESY_AUTH_TOKEN="tttt2", DATABASE_URL="postgresql://u:pppp3@h/d")
    shown = repr(settings) + str(describe(settings))
    assert not [secret for secret in ("kkkk1", "tttt2", "pppp3") if secret in shown]


def test_a_database_url_is_described_without_its_password() -> None:
    assert (
        value_of(load(DATABASE_URL="postgresql://u:p@ss@h/d"), "DATABASE_URL") == f"postgresql://u:{MASK}@h/d"
    )


@pytest.mark.parametrize("url", ["u:word", "postgresql://h/d?password=word", "postgresql://u:word"])
def test_a_password_in_an_unusual_place_masks_the_whole_url(url: str) -> None:
    assert mask_password(url) == MASK


def test_the_log_is_told_every_secret() -> None:
    settings = load(RESY_API_KEY="k", RESY_AUTH_TOKEN="t", DATABASE_URL="postgresql://h/d")
    assert settings.secrets() == {"k", "t", "postgresql://h/d"}


MARKETS = """
[[market]]
id = "sf"
time_zone = "America/Los_Angeles"
latitude = 37.77
longitude = -122.42
radius_m = 12000
opentable_metro_id = 4
"""


def test_markets_come_from_a_file_beside_the_one_that_ships(tmp_path: Path) -> None:
    path = tmp_path / "markets.toml"
    path.write_text(MARKETS)
    settings = load(MARKETS="sf,nyc", MARKETS_FILE=str(path))
    assert [market.id for market in settings.markets] == ["sf", "nyc"]
    assert settings.markets[1] == NYC


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("America/Los_Angeles", "Mars/Olympus"),
        ("America/Los_Angeles", "../etc/passwd"),
        ("37.77", "97.77"),
        ("12000", "0"),
        ("radius_m", "radius"),
        ("[[market]]", "[market]"),
        ('"sf"', '"S F"'),
        ("latitude =", "latitude"),
        (MARKETS, MARKETS + MARKETS),
        (MARKETS, ""),
    ],
)
def test_a_file_of_markets_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "markets.toml"
    path.write_text(MARKETS.replace(old, new))
    assert str(path) in refusals(MARKETS_FILE=str(path))["MARKETS_FILE"]


def test_venues_that_asked_to_be_left_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "opt-out"
    path.write_text("# asked by mail\nresy:834  # a remark\n\nopentable:1180\n")
    assert load(OPT_OUT=str(path)).opt_out == {("resy", "834"), ("opentable", "1180")}


@pytest.mark.parametrize("line", ["834", "resy:", "Resy:834", "resy:8 34"])
def test_a_line_of_the_opt_out_list_that_names_no_venue_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "opt-out"
    path.write_text(f"resy:1\n{line}\n")
    assert "line 2" in refusals(OPT_OUT=str(path))["OPT_OUT"]


def test_a_missing_opt_out_list_is_refused_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    assert "cannot be read" in refusals(OPT_OUT=str(tmp_path / "absent"))["OPT_OUT"]


def test_the_file_of_wanted_venues_has_a_venue_and_its_dates_a_line(tmp_path: Path) -> None:
    path = tmp_path / "wanted"
    path.write_text("# those we wait for\nresy:834 2026-02-18 2026-02-19\n\nopentable:1180  # any date\n")
    two = frozenset({date(2026, 2, 18), date(2026, 2, 19)})
    assert load(WANTED=str(path)).wanted == (
        WantedVenue(provider="resy", venue_id="834", dates=two),
        WantedVenue(provider="opentable", venue_id="1180"),
    )


@pytest.mark.parametrize("line", ["834", "resy:834 18.2.2026", "resy:834 2026-02-30", "resy: 834"])
def test_a_wrong_line_of_wanted_venues_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "wanted"
    path.write_text(f"resy:1\n{line}\n")
    assert "line 2" in refusals(WANTED=str(path))["WANTED"]


def test_providers_without_credentials_are_not_polled_and_say_what_is_missing() -> None:
    settings = load(PROVIDERS="resy,opentable,third", RESY_API_KEY="k")
    assert settings.polled == ("resy", "third")
    assert settings.not_polled == {
        "opentable": "TABLEWIRE_OPENTABLE_HASH_MULTISEARCHRESULTS and TABLEWIRE_OPENTABLE_HASH_RESTAURANTSAVAILABILITY are not set"
    }
    assert load(PROVIDERS="resy").not_polled == {"resy": "TABLEWIRE_RESY_API_KEY is not set"}


def test_the_demo_has_a_database_of_its_own() -> None:
    assert Settings.load({}, demo=True).database_name != Settings.load({}).database_name


def test_the_demo_runs_where_no_credentials_are_set(tmp_path: Path) -> None:
    assert command_to_run({}, tmp_path / ".env") == "demo"


def test_the_service_runs_where_the_file_has_credentials(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TABLEWIRE_RESY_API_KEY=k\n")
    assert command_to_run({}, tmp_path / ".env") == "serve"


def test_wrong_settings_are_left_to_the_service_to_refuse(tmp_path: Path) -> None:
    assert command_to_run({"TABLEWIRE_PORT": "x"}, tmp_path / ".env") == "serve"


def test_secrets_are_equal_by_what_they_hide() -> None:
    assert (Secret("a"), hash(Secret("a"))) == (Secret("a"), hash(Secret("a")))
    assert Secret("a") != Secret("b")
