"""The guard: which addresses users' channels may reach."""

import ipaddress
from collections.abc import Iterable

import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # looks public, but answers inside Azure's machines only
    )
)  # fmt: skip
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4: whatever IPv4 address is written into it
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_INSIDE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain")


class Guard(msgspec.Struct, frozen=True):
    """What the operator lets through beside the public internet."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, allowed: Iterable[Network | str]) -> "Guard":
        """A guard that lets these networks and these names through."""
        entries = tuple(allowed)
        return cls(
            networks=tuple(entry for entry in entries if not isinstance(entry, str)),
            hosts=frozenset(_plain(entry) for entry in entries if isinstance(entry, str)),
        )

    def trusts(self, host: str) -> bool:
        """Whether the operator named this host: then every address of it is allowed."""
        return _plain(host) in self.hosts

    def against_host(self, host: str) -> str | None:
        """What speaks against a name or a written address before it is looked up; None where nothing does."""
        name = _plain(host)
        if not name:
            return "there is no host in it"
        if self.trusts(name):
            return None
        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            inside = any(name == suffix or name.endswith(f".{suffix}") for suffix in _INSIDE_NAMES)
            return f"{host[:100]} is a name of the inside, which channels may not reach" if inside else None
        return self.against_address(address)

    def against_address(self, address: Address) -> str | None:
        """What speaks against an address; None where nothing does."""
        meant = _unwrapped(address)
        if any(meant in network for network in self.networks if network.version == meant.version):
            return None
        if _is_public(meant):
            return None
        return f"{address} is not an address of the public internet, and channels may not reach the inside"


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does; 6to4 and Teredo are refused as they are."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    compatible = address.packed[:12] == bytes(12) and int(address) > 1
    if compatible or address in _NAT64:
        return ipaddress.IPv4Address(address.packed[12:])
    return address


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
