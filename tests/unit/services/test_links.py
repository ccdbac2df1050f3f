"""The links in notifications: they lead to the book page, say nothing, and count a tap."""

from datetime import UTC, datetime

import pytest

from tablewire.errors import NotFound, StoreUnavailable
from tablewire.notifications.sealing import FernetSealer
from tablewire.services.links import Links, safe_target

NOW = datetime(2026, 2, 11, 15, tzinfo=UTC)


class Taps:
    def __init__(self, url: str | None = "https://resy.com/carbone?date=2026-02-18&seats=2") -> None:
        self.url = url
        self.taps: list[tuple[int, int, datetime]] = []
        self.away = False

    async def book_url(self, notification_id: int) -> str | None:
        return self.url if notification_id == 7 else None

    async def tapped(self, notification_id: int, channel_id: int, at: datetime) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.taps.append((notification_id, channel_id, at))


SEALER = FernetSealer(b"k" * 32)


def links(taps: Taps, public_url: str = "https://tables.example") -> Links:
    return Links(SEALER, taps, lambda: NOW, public_url=public_url)


def token(made: Links, notification_id: int, channel_id: int = 0) -> str:
    return made.url_of(notification_id, channel_id).rpartition("/")[2]


async def test_a_link_leads_to_the_book_page_and_keeps_the_tap_of_its_channel() -> None:
    taps = Taps()
    made = links(taps)
    assert made.url_of(7).startswith("https://tables.example/go/")
    assert await made.follow(token(made, 7, 3), tap=True) == taps.url
    assert taps.taps == [(7, 3, NOW)]


async def test_looking_at_a_link_is_no_tap() -> None:
    taps = Taps()
    made = links(taps)
    await made.follow(token(made, 7), tap=False)
    assert taps.taps == []


async def test_a_tap_that_cannot_be_kept_leads_on_all_the_same() -> None:
    taps = Taps()
    taps.away = True
    made = links(taps)
    assert await made.follow(token(made, 7), tap=True) == taps.url


NO_TOKENS = {
    "nothing": "",
    "a word": "x",
    "no ASCII": "é",
    "too long": "A" * 600,
    "something else that is sealed": SEALER.seal(b"ntfy://secret").decode(),
}


@pytest.mark.parametrize("text", NO_TOKENS.values(), ids=NO_TOKENS)
async def test_what_is_no_token_leads_nowhere(text: str) -> None:
    with pytest.raises(NotFound):
        await links(Taps()).follow(text, tap=True)


async def test_a_notification_without_a_page_leads_nowhere() -> None:
    made = links(Taps(None))
    for notification_id in (7, 8):
        with pytest.raises(NotFound):
            await made.follow(token(made, notification_id), tap=True)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://resy.com/a?b=c%20d#e", "https://resy.com/a?b=c%20d#e"),
        ("https://resy.com/caf\u00e9 x", "https://resy.com/caf%C3%A9%20x"),
        ("https://resy.com/a\r\nSet-Cookie: x", "https://resy.com/a%0D%0ASet-Cookie:%20x"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example", None),
        ("https:///path", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_are_followed_and_none_breaks_a_header(
    url: str | None, target: str | None
) -> None:
    assert safe_target(url) == target
