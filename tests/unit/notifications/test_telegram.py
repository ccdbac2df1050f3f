import pytest
from aiohttp import web

from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.messages import over
from tablewire.notifications.names import Names
from tablewire.notifications.protocol import Failed, FailureKind, Item, Receipt, Sent
from tablewire.notifications.telegram import Chat, TelegramChannel, chat_of
from tests.receivers import AT, LOOPBACK, Receiver, message, notification, receiver

CHAT = Chat("123456:secret_token", "42")


async def send(server: Receiver, *, replaces: str | None = None) -> Receipt:
    channel = TelegramChannel(GuardedHttp(LOOPBACK, Names(), "tablewire/test"), CHAT, server.url(""))
    said = (
        message()
        if replaces is None
        else over("two", Item(notification(open_seconds=102.0), None), replaces, AT)
    )
    return await channel.send(said, 1e12)


def answered(status: int = 200, **said: object) -> web.Response:
    return web.json_response({"ok": status == 200, **said}, status=status)


@pytest.mark.parametrize(
    ("url", "chat"),
    [
        ("tgram://123456:secret_token/42/", CHAT),
        ("tgram://123456:secret_token/-100200300", Chat("123456:secret_token", "-100200300")),
        ("tgram://123456:secret_token/42/43", None),
        ("tgram://123456:secret_token/42?silent=yes", None),
        ("tgram://123456:../../x/42", None),
    ],
)
def test_a_url_names_one_chat_or_is_left_to_apprise(url: str, chat: Chat | None) -> None:
    assert chat_of(url) == chat


async def test_the_end_of_a_table_is_written_over_its_beginning() -> None:
    async with receiver() as server:
        server.answers += [answered(result={"message_id": 9}), answered(result={"message_id": 9})]
        first = await send(server)
        second = await send(server, replaces="9")
    assert first == second == Sent("9")
    assert [taken.path for taken in server.taken] == [
        f"/bot{CHAT.token}/sendMessage",
        f"/bot{CHAT.token}/editMessageText",
    ]
    assert server.taken[1].json()["message_id"] == 9
    assert "Gone after 1 min 42 s." in server.taken[1].json()["text"]


async def test_where_the_beginning_was_deleted_the_end_is_a_message_of_its_own() -> None:
    async with receiver() as server:
        server.answers += [
            answered(400, description="message to edit not found"),
            answered(result={"message_id": 10}),
        ]
        assert await send(server, replaces="9") == Sent("10")


async def test_a_bot_that_was_blocked_is_a_failure_for_good_and_its_token_stays_secret() -> None:
    async with receiver() as server:
        server.answers.append(answered(403, description="Forbidden: bot was blocked by the user"))
        outcome = await send(server)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.PERMANENT
    assert "blocked by the user" in outcome.reason
    assert "secret" not in outcome.reason


async def test_no_connection_says_nothing_of_the_token() -> None:
    async with receiver() as server:
        pass
    outcome = await send(server)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TEMPORARY
    assert "secret" not in outcome.reason
