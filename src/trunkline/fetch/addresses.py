"""Which addresses are public: pure, and by a list of our own, for Python's changes with its releases."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from trunkline.ports.fetcher import IPAddress

# IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and what updates it); multicast by RFC 5771.
_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; 0.0.0.0 is this very machine on Linux
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local, where clouds keep their metadata
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays, deprecated
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
# All that IANA gives out as unicast; what is outside of it is loopback, local, mapped, multicast or nobody's.
_UNICAST_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
_6TO4 = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Say whether an address is one of the public internet; one that holds another (6to4, NAT64) is as public as that.

    An IPv4 address mapped into IPv6 is not: no public name has one.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    inside = _held_by(address)
    if inside is not None:
        return is_public(inside)
    return address in _UNICAST_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def _held_by(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that routers take out of an IPv6 one (RFC 3056 section 2, RFC 6052 section 2.2)."""
    if address in _6TO4:
        return IPv4Address(address.packed[2:6])
    if address in _NAT64:
        return IPv4Address(address.packed[12:16])
    return None
