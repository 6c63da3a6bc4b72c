"""Which addresses are public, and what an admin allows beyond them."""

from ipaddress import ip_address

import pytest

from trunkline.fetch.addresses import is_public
from trunkline.ports.fetcher import AllowedHost, AllowedHosts


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:10::1",
        "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:0a00:0001::1", "3fff::1", "5f00::1", "fc00::1",
        "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_address_that_is_not_of_the_public_internet_is_told(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.254",
     "2606:4700:4700::1111", "2a00:1450:4001::200e", "2002:0808:0808::1", "64:ff9b::8.8.8.8"],
)  # fmt: skip
def test_address_of_the_public_internet_is_told(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "host", "port", "address"),
    [
        ("shop.internal:8443", "shop.internal", 8443, "10.0.0.1"),
        ("Shop.Internal", "shop.internal.", 80, "10.0.0.1"),
        ("10.0.0.0/8", "anything", 80, "10.9.8.7"),
        ("10.1.2.3:80", "anything", 80, "10.1.2.3"),
        ("[fd00::1]:80", "fd00::1", 80, "fd00::1"),
        ("fd00::/8", "shop.internal", 443, "fd12::1"),
        ("127.0.0.1, shop.internal", "shop.internal", 443, "10.0.0.1"),
    ],
)
def test_admin_allows_a_host_or_a_network(allowed: str, host: str, port: int, address: str) -> None:
    assert AllowedHosts.read(allowed).allows(host, port, ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "host", "port", "address"),
    [
        ("shop.internal:8443", "shop.internal", 80, "10.0.0.1"),
        ("shop.internal", "evil.shop.internal", 80, "10.0.0.1"),
        ("10.0.0.0/8", "anything", 80, "11.0.0.1"),
        ("10.0.0.0/8", "anything", 80, "64:ff9b::10.0.0.1"),
        ("10.0.0.0/8", "anything", 80, "::ffff:10.0.0.1"),
        ("10.1.2.3:80", "anything", 81, "10.1.2.3"),
        ("", "shop.internal", 80, "10.0.0.1"),
    ],
)
def test_what_is_allowed_allows_nothing_else(allowed: str, host: str, port: int, address: str) -> None:
    assert not AllowedHosts.read(allowed).allows(host, port, ip_address(address))


@pytest.mark.parametrize(
    "text",
    ["shop internal", "shop.internal:0", "shop.internal:99999", "http://shop", "10.0.0.1/8", "1.2.3", "-a", "a:b:c"],
)
def test_host_that_is_none_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no host: write shop\.internal:8443"):
        AllowedHost.read(text)


def test_allowed_hosts_are_shown_as_they_are_written() -> None:
    written = "shop.internal:8443, shop.internal, 10.0.0.0/8, 10.1.2.3/32, 10.1.2.3:80, [fd00::1]:80, fd00::/8"

    assert str(AllowedHosts.read(written)) == written
