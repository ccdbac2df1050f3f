"""The line to Resy: where its calls go, and what each carries."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from tablewire.providers.calls import CallFailure, Fetched, Request
from tablewire.providers.http import Caller, Explain
from tablewire.providers.resy.poll import Poll

T = TypeVar("T")


class Line:
    """Sends questions to Resy with the operator's own key."""

    def __init__(self, *, base_url: str, api_key: str | None, auth_token: str | None, caller: Caller) -> None:
        self.caller = caller
        self._base_url = base_url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "Authorization": f'ResyAPI api_key="{api_key}"'}
        if auth_token:
            self._headers |= {"X-Resy-Auth-Token": auth_token, "X-Resy-Universal-Auth": auth_token}

    def request(self, path: str, question: object) -> Request:
        """A question as it is sent."""
        body = msgspec.json.encode(question)
        return Request("POST", self._base_url + path, headers=self._headers, body=body)

    async def ask(
        self,
        path: str,
        question: object,
        decode: Callable[[bytes], T],
        poll: Poll,
        *,
        explain: Explain | None = None,
    ) -> Fetched[T] | CallFailure:
        """Send a question within a poll's time. What is sent is counted there, even where the poll is cancelled."""
        request = self.request(path, question)
        try:
            return await self.caller.call(request, decode, until=poll.until, explain=explain)
        finally:
            poll.calls += request.sent
