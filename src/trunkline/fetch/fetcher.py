"""The safe fetcher: one question to a web service, bounded in place, time and size.

Each request, and each that a redirect leads to, is looked at by itself: its name is resolved once, and the connection
goes to the very address that was found good. A connection serves one request, so that none outlives its look.
"""

import asyncio
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from trunkline.fetch.addresses import is_public
from trunkline.fetch.body import MOST_BYTES, BadBody, Unpacked, is_json, value_of
from trunkline.fetch.names import Names, SystemNames
from trunkline.fetch.request import REDIRECTS, BadRequest, Request, first_request, redirected
from trunkline.flows.talk import Fetch, Fetched, FetchFailed
from trunkline.ports.fetcher import AllowedHosts, IPAddress

log = logging.getLogger(__name__)

MOST_AT_ONE_HOST = 20
MOST_REDIRECTS = 3
GOOD = range(200, 300)
_NO_LIMIT_OF_ITS_OWN = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """The request is not made; says why in a word or two."""


class HttpFetcher:
    """The port Fetcher on aiohttp. `why` of a FetchFailed is one of a few constant words, for the log.

    `trust`: whose certificates count; the system's authorities if left out.
    """

    def __init__(
        self,
        allowed: AllowedHosts | None = None,
        *,
        names: Names | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed or AllowedHosts()
        self._names = names or SystemNames()
        self._trust = trust or ssl.create_default_context()
        self._busy = Counter[str]()

    async def fetch(self, want: Fetch, *, key: str) -> Fetched | FetchFailed:
        """Ask, and follow at most three redirects."""
        began = time.monotonic()
        answer: Fetched | FetchFailed
        try:
            async with asyncio.timeout(want.timeout.total_seconds()):
                answer = await self._asked(first_request(want, key))
        except TimeoutError:
            answer = FetchFailed("timeout")
        except (_Refused, BadRequest, BadBody) as fault:
            answer = FetchFailed(str(fault))
        except (aiohttp.ClientSSLError, ssl.SSLError):
            answer = FetchFailed("tls")
        except (aiohttp.ClientError, OSError):
            answer = FetchFailed("connection")
        _tell(want, answer, time.monotonic() - began)
        return answer

    async def _asked(self, request: Request) -> Fetched:
        inside = True
        for _ in range(MOST_REDIRECTS + 1):
            with self._place_at(request.host):
                addresses = await self._addresses_of(request, inside=inside)
                came = await self._answer(request, addresses)
            if isinstance(came, Fetched):
                return came
            # A public service may not lead us inside, though a flow may ask there.
            inside = not all(map(is_public, addresses))
            request = came
        raise _Refused("too many redirects")

    @contextmanager
    def _place_at(self, host: str) -> Iterator[None]:
        """Take one of a host's places; who finds none is told at once, and waits for nobody's slow service."""
        if self._busy[host] >= MOST_AT_ONE_HOST:
            raise _Refused("busy")
        self._busy[host] += 1
        try:
            yield
        finally:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]

    async def _addresses_of(self, request: Request, *, inside: bool) -> Sequence[IPAddress]:
        """Return the addresses that may be asked, never none; `inside`: those that the admin allows count too."""
        try:
            found: Sequence[str] = [str(ip_address(request.host))]
        except ValueError:
            try:
                found = await self._names.addresses(request.host)
            except OSError:
                raise _Refused("unknown host") from None
        good = [
            address
            for address in map(ip_address, found)
            if is_public(address) or (inside and self._allowed.allows(request.host, request.port, address))
        ]
        if not good:
            raise _Refused("refused address")
        return good

    async def _answer(self, request: Request, addresses: Sequence[IPAddress]) -> Fetched | Request:
        """Ask at one of these addresses; return what came, or the request that it leads to."""
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Pinned(addresses), use_dns_cache=False, force_close=True, ssl=self._trust
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=_NO_LIMIT_OF_ITS_OWN,
            ) as session,
            session.request(
                request.method, request.url, headers=request.all_headers(), data=request.body, allow_redirects=False
            ) as response,
        ):
            location = response.headers.get("Location")
            if response.status in REDIRECTS and location is not None:
                return redirected(request, response.status, location)
            if response.status not in GOOD or not is_json(response.headers.get("Content-Type", "")):
                return Fetched(response.status)
            if (response.content_length or 0) > MOST_BYTES:
                raise BadBody("too long")
            unpacked = Unpacked(response.headers.get("Content-Encoding", "").strip().lower())
            async for piece in response.content.iter_any():
                unpacked.take(piece)
            return Fetched(response.status, value_of(unpacked.whole()))


class _Pinned(AbstractResolver):
    """Gives a connection the addresses that were looked at, and no others."""

    def __init__(self, addresses: Sequence[IPAddress]) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """Return them, whatever the name's server would say now."""
        del family
        return [
            ResolveResult(
                hostname=host, host=str(address), port=port, family=_FAMILY[address.version], proto=0, flags=0
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Hold nothing."""


def _tell(want: Fetch, answer: Fetched | FetchFailed, took_s: float) -> None:
    """Log what came of it: whom the flow asked, never what; paths and queries hold what callers entered."""
    try:
        url = URL(want.url)
        host, port = url.raw_host, url.port
    except ValueError:
        host = port = None
    facts = {"method": want.method, "host": host, "port": port, "took_s": round(took_s, 3)}
    if isinstance(answer, Fetched):
        log.info("web service asked", extra={**facts, "status": answer.status})
    else:
        log.warning("web service not asked, or its answer not usable", extra={**facts, "why": answer.why})
