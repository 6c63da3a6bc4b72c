"""A request as it goes out, and the one that a redirect makes of it: pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from yarl import URL

from trunkline.flows.talk import Fetch

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ALWAYS = {"Accept": "application/json", "User-Agent": "Trunkline"}
# Bodies are unpacked by us, within bounds: nothing is asked for that we cannot unpack.
_OURS_ALONE = {"Accept-Encoding": "gzip"}
# What says where a message begins, ends and goes is the connection's own business (RFC 9110 section 7.6.1).
_OF_THE_CONNECTION = frozenset({
    "connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SPACE_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")


class BadRequest(Exception):  # noqa: N818 - never leaves this folder
    """There is no way to ask this; says why in a word or two."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `headers` are the flow's, which may hold its secrets: they go to the flow's own host only."""

    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Whom it goes to, in ASCII and lower case."""
        return (self.url.raw_host or "").rstrip(".").lower()

    @property
    def port(self) -> int:
        """The port it goes to."""
        return self.url.port or 0

    def all_headers(self) -> Mapping[str, str]:
        """Return its headers with ours: one name, one value; what the flow gives goes before what we would say."""
        named = {name.lower() for name in self.headers}
        ours = {name: value for name, value in _ALWAYS.items() if name.lower() not in named}
        theirs = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
        return {**ours, **theirs, **_OURS_ALONE}


def first_request(want: Fetch, key: str) -> Request:
    """Return what a flow wants asked; raises BadRequest for what cannot be, or must not."""
    headers = dict(want.headers)
    named = {name.lower() for name in headers}
    if len(named) != len(headers):
        raise BadRequest("bad header")
    if want.body is not None and "content-type" not in named:
        headers["Content-Type"] = "application/json"
    if want.method == "POST" and "idempotency-key" not in named:
        headers["Idempotency-Key"] = key
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OF_THE_CONNECTION or not _is_field_value(value):
            raise BadRequest("bad header")
    try:
        body = json.dumps(want.body, allow_nan=False).encode() if want.body is not None else None
    except (TypeError, ValueError):
        raise BadRequest("bad body") from None
    return Request(want.method, _address(want.url), headers, body)


def redirected(request: Request, status: int, location: str) -> Request:
    """Return what a redirect leads to (RFC 9110 section 15.4); raises BadRequest for one that is not followed.

    Another host gets no header of the flow's and nothing posted; and from https no way leads to http.
    """
    if _SPACE_OR_CONTROL.search(location):
        raise BadRequest("bad redirect")
    try:
        url = _address(str(request.url.join(URL(location))))
    except ValueError:
        raise BadRequest("bad redirect") from None
    if request.url.scheme == "https" and url.scheme == "http":
        raise BadRequest("redirect to http")
    to = replace(request, url=url.with_fragment(None))
    if request.method == "POST" and status in {301, 302, 303}:
        left = {n: v for n, v in request.headers.items() if n.lower() not in {"content-type", "idempotency-key"}}
        to = replace(to, method="GET", body=None, headers=left)
    if _same_party(request.url, url):
        return to
    if to.method == "POST":
        raise BadRequest("redirect elsewhere")
    return replace(to, headers={})


def _same_party(one: URL, other: URL) -> bool:
    """Say whether two addresses are one service's: the same origin, or its secure one."""
    if one.origin() == other.origin():
        return True
    secured = (one.scheme, one.port, other.scheme, other.port) == ("http", 80, "https", 443)
    return secured and one.raw_host == other.raw_host


def _address(text: str) -> URL:
    """Return an address that can be asked; raises BadRequest."""
    try:
        url = URL(text)
        usable = url.scheme in {"http", "https"} and url.raw_host and url.port and not (url.user or url.password)
    except ValueError:
        usable = False
    if not usable or _SPACE_OR_CONTROL.search(text):
        raise BadRequest("bad address")
    return url


def _is_field_value(value: str) -> bool:
    """Say whether a text can be a header's value: one line, of characters that can be sent."""
    return value.isprintable() and not any("\ud800" <= each <= "\udfff" for each in value)
