"""What goes to and fro between the service and Apprise's process."""

import ipaddress

import msgspec

from tablewire.notifications.guard import Guard


class Start(msgspec.Struct, frozen=True):
    """The first line: what the operator lets through."""

    networks: tuple[str, ...]
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, guard: Guard) -> "Start":
        """The line for a guard."""
        return cls(tuple(map(str, guard.networks)), tuple(sorted(guard.hosts)))

    def guard(self) -> Guard:
        """The guard again."""
        return Guard.of((*map(ipaddress.ip_network, self.networks), *self.hosts))


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One URL to be looked at, or to be sent to."""

    id: int
    url: str
    title: str = ""
    body: str = ""
    examine: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job."""

    id: int
    ok: bool
    reason: str | None = None
    refused: bool = False
    """Another try would end the same way."""
    host: str | None = None
    """The host that the URL names, where its scheme takes one."""
