"""SIP messages as text (RFC 3261 section 7), read and written.

Bytes that are not UTF-8 survive the round trip (surrogateescape): a hostile caller id must reach the switch as meant.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trunkline.core.errors import Rejected

Headers = tuple[tuple[str, str], ...]

_VERSION = "SIP/2.0"
_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "c": "content-type",
    "l": "content-length", "k": "supported", "e": "content-encoding", "s": "subject", "x": "session-expires",
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")


class Malformed(Rejected):
    """The bytes are not a SIP message."""


@dataclass(frozen=True, slots=True)
class Request:
    """A SIP request; headers keep their order and their spelling."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """A SIP response."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""


Message = Request | Response


def _same(name: str) -> str:
    lower = name.lower()
    return _COMPACT.get(lower, lower)


def values(message: Message, name: str) -> Iterator[str]:
    """Yield each value of a header in order, compact spellings included; lists are not split."""
    wanted = _same(name)
    return (value for key, value in message.headers if _same(key) == wanted)


def value(message: Message, name: str, default: str = "") -> str:
    """Return the first value of a header, or the default."""
    return next(values(message, name), default)


def split_list(text: str) -> list[str]:
    """Split a header's value at commas that are outside quotes and angle brackets."""
    parts, start, quoted, angle, escaped = [], 0, False, False, False
    for place, letter in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "<>":
            angle = letter == "<"
        elif letter == "," and not angle:
            parts.append(text[start:place].strip())
            start = place + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def uri_of(address: str) -> str:
    """Return the URI of a From, To, Contact or Route value."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", address, flags=re.DOTALL)
    inside = re.search(r"<([^>]*)>", bare)
    return inside.group(1) if inside else bare.partition(";")[0].strip()


def tag_of(address: str) -> str:
    """Return the tag parameter of a From or To value, empty when there is none."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"|<[^>]*>', "", address, flags=re.DOTALL)
    found = re.search(r";\s*tag\s*=\s*([^;\s,]+)", bare, re.IGNORECASE)
    return found.group(1) if found else ""


def branch_of(via: str) -> str:
    """Return the branch parameter of a Via value: the transaction's key."""
    found = re.search(r";\s*branch\s*=\s*([^;\s,]+)", via, re.IGNORECASE)
    return found.group(1) if found else ""


def cseq_of(message: Message) -> tuple[int, str]:
    """Return the sequence number and the method of CSeq; raises Malformed without a good one."""
    number, _, method = value(message, "cseq").strip().partition(" ")
    if not (number.isascii() and number.isdigit() and method):
        raise Malformed("no good CSeq")
    return int(number), method.strip()


def quoted(text: str) -> str:
    """Return the text as a quoted string (RFC 3261 section 25.1); line ends become spaces."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\r\n\0]+", " ", escaped) + '"'


def to_bytes(text: str) -> bytes:
    """Return the bytes a piece of a message stands for."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """Return the text of a piece of a message; `to_bytes` gives the same bytes back."""
    return data.decode("utf-8", "surrogateescape")


def serialise(message: Message) -> bytes:
    """Return the message's bytes. Content-Length is ours; the other headers go out as they are, hostile or not."""
    if isinstance(message, Request):
        first = f"{message.method} {message.uri} {_VERSION}"
    else:
        first = f"{_VERSION} {message.status} {message.reason}"
    lines = [first, *(f"{name}: {text}" for name, text in message.headers if _same(name) != "content-length")]
    lines += [f"Content-Length: {len(message.body)}", "", ""]
    return to_bytes("\r\n".join(lines)) + message.body


def parse(data: bytes) -> Message:
    """Return the message in one datagram; raises Malformed when it is none."""
    head, gap, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not gap:
        raise Malformed("no end of headers")
    # RFC 3261 section 7.3.1: a line that begins with white space goes on with the one before.
    lines = re.sub(r"\r\n[ \t]+", " ", from_bytes(head)).split("\r\n")
    headers = tuple(_headers(lines[1:]))
    length = next((text for name, text in headers if _same(name) == "content-length"), None)
    if length is not None:
        if not (length.isascii() and length.isdigit()) or int(length) > len(body):
            raise Malformed("Content-Length does not fit")
        body = body[: int(length)]
    return _first_line(lines[0], headers, body)


def _headers(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, text = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name.rstrip()):
            raise Malformed("a line is no header")
        yield name.rstrip(), text.strip(" \t")


def _first_line(line: str, headers: Headers, body: bytes) -> Message:
    words = line.split(" ", 2)
    if len(words) >= 2 and words[0] == _VERSION and re.fullmatch(r"[1-6][0-9][0-9]", words[1], re.ASCII):
        return Response(int(words[1]), words[2] if len(words) > 2 else "", headers, body)
    if len(words) == 3 and words[2] == _VERSION and _TOKEN.fullmatch(words[0]) and words[1]:
        return Request(words[0], words[1], headers, body)
    raise Malformed("no SIP first line")
