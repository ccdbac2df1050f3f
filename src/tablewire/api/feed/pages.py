"""`GET /feed` as a raw ASGI application: pages made of bytes that exist already, and remembered while nothing new comes."""

from collections import OrderedDict
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec
from litestar.types import Receive, Scope, Send

from tablewire.api.feed.schemas import feed_page
from tablewire.api.query import Query
from tablewire.domain.filters import parse_types
from tablewire.errors import BadInput
from tablewire.live.feed import Feed, PageWish, parse_cursor
from tablewire.live.hub import Hub
from tablewire.live.restaurants import Restaurants, names_restaurants

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500
OWN_PARAMETERS: Final = ("types", "since", "before", "limit")
_MAX_REMEMBERED: Final = 128
_MAX_REMEMBERED_BYTES: Final = 65_536

Headers = list[tuple[bytes, bytes]]


class Made(msgspec.Struct, frozen=True):
    """A page as it goes out, and the state of the log and of the restaurants that it was made from."""

    body: bytes
    headers: Headers
    etag: bytes | None
    made_from: tuple[int, int, int]


class FeedPages:
    """`GET /feed`; `older` for the older path, whose events carry `resy_url`."""

    def __init__(self, hub: Hub, feed: Feed, restaurants: Restaurants, *, older: bool = False) -> None:
        self._hub = hub
        self._feed = feed
        self._restaurants = restaurants
        self._older = older
        self._made: OrderedDict[bytes, Made] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Answer one page."""
        made = await self._page(scope["query_string"])
        status, headers, body = 200, made.headers, made.body
        if made.etag is not None and _has(scope, made.etag):
            status, body = 304, b""
            headers = [header for header in headers if header[0] != b"content-length"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _page(self, raw: bytes) -> Made:
        known = self._made.get(raw)
        if known is not None and known.made_from == self._state():
            return known
        wish = parse_wish(raw)
        wanted = self._restaurants.widened(wish.wanted)
        page = await self._feed.page(msgspec.structs.replace(wish, wanted=wanted))
        body = feed_page(page, older=self._older)
        # Which venues are one restaurant may turn out otherwise: what depends on it is never settled.
        settled = page.settled and not names_restaurants(wanted)
        made = _make(body, settled=settled, made_from=self._state())
        if len(body) <= _MAX_REMEMBERED_BYTES:
            self._made[raw] = made
            self._made.move_to_end(raw)
            if len(self._made) > _MAX_REMEMBERED:
                self._made.popitem(last=False)
        return made

    def _state(self) -> tuple[int, int, int]:
        return self._hub.oldest, self._hub.newest, self._restaurants.version


@lru_cache(maxsize=1_024)
def parse_wish(raw: bytes) -> PageWish:
    """What a query string asks for. Raises `BadInput`."""
    query = Query(raw, OWN_PARAMETERS, filters=True)
    wanted = query.filter()
    limit = query.whole("limit", DEFAULT_LIMIT, 1, MAX_LIMIT) or DEFAULT_LIMIT
    since, before = query.text("since"), query.text("before")
    types_text = query.text("types")
    if since is not None and before is not None:
        query.refuse("before", "since and before cannot both be given")
    try:
        types = parse_types(types_text)
    except BadInput as error:
        query.wrong.extend(error.fields)
        types = frozenset()
    query.check()
    return PageWish(
        wanted=wanted,
        types=types,
        limit=limit,
        since=None if since is None else parse_cursor(since),
        before=None if before is None else parse_cursor(before, "before"),
    )


def _make(body: bytes, *, settled: bool, made_from: tuple[int, int, int]) -> Made:
    etag = b'"%s"' % blake2b(body, digest_size=12).hexdigest().encode() if settled else None
    headers: Headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"private, max-age=3600" if settled else b"no-store"),
    ]
    if etag is not None:
        headers.append((b"etag", etag))
    return Made(body, headers, etag, made_from)


def _has(scope: Scope, etag: bytes) -> bool:
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            tags = [tag.strip().removeprefix(b"W/") for tag in value.split(b",")]
            return etag in tags or b"*" in tags
    return False
