"""Takes secrets and what concerns persons out of an exchange, before it is kept."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from tablewire.providers.secret_names import is_secret_name

GONE = "***"
"""What stands where something was taken out."""

_SHORTEST = 8
"""Shorter secrets are taken out only where they are a whole value: they would be found in any text."""
_PUBLIC_VALUE = "rgs://"
"""How Resy names a table."""

_PERSONAL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"  # an e-mail address
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"  # a signed token
    r"|(?i:bearer\s+)[\w.~+/=-]{8,}"
    r"|(?<![\w.-])\+\d{8,15}(?!\w)"  # telephone numbers, the world's and America's
    r"|(?<![\w.-])(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"
)
_PAIR = re.compile(
    r"(?P<before>(?P<name>[A-Za-z][\w.-]{1,60})[\"']?\s*[=:]\s*)"
    r"(?:(?P<open>[\"'])(?P<quoted>(?:[^\"'\\]|\\.|(?!(?P=open))[\"'])*)(?:(?P=open)|$)|(?P<bare>[^\s\"'&;,<>\[{}\]]+)|(?P<inner>[\[{]))"
)
_ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_QUOTED = re.compile(r'"([^"]+)"')
_REMEMBERED = 50_000
"""Short texts whose clean form is remembered: the same names and dates come again and again."""
_SHORT = 200
_JSON = json.JSONDecoder()


class Scrubber:
    """Scrubs texts of given secrets, and of all that looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._clean: dict[str, str] = {}
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Look for further secrets from now on."""
        every = self._secrets | {secret for secret in secrets if secret}
        if every == self._secrets:
            return
        self._secrets = every
        self._clean.clear()
        ways = {way for secret in every if len(secret) >= _SHORTEST for way in _written(secret)}
        longest_first = sorted(ways, key=lambda way: (-len(way), way))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if ways else None

    def body(self, text: str) -> str:
        """A body, JSON or not, whole or cut off."""
        if text[:1] not in ("{", "[", '"', " ", "\n", "\r", "\t"):
            return self.text(text)
        try:
            return _dumped(self._value(json.loads(text)))
        except (ValueError, RecursionError):
            return self.text(text)

    def form(self, text: str) -> str:
        """The parameters of a query or a form, those without a secret left as they were written."""
        return "&".join(map(self._parameter, text.split("&"))) if text else text

    def path(self, path_and_query: str) -> str:
        """A path, with its query."""
        path, mark, query = path_and_query.partition("?")
        steps = [self._kept_or_quoted(step, unquote(step)) for step in path.split("/")]
        return "/".join(steps) + mark + self.form(query)

    def text(self, text: str) -> str:
        """Any text: what is named like a secret goes, and what looks like one."""
        text = _ESCAPED.sub(_unescaped, text)
        parts: list[str] = []
        done = 0
        while (pair := _PAIR.search(text, done)) is not None:
            end = pair.end()
            if not self._is_secret_pair(pair):
                end = pair.end("before")
                parts.append(text[done:end])
            elif pair["inner"]:
                parts += [text[done : pair.end("before")], f'"{GONE}"']
                end = _end_of_inner(text, pair.start("inner"))
            else:
                mark = pair["open"] or ""
                parts += [text[done : pair.end("before")], mark, GONE, mark]
            done = end
        return self.words("".join([*parts, text[done:]]))

    def words(self, text: str) -> str:
        """A text without the known secrets, and without what concerns a person."""
        if text in self._secrets:
            return GONE
        if self._pattern is not None:
            text = self._pattern.sub(GONE, text)
        return _PERSONAL.sub(GONE, text)

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                self._string(name): GONE if _is_to_go(name, inner) else self._value(inner)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        if isinstance(value, str):
            return self._string(value)
        return GONE if str(value) in self._secrets else value

    def _string(self, value: str) -> str:
        """A text within JSON, which may be JSON again, or a URL."""
        if (known := self._clean.get(value)) is not None:
            return known
        if value[:1] in ("{", "["):
            return self.body(value)
        clean = self.text(value) if "=" in value or ":" in value else self.words(value)
        if len(value) <= _SHORT:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean[value] = clean
        return clean

    def _parameter(self, given: str) -> str:
        name, mark, value = given.partition("=")
        if mark and is_secret_name(unquote_plus(name)):
            return f"{name}={GONE}"
        return (
            self._kept_or_quoted(name, unquote_plus(name))
            + mark
            + self._kept_or_quoted(value, unquote_plus(value))
        )

    def _kept_or_quoted(self, written: str, meant: str) -> str:
        clean = self._string(meant)
        return written if clean == meant else quote(clean, safe="*")

    @staticmethod
    def _is_secret_pair(pair: re.Match[str]) -> bool:
        value = pair["quoted"] if pair["open"] else pair["bare"] or pair["inner"]
        return is_secret_name(pair["name"]) and bool(value) and not value.startswith(_PUBLIC_VALUE)


def _is_to_go(name: str, value: Any) -> bool:
    """Whether a field is to be taken out; what is empty, or says only yes or no, tells nothing."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return False
    if isinstance(value, str) and value.startswith(_PUBLIC_VALUE):
        return False
    return is_secret_name(name)


def _written(secret: str) -> set[str]:
    """The ways in which a secret may stand in a text."""
    percent = quote(secret, safe="")
    return {
        secret,
        percent,
        re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), percent),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
    }


def _end_of_inner(text: str, start: int) -> int:
    """Where an object or a list ends; where it is cut off, the text does."""
    try:
        return _JSON.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return len(text)


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return found[0] if character in '"\\' else character


def _dumped(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half an emoji, which only an escape can write
        return json.dumps(value, separators=(",", ":"))
    return text
