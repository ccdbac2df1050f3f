"""Web Push: encrypted messages to browsers that have subscribed; a later one takes the place of an earlier one."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.protocol import (
    Failed,
    FailureKind,
    Message,
    Purpose,
    Receipt,
    Sent,
    Subscription,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_GOOD_FOR = timedelta(hours=12)
"""How long a signature of ours holds; push services take at most a day."""
_KEEP_SECONDS = 3_600
"""How long a push service keeps a message for a browser that is away: later the table is gone."""
_NO_SUBSCRIPTION = (404, 410)
MAX_PAYLOAD = 3_000
"""Bytes of a payload; push services take about 4,000 with the encryption."""


class PushKey:
    """The service's own key (VAPID), made of the service's secret: all its replicas have the same one."""

    def __init__(self, secret: bytes, contact: str) -> None:
        """`contact` is a `mailto:` or `https:` URL under which a push service finds whoever runs this."""
        seed = hashlib.sha512(b"tablewire web push\x00" + secret).digest()
        self._number = int.from_bytes(seed, "big") % (_ORDER_OF_P256 - 1) + 1
        self._contact = contact

    @cached_property
    def public(self) -> str:
        """What browsers subscribe with."""
        from cryptography.hazmat.primitives import serialization as forms  # noqa: PLC0415 - as below

        point = self._key.public_key().public_bytes(forms.Encoding.X962, forms.PublicFormat.UncompressedPoint)
        return _base64url(point)

    @cached_property
    def _key(self) -> "EllipticCurvePrivateKey":
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - heavy, and most never need it

        return ec.derive_private_key(self._number, ec.SECP256R1())

    def authorization(self, endpoint: str, now: datetime) -> str:
        """The header that says to a push service who sends."""
        from py_vapid import Vapid02  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and most never need it

        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + _GOOD_FOR).timestamp()),
            "sub": self._contact,
        }
        signed: dict[str, str] = Vapid02(private_key=self._key, conf={"no-strict": True}).sign(claims)
        return signed["Authorization"]


class WebPushChannel:
    """One browser."""

    def __init__(
        self, http: GuardedHttp, subscription: Subscription, key: PushKey, now: Callable[[], datetime]
    ) -> None:
        self._http = http
        self._subscription = subscription
        self._key = key
        self._now = now

    async def send(self, message: Message, until: float) -> Receipt:  # noqa: ARG002 - the caller holds the time-out
        """Encrypt and send; 404 and 410 say that the browser has unsubscribed."""
        try:
            body = encrypted(self._subscription, payload_of(message))
        except ValueError:
            return Failed(FailureKind.PERMANENT, "the subscription's keys are not valid")
        headers = {
            "Authorization": self._key.authorization(self._subscription.endpoint, self._now()),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(_KEEP_SECONDS),
            "Urgency": "low" if message.purpose is Purpose.GONE else "high",
            "Topic": _base64url(hashlib.sha256(message.tag.encode()).digest()[:24]),
        }
        answer = await self._http.post(self._subscription.endpoint, body, headers)
        if isinstance(answer, Failed):
            return answer
        if answer.is_success:
            return Sent(message.tag)
        gone = answer.status in _NO_SUBSCRIPTION
        note = ": the browser has unsubscribed" if gone else ""
        return answer.failed(FailureKind.PERMANENT if gone else FailureKind.TEMPORARY, note)


def payload_of(message: Message) -> bytes:
    """What the browser's service worker gets: JSON that fits."""
    body = message.body
    while True:
        said: dict[str, Any] = {
            "id": message.id,
            "purpose": message.purpose,
            "kind": message.kind,
            "title": message.title[:200],
            "body": body,
            "url": message.url,
            "tag": message.tag,
            "notification_ids": [item.notification.id for item in message.items[:50]],
        }
        encoded = msgspec.json.encode(said)
        if len(encoded) <= MAX_PAYLOAD or not body:
            return encoded
        body = body[: len(body) * 3 // 4]


def encrypted(subscription: Subscription, payload: bytes) -> bytes:
    """A payload that only the browser can read. Raises ValueError where its keys are none."""
    from pywebpush import (  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and most never need it
        WebPusher,
        WebPushException,
    )

    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    try:
        pusher = WebPusher({"endpoint": subscription.endpoint, "keys": keys})
        body: bytes = pusher.encode(payload, content_encoding="aes128gcm")["body"]
    except WebPushException as error:
        raise ValueError(str(error)) from error
    return body


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
