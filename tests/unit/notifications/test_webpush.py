import base64
import json
from datetime import UTC, datetime

import http_ece  # type: ignore[import-untyped]  # it has no types
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02  # type: ignore[import-untyped]  # nor has it

from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.names import Names
from tablewire.notifications.protocol import Failed, FailureKind, Sent, Subscription
from tablewire.notifications.webpush import MAX_PAYLOAD, PushKey, WebPushChannel, payload_of
from tests.receivers import LOOPBACK, Receiver, message, receiver

AUTH = b"sixteen bytes, i"
KEY = PushKey(b"the service's secret", "mailto:ann@tables.example")


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """A browser that has subscribed: it can read what is sent to it."""

    def __init__(self, server: Receiver) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.subscription = Subscription(server.url("/push/1"), base64url(point), base64url(AUTH))

    def read(self, body: bytes) -> dict[str, object]:
        read: dict[str, object] = json.loads(
            http_ece.decrypt(body, private_key=self._key, auth_secret=AUTH, version="aes128gcm")
        )
        return read


def channel(subscription: Subscription) -> WebPushChannel:
    http = GuardedHttp(LOOPBACK, Names(), "tablewire/test")
    return WebPushChannel(http, subscription, KEY, lambda: datetime.now(UTC))


async def test_the_browser_can_read_it_and_the_push_service_knows_who_sends() -> None:
    async with receiver() as service:
        browser = Browser(service)
        service.answers.append(web.Response(status=201))
        assert await channel(browser.subscription).send(message(), 1e12) == Sent("notification-1")
    (taken,) = service.taken
    said = browser.read(taken.body)
    assert (said["title"], said["tag"]) == ("Carbone: table for 2", "notification-1")
    assert b"Carbone" not in taken.body
    assert Vapid02.verify(taken.headers["authorization"])
    assert f"k={KEY.public}" in taken.headers["authorization"]
    assert len(taken.headers["topic"]) <= 32


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_has_unsubscribed_is_a_failure_for_good(status: int) -> None:
    async with receiver() as service:
        service.answers.append(web.Response(status=status))
        outcome = await channel(Browser(service).subscription).send(message(), 1e12)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT


async def test_keys_that_are_none_are_a_failure_for_good() -> None:
    nothing = Subscription("http://127.0.0.1:9/", base64url(bytes(65)), base64url(AUTH))
    outcome = await channel(nothing).send(message(), 1e12)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT


def test_a_long_message_is_cut_to_what_push_services_take() -> None:
    payload = payload_of(message(body="ü" * 5_000))
    assert len(payload) <= MAX_PAYLOAD
    assert json.loads(payload)["body"].startswith("ü")


def test_every_replica_has_the_same_key() -> None:
    assert PushKey(b"one", "mailto:a@b.example").public == PushKey(b"one", "mailto:c@d.example").public
    assert PushKey(b"one", "mailto:a@b.example").public != PushKey(b"two", "mailto:a@b.example").public
