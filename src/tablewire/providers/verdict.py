"""What an answer's status, type and first bytes say, before anything is decoded."""

from http import HTTPStatus

import msgspec

from tablewire.providers.calls import FailureKind

_UNAUTHORIZED = {401, 419}
_SEEN_BYTES = 64


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it came in."""

    status: int
    content_type: str = ""
    retry_after: str | None = None
    body: bytes | None = b""
    """None where it was larger than allowed, and reading was given up."""

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people: no data is ever in one."""
        return "html" in self.content_type.lower() or (self.body or b"")[:_SEEN_BYTES].lstrip(
            b"\xef\xbb\xbf \t\r\n"
        ).startswith(b"<")

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return "json" in self.content_type.lower()


def judge(answered: Answered) -> tuple[FailureKind, str] | None:
    """Why an answer is a failure, and in plain words; None where it is to be decoded."""
    status = answered.status
    if answered.is_page:
        return FailureKind.BLOCKED, f"a page instead of data (status {status}): blocked"
    if status in _UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and answered.is_json):
        return FailureKind.UNAUTHORIZED, f"the key or token is refused (status {status})"
    if status == HTTPStatus.FORBIDDEN:
        return FailureKind.BLOCKED, "access is denied (status 403): blocked"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureKind.RATE_LIMITED, "too many calls (status 429)"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return FailureKind.SERVER_ERROR, f"an error of the server (status {status})"
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return FailureKind.REJECTED, f"the request is not taken (status {status})"
    if answered.body is None:
        return FailureKind.TOO_LARGE, "the body is larger than 8 MiB"
    return None
