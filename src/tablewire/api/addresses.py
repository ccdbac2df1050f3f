"""Where a request comes from: its own connection, or what a trusted proxy says of it."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from litestar.types import Scope

_MOST_HOPS: Final = 20
_LONGEST: Final = 60
"""Characters of an address, its port and the space before it."""
_IPV6_PREFIX: Final = 64
"""One customer has at least so much of IPv6: each address by itself would be a new client at will."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Addresses:
    """Reads addresses; `X-Forwarded-*` counts only where it comes from one of the proxies."""

    def __init__(self, proxies: Iterable[Network] = ()) -> None:
        self._proxies = tuple(proxies)

    def client(self, scope: Scope) -> str:
        """The address of who asks: the last hop that is no proxy of ours; the network of an IPv6 address."""
        peer = _peer(scope)
        if peer is None:
            return "local"
        return _shown(self._first_stranger(peer, scope) if self._trusts(peer) else peer)

    def is_secure(self, scope: Scope) -> bool:
        """Whether the request came by https, to us or to a proxy of ours."""
        if scope.get("scheme") == "https":
            return True
        peer = _peer(scope)
        if peer is None or not self._trusts(peer):
            return False
        said = _header(scope, b"x-forwarded-proto")
        return bool(said) and said[-1].strip().lower() == "https"

    def _first_stranger(self, peer: Address, scope: Scope) -> Address:
        hop = peer
        for text in reversed(_header(scope, b"x-forwarded-for")[-_MOST_HOPS:]):
            before = _parse(text.strip()) if len(text) <= _LONGEST else None
            if before is None:  # whoever wrote this is not to be believed further
                return hop
            hop = before
            if not self._trusts(hop):
                return hop
        return hop

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return None if client is None else _parse(client[0])


def _header(scope: Scope, wanted: bytes) -> Sequence[str]:
    """The parts of a header that is a list; several headers are one."""
    return [
        part
        for name, value in scope["headers"]
        if name == wanted
        for part in value.decode("latin-1").split(",")
    ]


@lru_cache(maxsize=4_096)
def _parse(text: str) -> Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4_096)
def _shown(address: Address) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)
