"""What the centre asks of web services, for a flow's step `http`; and the hosts inside that an admin lets flows ask."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Protocol

from trunkline.flows.talk import Fetch, Fetched, FetchFailed

IPAddress = IPv4Address | IPv6Address
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+)(:(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*")


class Fetcher(Protocol):
    """Asks web services on behalf of flows, without being led to places that no flow may reach."""

    async def fetch(self, want: Fetch, *, key: str) -> Fetched | FetchFailed:
        """Ask once, within `want.timeout` from the first look at a name to the last byte of the body.

        Never raises for what the far end does. Fetched has a body only with a status of 2xx. `key` goes with a POST as
        `Idempotency-Key`: one that is asked again after a restart has the same, so that the service can tell.
        """


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One host, or one network, that flows may ask though it is not a public one. `port` None: any."""

    name: str | None
    network: IPv4Network | IPv6Network | None
    port: int | None = None

    @classmethod
    def read(cls, text: str) -> "AllowedHost":
        """Read `shop.internal`, `shop.internal:8443`, `10.1.2.3:80`, `[fd00::1]:80` or `10.0.0.0/8`.

        Raises ValueError that says how to write it.
        """
        try:
            return cls(None, ip_network(text))
        except ValueError:
            pass  # no bare address and no network: a name, or something with a port
        match = _HOST.fullmatch(text)
        port = int(match["port"]) if match is not None and match["port"] else None
        if match is None or (port is not None and not 1 <= port <= 65535):
            raise ValueError(f'"{text}" is no host: write shop.internal:8443, 10.0.0.0/8 or [fd00::1]:8443')
        host = match["host"].strip("[]")
        try:
            return cls(None, ip_network(host), port)
        except ValueError:
            pass  # no address
        if not _NAME.fullmatch(host) or host.rpartition(".")[2].isdigit():
            raise ValueError(f'"{text}" is no host: write shop.internal:8443, 10.0.0.0/8 or [fd00::1]:8443')
        return cls(host.lower(), None, port)

    def __str__(self) -> str:
        """Return it as an admin writes it."""
        if self.network is None:
            host = self.name or ""
        elif self.port is None:
            return str(self.network)
        else:
            host = str(self.network.network_address)
        host = f"[{host}]" if ":" in host else host
        return host if self.port is None else f"{host}:{self.port}"

    def allows(self, host: str, port: int, address: IPAddress) -> bool:
        """Say whether it lets a flow ask this host, which stands at this address."""
        if self.port not in {None, port}:
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        return host.rstrip(".").lower() == self.name


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """All that an admin allows; written as a list with commas."""

    hosts: tuple[AllowedHost, ...] = ()

    @classmethod
    def read(cls, text: str) -> "AllowedHosts":
        """Read a list; raises ValueError."""
        return cls(tuple(AllowedHost.read(each.strip()) for each in text.split(",") if each.strip()))

    def __str__(self) -> str:
        """Return it as an admin writes it."""
        return ", ".join(map(str, self.hosts))

    def allows(self, host: str, port: int, address: IPAddress) -> bool:
        """Say whether one of them lets a flow ask this host, which stands at this address."""
        return any(each.allows(host, port, address) for each in self.hosts)
