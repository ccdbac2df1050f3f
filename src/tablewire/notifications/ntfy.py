"""ntfy: topics of ntfy.sh or of a server of the user's own; a later message takes the place of an earlier one."""

from base64 import b64encode
from urllib.parse import unquote, urlsplit

import msgspec

from tablewire.domain.notifications import Kind
from tablewire.notifications.guarded_http import GuardedHttp
from tablewire.notifications.protocol import Failed, Message, Purpose, Receipt, Sent

CLOUD = "https://ntfy.sh"
_HIGH, _USUAL, _LOW = 4, 3, 2
_ACCESS_TOKEN = "tk_"  # noqa: S105 - how such tokens begin
MAX_TEXT = 3_900
"""Bytes of text; a longer message would become an attachment."""


class Topic(msgspec.Struct, frozen=True):
    """Where a topic is, and how one may write to it."""

    server: str
    name: str
    authorization: str | None = None


def topic_of(url: str) -> Topic | None:
    """The topic that an Apprise URL names; None where it is none, or asks for more than we say ourselves."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"ntfy", "ntfys"} or parts.query or parts.fragment or not parts.hostname:
        return None
    names = [unquote(part) for part in parts.path.split("/") if part]
    if not names and parts.username is None and port is None:
        return Topic(CLOUD, unquote(parts.netloc))
    if len(names) != 1:
        return None
    scheme = "https" if parts.scheme == "ntfys" else "http"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    server = f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"
    return Topic(server, names[0], _authorization(parts.username, parts.password))


class NtfyChannel:
    """One topic."""

    def __init__(self, http: GuardedHttp, topic: Topic) -> None:
        self._http = http
        self._topic = topic

    async def send(self, message: Message, until: float) -> Receipt:  # noqa: ARG002 - the caller holds the time-out
        """Publish it. Servers before 2.16 know no sequences, and show a second message."""
        said = {
            "topic": self._topic.name,
            "title": message.title[:250],
            "message": _cut(message.body or message.title),
            "priority": _priority(message),
            "sequence_id": message.tag,
        }
        if message.url:
            said["click"] = message.url
        headers = {"Content-Type": "application/json"}
        if self._topic.authorization is not None:
            headers["Authorization"] = self._topic.authorization
        answer = await self._http.post(self._topic.server + "/", msgspec.json.encode(said), headers)
        if isinstance(answer, Failed):
            return answer
        return Sent(message.tag) if answer.is_success else answer.failed()


def _priority(message: Message) -> int:
    if message.purpose is Purpose.GONE:
        return _LOW
    return _USUAL if message.kind is Kind.SYSTEM else _HIGH


def _authorization(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    name = unquote(user)
    if password is None and name.startswith(_ACCESS_TOKEN):
        return f"Bearer {name}" if name.isascii() and name.isprintable() else None
    return "Basic " + b64encode(f"{name}:{unquote(password or '')}".encode()).decode()


def _cut(text: str) -> str:
    return text.encode()[:MAX_TEXT].decode(errors="ignore")
