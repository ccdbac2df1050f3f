"""Telegram: messages of a user's own bot; a later message is written over the earlier one."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from tablewire.notifications.guarded_http import Answer, GuardedHttp
from tablewire.notifications.protocol import Failed, FailureKind, Message, Purpose, Receipt, Sent

API = "https://api.telegram.org"
_URL = re.compile(r"tgram://([0-9]{1,20}:[A-Za-z0-9_-]{10,100})/(-?[0-9]{1,20}|@[A-Za-z0-9_]{4,40})/?")
_FOR_GOOD = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
MAX_TEXT = 4_000
"""Characters; the API takes 4,096."""


class Chat(msgspec.Struct, frozen=True):
    """A bot's token, and whom it writes to."""

    token: str
    id: str


class _Message(msgspec.Struct):
    message_id: int


class _Answered(msgspec.Struct):
    ok: bool
    result: _Message | bool | None = None
    description: str = ""


def chat_of(url: str) -> Chat | None:
    """The one chat that an Apprise URL names; None where it is none, or asks for more than we say ourselves."""
    found = _URL.fullmatch(url)
    return None if found is None else Chat(found[1], found[2])


class TelegramChannel:
    """One chat."""

    def __init__(self, http: GuardedHttp, chat: Chat, api: str = API) -> None:
        self._http = http
        self._chat = chat
        self._api = api

    async def send(self, message: Message, until: float) -> Receipt:  # noqa: ARG002 - the caller holds the time-out
        """Write it, over the earlier message where there is one and it is still there."""
        text = _text(message)
        if message.replaces is not None and message.replaces.isdigit():
            answer = await self._call("editMessageText", {"message_id": int(message.replaces), "text": text})
            if isinstance(answer, Failed) or answer.status != HTTPStatus.BAD_REQUEST:
                return _outcome(answer, message.replaces)
        answer = await self._call(
            "sendMessage", {"text": text, "disable_notification": message.purpose is Purpose.GONE}
        )
        return _outcome(answer, None)

    async def _call(self, method: str, said: dict[str, Any]) -> Answer | Failed:
        body = msgspec.json.encode(
            {"chat_id": self._chat.id, "link_preview_options": {"is_disabled": True}, **said}
        )
        url = f"{self._api}/bot{self._chat.token}/{method}"
        return await self._http.post(url, body, {"Content-Type": "application/json"})


def _outcome(answer: Answer | Failed, receipt: str | None) -> Receipt:
    if isinstance(answer, Failed):
        return answer
    try:
        said = msgspec.json.decode(answer.body, type=_Answered)
    except msgspec.MsgspecError:
        said = _Answered(ok=False)
    if answer.is_success and said.ok:
        return Sent(str(said.result.message_id) if isinstance(said.result, _Message) else receipt)
    for_good = answer.status in _FOR_GOOD
    note = f": {said.description[:200]}" if said.description else ""
    return answer.failed(FailureKind.PERMANENT if for_good else FailureKind.TEMPORARY, note)


def _text(message: Message) -> str:
    parts = (message.title, message.body, message.url or "")
    return "\n".join(part for part in parts if part)[:MAX_TEXT]
