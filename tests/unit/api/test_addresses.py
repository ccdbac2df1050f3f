"""Where a request comes from, and whom that is believed of."""

from ipaddress import ip_network
from typing import Any, cast

import pytest
from litestar.types import Scope

from tablewire.api.addresses import Addresses

PROXIES = Addresses([ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32")])


def scope(peer: str | None, *forwarded: str, proto: str | None = None, scheme: str = "http") -> Scope:
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]
    if proto is not None:
        headers.append((b"x-forwarded-proto", proto.encode()))
    found: dict[str, Any] = {"client": peer and (peer, 1234), "headers": headers, "scheme": scheme}
    return cast("Scope", found)


def test_nobody_is_believed_who_is_no_proxy_of_ours() -> None:
    assert Addresses().client(scope("10.0.0.1", "1.2.3.4")) == "10.0.0.1"
    assert PROXIES.client(scope("8.8.8.8", "1.2.3.4")) == "8.8.8.8"


def test_the_last_hop_that_is_no_proxy_asks_whatever_it_says_of_others() -> None:
    assert PROXIES.client(scope("10.0.0.1", "6.6.6.6, 1.2.3.4")) == "1.2.3.4"
    assert PROXIES.client(scope("10.0.0.1", "6.6.6.6", "1.2.3.4, 10.9.9.9")) == "1.2.3.4"
    assert PROXIES.client(scope("127.0.0.1", "10.1.1.1")) == "10.1.1.1"
    assert PROXIES.client(scope("10.0.0.1")) == "10.0.0.1"


@pytest.mark.parametrize("text", ["unknown", "", "1.2.3.4.5", "_hidden", "é", "1.2.3.4, x", "9" * 5_000])
def test_what_is_no_address_ends_the_belief(text: str) -> None:
    assert PROXIES.client(scope("10.0.0.1", text)) == "10.0.0.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8::7]:99", "2001:db8::/64"),
        ("2001:db8::8", "2001:db8::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_is_known_however_it_is_written(text: str, expected: str) -> None:
    assert PROXIES.client(scope("10.0.0.1", text)) == expected


def test_a_mapped_peer_is_the_proxy_it_is() -> None:
    assert PROXIES.client(scope("::ffff:10.0.0.1", "1.2.3.4")) == "1.2.3.4"


def test_only_so_many_hops_are_looked_at() -> None:
    assert PROXIES.client(scope("10.0.0.1", ",".join(["1.2.3.4", *["10.0.0.2"] * 30]))) == "10.0.0.2"


def test_without_an_address_it_is_local() -> None:
    assert Addresses().client(scope(None)) == "local"


def test_https_is_ours_or_a_trusted_proxys_to_say() -> None:
    assert Addresses().is_secure(scope("8.8.8.8", scheme="https"))
    assert PROXIES.is_secure(scope("10.0.0.1", proto="https"))
    assert not PROXIES.is_secure(scope("10.0.0.1", proto="https, http"))
    assert not PROXIES.is_secure(scope("8.8.8.8", proto="https"))
    assert not PROXIES.is_secure(scope("10.0.0.1"))
