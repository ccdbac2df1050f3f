from datetime import UTC, datetime

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.names import Names
from tablewire.notifications.protocol import Failed, FailureKind, Item, Purpose, Sent
from tablewire.notifications.webhooks import MOST_ITEMS, WebhookChannel, new_secret
from tests.receivers import LOOPBACK, Receiver, message, notification, receiver

LATER = 1e12


def channel(to: Receiver, secret: str) -> WebhookChannel:
    http = GuardedHttp(LOOPBACK, Names(), "tablewire/test")
    return WebhookChannel(http, to.url(), secret, lambda: datetime.now(UTC))


async def test_a_receiver_can_verify_a_message_with_the_secret_it_was_told() -> None:
    secret = new_secret()
    async with receiver() as hook:
        assert await channel(hook, secret).send(message(), LATER) == Sent()
    (taken,) = hook.taken
    said = Webhook(secret).verify(taken.body, taken.headers)
    assert taken.headers["webhook-id"] == message().id
    assert said["type"] == "notification.new"
    assert said["data"]["notifications"][0]["facts"]["venue_name"] == "Carbone"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(taken.body, taken.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(taken.body.replace(b"Carbone", b"Carbine"), taken.headers)


async def test_a_try_again_has_the_same_id() -> None:
    async with receiver() as hook:
        hook.answers.append(web.Response(status=500))
        first = await channel(hook, new_secret()).send(message(), LATER)
        await channel(hook, new_secret()).send(message(), LATER)
    assert first == Failed(FailureKind.TEMPORARY, "the receiver answered 500")
    assert len({taken.headers["webhook-id"] for taken in hook.taken}) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(410, FailureKind.PERMANENT), (404, FailureKind.TEMPORARY), (302, FailureKind.TEMPORARY), (429, FailureKind.TEMPORARY)],
)  # fmt: skip
async def test_only_410_says_that_a_hook_is_no_more(status: int, kind: FailureKind) -> None:
    async with receiver() as hook:
        hook.answers.append(web.Response(status=status))
        outcome = await channel(hook, new_secret()).send(message(), LATER)
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind


async def test_a_digest_of_a_thousand_is_bounded_and_counted() -> None:
    items = tuple(Item(notification(id), None) for id in range(1, 1001))
    async with receiver() as hook:
        await channel(hook, new_secret()).send(message(purpose=Purpose.DIGEST, items=items), LATER)
    data = hook.taken[0].json()["data"]
    assert data["count"] == 1000
    assert len(data["notifications"]) == MOST_ITEMS
