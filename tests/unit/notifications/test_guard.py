import ipaddress

import pytest

from tablewire.notifications.guard import Guard

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1",
    "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_of_the_inside_are_refused_however_they_are_written(address: str) -> None:
    assert Guard().against_address(ipaddress.ip_address(address)) is not None


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_of_the_public_internet_are_let_through(address: str) -> None:
    assert Guard().against_address(ipaddress.ip_address(address)) is None


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "metadata.google.internal", "printer.local", "router.lan",
        "box.home.arpa", "intranet", "db.internal", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "fe80::1%eth0", "",
    ],
)  # fmt: skip
def test_names_of_the_inside_are_refused_before_they_are_looked_up(host: str) -> None:
    assert Guard().against_host(host) is not None


@pytest.mark.parametrize("host", ["ntfy.sh", "hooks.example.com", "local.example", "internalisation.example"])
def test_other_names_wait_for_their_addresses(host: str) -> None:
    assert Guard().against_host(host) is None


def test_the_operator_can_let_networks_through() -> None:
    guard = Guard.of([ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")])
    assert guard.against_address(ipaddress.ip_address("10.1.2.3")) is None
    assert guard.against_address(ipaddress.ip_address("::ffff:10.1.2.3")) is None
    assert guard.against_address(ipaddress.ip_address("fd00:1::5")) is None
    assert guard.against_address(ipaddress.ip_address("10.2.0.1")) is not None
    assert guard.against_address(ipaddress.ip_address("fd00:2::5")) is not None


def test_the_operator_can_let_hosts_through_by_name() -> None:
    guard = Guard.of(["ntfy.lan"])
    assert guard.trusts("NTFY.lan.")
    assert guard.against_host("ntfy.lan") is None
    assert guard.against_host("other.lan") is not None
