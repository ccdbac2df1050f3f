"""Webhooks: signed JSON to the Standard Webhooks specification."""

import base64
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from standardwebhooks.webhooks import Webhook

from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.protocol import Failed, FailureKind, Item, Message, Receipt, Sent

_GONE = 410
_KEY_BYTES = 32
MOST_ITEMS = 200
"""Notifications that are written out in one body; `count` says how many there are."""


def new_secret() -> str:
    """A key for signatures, as the specification writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


class WebhookChannel:
    """One URL that takes signed messages."""

    def __init__(self, http: GuardedHttp, url: str, secret: str, now: Callable[[], datetime]) -> None:
        self._http = http
        self._url = url
        self._webhook = Webhook(secret)
        self._now = now

    async def send(self, message: Message, until: float) -> Receipt:  # noqa: ARG002 - the caller holds the time-out
        """Sign and send; any 2xx is success, 410 says that the address is no more."""
        body = msgspec.json.encode(payload_of(message)).decode()
        at = self._now()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(message.id, at, body),
        }
        answer = await self._http.post(self._url, body.encode(), headers)
        if isinstance(answer, Failed):
            return answer
        if answer.is_success:
            return Sent()
        return answer.failed(FailureKind.PERMANENT if answer.status == _GONE else FailureKind.TEMPORARY)


def payload_of(message: Message) -> dict[str, Any]:
    """What a message is to a program."""
    return {
        "type": f"notification.{message.purpose}",
        "timestamp": message.at,
        "data": {
            "title": message.title,
            "body": message.body,
            "url": message.url,
            "kind": message.kind,
            "count": len(message.items),
            "notifications": [_written(item) for item in message.items[:MOST_ITEMS]],
        },
    }


def _written(item: Item) -> dict[str, Any]:
    told = item.notification
    return {
        "id": told.id,
        "kind": told.kind,
        "source_id": told.source_id,
        "event_id": told.event_id,
        "title": told.title,
        "body": told.body,
        "url": item.url,
        "goal_match_score": told.goal_match_score,
        "created_at": told.created_at,
        "closed_at": told.closed_at,
        "open_seconds": told.open_seconds,
        "facts": msgspec.to_builtins(told.facts),
    }
