"""Asking OpenTable's GraphQL door: two queries that it knows by their hashes, and what becomes of a hash it forgets."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar
from uuid import uuid4

import msgspec

from tablewire.providers.calls import CallFailure, FailureKind, Fetched, Refusal, Request
from tablewire.providers.http import Caller
from tablewire.providers.opentable.convert import PROVIDER
from tablewire.providers.opentable.wire import error_in
from tablewire.providers.poll import Poll
from tablewire.providers.protocol import ProviderStatus

Operation = Literal["MultiSearchResults", "RestaurantsAvailability"]
SEARCH: Operation = "MultiSearchResults"
AVAILABILITY: Operation = "RestaurantsAvailability"

_PATH = "/dapi/fe/gql"
_PAGES: Mapping[Operation, tuple[str, str]] = {
    SEARCH: ("search", "multi-search"),
    AVAILABILITY: ("rest-profile", "restprofilepage"),
}
"""The group and the type of page on which each query is at home; the wire wants to be told."""
_QUERY_TIMEOUT = "5500"
"""Milliseconds that OpenTable is given for the query itself."""

T = TypeVar("T")


class Queries:
    """Sends the queries. It knows which of their hashes are stale."""

    def __init__(self, *, base_url: str, hashes: Mapping[Operation, str | None], caller: Caller) -> None:
        """A query whose hash is None cannot be sent."""
        self.caller = caller
        self._base_url = base_url.rstrip("/")
        self._hashes = hashes
        self._stale: dict[Operation, str] = {}

    def are_known(self, *operations: Operation) -> bool:
        """Whether there is a hash for each of the queries."""
        return all(self._hashes.get(operation) for operation in operations)

    async def ask(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        decode: Callable[[bytes], T],
        *,
        poll: Poll | None = None,
        until: float | None = None,
    ) -> Fetched[T] | CallFailure:
        """Send a query. The calls it takes are counted on `poll`, and are bounded by its time."""

        def decode_or_refuse(body: bytes) -> T:
            try:
                return decode(body)
            except Refusal as refusal:
                raise Refusal(refusal.kind, self._worded(operation, refusal.kind, refusal.message)) from None

        def explain(status: int, body: bytes) -> tuple[FailureKind, str] | None:
            error = error_in(body)
            return error and (error[0], self._worded(operation, *error, status=status))

        request = self._request(operation, variables)
        try:
            result = await self.caller.call(
                request, decode_or_refuse, until=poll.until if poll is not None else until, explain=explain
            )
        finally:
            if poll is not None:
                poll.calls += request.sent
        if isinstance(result, Fetched):
            self._stale.pop(operation, None)
        elif result.kind is FailureKind.STALE_QUERY:
            self._stale[operation] = f"{PROVIDER}: {result.message}"
        return result

    def status(self, *, enabled: bool, problems: tuple[str, ...]) -> ProviderStatus:
        """How OpenTable is doing. A stale hash stays named until its own query is answered, whatever else is."""
        status = self.caller.status(enabled=enabled, problems=problems)
        unsaid = [
            stale
            for stale in self._stale.values()
            if not any(said.startswith(stale) for said in status.problems)
        ]
        return msgspec.structs.replace(status, problems=(*status.problems, *unsaid)) if unsaid else status

    def _request(self, operation: Operation, variables: Mapping[str, Any]) -> Request:
        group, kind = _PAGES[operation]
        headers = {
            "Content-Type": "application/json",
            "X-Csrf-Token": str(uuid4()),
            "X-Query-Timeout": _QUERY_TIMEOUT,
            "Ot-Page-Group": group,
            "Ot-Page-Type": kind,
        }
        body = {
            "operationName": operation,
            "variables": variables,
            "extensions": {"persistedQuery": {"version": 1, "sha256Hash": self._hashes[operation]}},
        }
        url = f"{self._base_url}{_PATH}?optype=query&opname={operation}"
        return Request("POST", url, headers=headers, body=msgspec.json.encode(body))

    @staticmethod
    def _worded(operation: Operation, kind: FailureKind, message: str, *, status: int | None = None) -> str:
        if kind is FailureKind.STALE_QUERY:
            return f"the hash of {operation} is stale: set TABLEWIRE_OPENTABLE_HASH_{operation.upper()}"
        return message if status is None else f"{message} (status {status})"
