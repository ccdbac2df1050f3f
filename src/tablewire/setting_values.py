"""The kinds of value a setting can have: each turns a text into a value, or says what is allowed."""

import ipaddress
import re
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

MASK = "********"
"""What stands where a secret would be shown."""

_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")

_HOST_NAME = re.compile(r"(?=[a-z0-9.-]*[a-z])[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_LONGEST = timedelta(days=10_000)
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(?:/s)?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_PASSWORD = re.compile(r"(//[^:/@]*:).*@")


class Secret:
    """A text that shows itself only when asked to, so that no log or repr gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, for the one place that sends it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    __str__ = __repr__


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How a setting's text is understood, what is allowed, and how the text is shown to people."""

    read: Callable[[str], Any]
    """Gives the value; raises ValueError where the text is not allowed."""
    allowed: str
    show: Callable[[str], str] = str


def _masked(_: str) -> str:
    return MASK


def _matching(text: str, pattern: re.Pattern[str]) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found


def parse_duration(text: str) -> timedelta:
    """A duration such as `30s`, `10m`, `1h`, `1.5s`, `250ms` or `400d`; ValueError where it is none."""
    number, unit = _matching(text, _DURATION).groups()
    span = timedelta(seconds=min(float(number) * _SECONDS[unit], _LONGEST.total_seconds() + 1))
    if span > _LONGEST:
        raise ValueError(text)
    return span


def duration(*, above: str | None = None, least: str = "0s") -> Kind:
    """A length of time, longer than `above` or at least `least`."""
    low = parse_duration(above or least)

    def read(text: str) -> timedelta:
        span = parse_duration(text)
        if span < low or (above is not None and span == low):
            raise ValueError(text)
        return span

    bound = f"longer than {above}" if above else f"at least {least}"
    return Kind(
        read=read, allowed=f"a duration with its unit (ms, s, m, h, d), {bound}, as in `30s` or `1.5h`"
    )


def whole(low: int, high: int) -> Kind:
    """A whole number within bounds, both allowed."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return Kind(read=read, allowed=f"a whole number from {low} to {high}")


def _read_rate(text: str) -> float:
    number = float(_matching(text, _RATE)[1])
    if not 0 < number <= 100_000:
        raise ValueError(text)
    return number


def _read_rate_or_off(text: str) -> float | None:
    return None if text == "off" else _read_rate(text)


def rate(*, can_be_off: bool = False) -> Kind:
    """So many a second, as a float; None for `off` where that is allowed."""
    allowed = "a number above 0, as in `5`, `5/s` or `0.5/s`"
    if can_be_off:
        return Kind(read=_read_rate_or_off, allowed=f"{allowed}, or `off`")
    return Kind(read=_read_rate, allowed=allowed)


def one_of(*choices: str) -> Kind:
    """One word of a closed set."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return Kind(read=read, allowed=" or ".join(f"`{choice}`" for choice in choices))


def listed(read_item: Callable[[str], Any], of: str, *, can_be_empty: bool = False) -> Kind:
    """Several values with commas between them, none twice; `none` is the empty list where that is allowed."""

    def read(text: str) -> tuple[Any, ...]:
        if can_be_empty and text == "none":
            return ()
        items = tuple(read_item(part.strip()) for part in text.split(","))
        if len(set(items)) != len(items):
            raise ValueError(text)
        return items

    allowed = f"{of}, with commas between them, none twice"
    return Kind(read=read, allowed=f"{allowed}, or `none`" if can_be_empty else allowed)


def _read_id(text: str) -> str:
    return _matching(text, _ID)[0]


def _read_time(text: str) -> str:
    return _matching(text, _TIME)[0]


def _read_hours(text: str) -> tuple[time, time]:
    begin, dash, end = text.partition("-")
    if not dash or begin == end:
        raise ValueError(text)
    return time.fromisoformat(_read_time(begin)), time.fromisoformat(_read_time(end))


def read_origin(text: str) -> str:
    """A web origin (`https://host[:port]`) as browsers send it; ValueError where it is none."""
    if not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", text) or _base_url(text) != text:
        raise ValueError(text)
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    clean = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not clean or parts.query or parts.fragment or not _is_printable(text):
        raise ValueError(text)
    _ = parts.port  # raises ValueError where it is no number
    return text.rstrip("/")


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _read_secret(text: str) -> Secret:
    if not _is_printable(text):
        raise ValueError(text)
    return Secret(text)


def _read_token(text: str) -> str:
    if not _is_printable(text):
        raise ValueError(text)
    return text


def _read_header(text: str) -> str:
    if not text.isascii() or not text.isprintable() or len(text) > 300:
        raise ValueError(text)
    return text


def _read_inside(text: str) -> IpNetwork | str:
    """A network or an address, else the name of a host."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return _matching(text.lower(), _HOST_NAME)[0]


def _read_database_url(text: str) -> Secret:
    parts = urlsplit(text)
    if parts.scheme not in {"postgresql", "postgres"} or "://" not in text or not _is_printable(text):
        raise ValueError(text)
    _ = parts.port  # raises ValueError where it is no number
    return Secret(text)


def mask_password(url: str) -> str:
    """A URL with the password in it masked; where it is not plain what the password is, all is masked."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError where a password stands in the port's place
    except ValueError:
        return MASK
    plain = "://" in url and "password" not in parts.query
    return _PASSWORD.sub(rf"\1{MASK}@", url) if plain else MASK


def _read_path(text: str) -> Path:
    if "\0" in text:
        raise ValueError(text)
    return Path(text).expanduser()


ID_LIST = listed(_read_id, "ids (lower-case letters, digits, `-`, `_`)")
TIME_LIST = listed(_read_time, "times of day, as in `15:00`")
TIME_LIST_OR_NONE = listed(_read_time, "times of day, as in `17:00`", can_be_empty=True)
HOURS = Kind(
    read=_read_hours, allowed="two times of day, as in `11:00-23:00`; an earlier end is the next day's"
)
PARTY_SIZE_LIST = listed(whole(1, 20).read, "whole numbers from 1 to 20")
ORIGIN_LIST = listed(read_origin, "origins, as in `https://tables.example`", can_be_empty=True)
NETWORK_LIST = listed(ipaddress.ip_network, "IP addresses or networks, as in `10.0.0.0/8`", can_be_empty=True)
INSIDE_LIST = listed(
    _read_inside,
    "IP addresses, networks or host names, as in `10.0.0.0/8, ntfy.home.arpa`",
    can_be_empty=True,
)
BASE_URL = Kind(read=_base_url, allowed="an `http://` or `https://` URL without query, user or fragment")
HOST = Kind(read=_read_token, allowed="a host name or an IP address")
TOKEN = Kind(read=_read_token, allowed="printable ASCII without spaces")
SECRET = Kind(read=_read_secret, allowed="printable ASCII without spaces", show=_masked)
HEADER = Kind(read=_read_header, allowed="printable ASCII on one line, at most 300 characters")
PATH = Kind(read=_read_path, allowed="a path")
DATABASE_URL = Kind(
    read=_read_database_url, allowed="`postgresql://user:password@host:port/name`", show=mask_password
)
