"""Following a running service's feed from a terminal: reads its NDJSON stream, and comes back with its cursor."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from tablewire.errors import TablewireError

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 15.0
SILENCE = 60.0
"""Seconds without a line, heartbeats among them, after which the connection counts as lost."""


class ServiceRefused(TablewireError):
    """The service answered that it will not: the message says why."""


def follow(
    base_url: str,
    query: Sequence[tuple[str, str]],
    *,
    since: str | None = None,
    token: str | None = None,
    lost: Callable[[str], None] = lambda _: None,
) -> Iterator[dict[str, Any]]:
    """Lines of the stream, `{"event", "id", "data"}` each, for ever; a lost connection is taken up again at the cursor.

    Raises `ServiceRefused` where the service refuses the request itself, ValueError where `base_url` is no http address, or
    `token` cannot be sent.
    """
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ValueError("the token has characters that no token has")
    if urlsplit(base_url).scheme not in ("http", "https"):
        raise ValueError(f"{base_url!r} is no http address; one looks like http://127.0.0.1:8000")
    cursor, pause = since, FIRST_PAUSE
    while True:
        try:
            for line in _lines(base_url, query, cursor, token):
                pause = FIRST_PAUSE
                cursor = line.get("id") or cursor
                yield line
            lost("the stream ended")
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise ServiceRefused(_detail(error)) from error
            lost(_detail(error))
        except (OSError, http.client.HTTPException) as error:
            lost(str(error))
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


def _lines(
    base_url: str, query: Sequence[tuple[str, str]], cursor: str | None, token: str | None
) -> Iterator[dict[str, Any]]:
    asked = [*query, ("since", cursor)] if cursor is not None else list(query)
    request = urllib.request.Request(  # noqa: S310 - `follow` has looked at the scheme
        f"{base_url.rstrip('/')}/feed/stream?{urlencode(asked)}", headers={"Accept": "application/x-ndjson"}
    )
    if token is not None:
        # Not with a redirection: another host has no business with it.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=SILENCE) as answer:  # noqa: S310 - `follow` has looked at the scheme
        for line in answer:
            if line.strip():
                yield json.loads(line)


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.load(error)
        wrong = "; ".join(f"{one['field']}: {one['message']}" for one in problem.get("errors") or [])
        return wrong or str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error.code}"
