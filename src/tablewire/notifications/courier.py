"""The courier: all kinds of channel behind one door, each under its time-out, with addresses that only it can read."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import assert_never
from urllib.parse import urlsplit

import msgspec

from tablewire.domain.channels import ChannelType
from tablewire.errors import BadInput
from tablewire.notifications import ntfy, telegram
from tablewire.notifications.apprise import AppriseChannel, AppriseProcess
from tablewire.notifications.guard import Guard
from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.names import Names
from tablewire.notifications.ntfy import NtfyChannel
from tablewire.notifications.protocol import (
    Channel,
    Failed,
    FailureKind,
    Message,
    Prepared,
    Receipt,
    Sealer,
    Subscription,
)
from tablewire.notifications.telegram import TelegramChannel
from tablewire.notifications.webhooks import WebhookChannel, new_secret
from tablewire.notifications.webpush import PushKey, WebPushChannel

LONGEST_URL = 2_000
EXAMINE_SECONDS = 10.0
"""For looking up a host's name, and for Apprise to read a URL."""
_UNCLEAR = "it is no URL that Apprise understands; https://appriseit.com/services/ lists them"


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed: everything by which a channel is reached."""

    url: str
    secret: str | None = None
    p256dh: str = ""
    auth: str = ""


class ChannelCourier:
    """See `protocol.Courier`."""

    def __init__(
        self,
        *,
        sealer: Sealer,
        guard: Guard,
        push_key: PushKey,
        user_agent: str,
        now: Callable[[], datetime],
        telegram_api: str = telegram.API,
        names: Names | None = None,
    ) -> None:
        self._sealer = sealer
        self._http = GuardedHttp(guard, names or Names(), user_agent, now)
        self._apprise = AppriseProcess(guard)
        self._push_key = push_key
        self._now = now
        self._telegram_api = telegram_api

    @property
    def push_key(self) -> str:
        """The key with which browsers subscribe."""
        return self._push_key.public

    async def prepare(
        self,
        type: ChannelType,
        *,
        url: str | None = None,
        subscription: Subscription | None = None,
        before: bytes | None = None,
    ) -> Prepared:
        """Check and seal an address. Raises `BadInput`."""
        match type:
            case ChannelType.WEBPUSH:
                address, shown = await self._browser(subscription)
            case ChannelType.WEBHOOK:
                address, shown = await self._hook(_given(url), before)
            case ChannelType.APPRISE:
                address, shown = await self._service(_given(url))
            case _:
                assert_never(type)
        secret = address.secret if before is None else None
        return Prepared(self._sealer.seal(msgspec.json.encode(address)), shown, secret)

    async def send(self, type: ChannelType, sealed: bytes, message: Message, seconds: float) -> Receipt:
        """Send a message, and give it up after so long."""
        opened = self._sealer.open(sealed)
        if opened is None:
            return Failed(
                FailureKind.REFUSED, "its address cannot be read: the service's secret key has changed"
            )
        channel = self._channel(type, msgspec.json.decode(opened, type=Address))
        until = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(until):
                return await channel.send(message, until)
        except TimeoutError:
            return Failed(FailureKind.TEMPORARY, f"it did not answer within {seconds:g} s")

    async def aclose(self) -> None:
        """End what runs."""
        await self._apprise.aclose()

    def _channel(self, type: ChannelType, address: Address) -> Channel:
        if type is ChannelType.WEBHOOK:
            return WebhookChannel(self._http, address.url, address.secret or "", self._now)
        if type is ChannelType.WEBPUSH:
            subscription = Subscription(address.url, address.p256dh, address.auth)
            return WebPushChannel(self._http, subscription, self._push_key, self._now)
        if (topic := ntfy.topic_of(address.url)) is not None:
            return NtfyChannel(self._http, topic)
        if (chat := telegram.chat_of(address.url)) is not None:
            return TelegramChannel(self._http, chat, self._telegram_api)
        return AppriseChannel(self._apprise, address.url)

    # --- what is checked before an address is kept

    async def _hook(self, url: str, before: bytes | None) -> tuple[Address, str]:
        host = _web_host(url, "url", ("https", "http"))
        await self._check(host, "url")
        kept = self._sealer.open(before) if before is not None else None
        secret = msgspec.json.decode(kept, type=Address).secret if kept is not None else None
        return Address(url, secret or new_secret()), f"{urlsplit(url).scheme}://{host}/…"

    async def _browser(self, subscription: Subscription | None) -> tuple[Address, str]:
        if subscription is None:
            raise BadInput.of("subscription", "a webpush channel needs what the browser's subscribe() gave")
        host = _web_host(subscription.endpoint, "subscription.endpoint", ("https", "http"))
        for field, length in (("p256dh", 65), ("auth", 16)):
            if _length(getattr(subscription, field)) != length:
                message = f"{length} bytes in base64url are allowed, as the browser gives them"
                raise BadInput.of(f"subscription.keys.{field}", message)
        await self._check(host, "subscription.endpoint")
        address = Address(subscription.endpoint, p256dh=subscription.p256dh, auth=subscription.auth)
        return address, f"https://{host}/…"

    async def _service(self, url: str) -> tuple[Address, str]:
        scheme = url.partition("://")[0].lower()
        if (topic := ntfy.topic_of(url)) is not None:
            host: str | None = urlsplit(topic.server).hostname
        elif telegram.chat_of(url) is not None:
            host = None
        else:
            host = await self._examined(url)
        if host is None:
            return Address(url), f"{scheme}://…"
        await self._check(host, "url")
        return Address(url), f"{scheme}://{host}/…"

    async def _examined(self, url: str) -> str | None:
        try:
            async with asyncio.timeout(EXAMINE_SECONDS):
                outcome = await self._apprise.examine(url)
        except TimeoutError:
            outcome = None
        if outcome is None or not outcome.ok:
            raise BadInput.of("url", (outcome.reason if outcome is not None else None) or _UNCLEAR)
        return outcome.host

    async def _check(self, host: str, field: str) -> None:
        try:
            async with asyncio.timeout(EXAMINE_SECONDS):
                against = await self._http.refusal(host)
        except (OSError, TimeoutError):
            # Nothing that an operator allows makes a name known.
            raise BadInput.of(field, f"the host {host[:100]} was not found") from None
        if against is not None:
            raise BadInput.of(field, f"{against}; the operator can allow it with TABLEWIRE_CHANNEL_ALLOW")


def _given(url: str | None) -> str:
    if url is None:
        raise BadInput.of("url", "it is needed")
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "://" not in url:
        raise BadInput.of(
            "url", f"a URL of at most {LONGEST_URL} characters is allowed, without spaces and line breaks"
        )
    return url


def _web_host(url: str, field: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(_given(url))
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.scheme not in schemes:
        raise BadInput.of(
            field, f"a URL that begins with {' or '.join(f'{name}://' for name in schemes)} is allowed"
        )
    if parts.username is not None:
        raise BadInput.of(field, "names and passwords do not belong into it")
    return host


def _length(text: str) -> int | None:
    try:
        return len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
