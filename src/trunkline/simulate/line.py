"""Who calls whom, and what can become of the call: the words between a caller and its SIP side."""

from dataclasses import dataclass
from typing import Literal

from trunkline.simulate import wire
from trunkline.simulate.digest import Credentials
from trunkline.simulate.sdp import Media

_WORDS = {
    400: "the switch did not understand the call", 401: "the switch wants a password",
    403: "the switch forbids the call",
    404: "nobody has this number", 407: "the switch wants a password", 408: "nobody answered in time",
    410: "the number is no longer in use", 480: "the called one is not reachable now",
    482: "the call went round in a loop",
    484: "the number is incomplete", 486: "busy", 487: "the call was given up before it was answered",
    488: "the two ends share no codec", 500: "the switch failed", 503: "the switch has no room or is not ready",
    600: "busy everywhere", 603: "declined", 604: "nobody has this number",
}  # fmt: skip


def in_words(status: int, reason: str = "") -> str:
    """Return what a final SIP status means to a person, with the number for the engineer."""
    known = _WORDS.get(status)
    return f"{known} ({status} {reason})" if known else f"refused ({status} {reason})"


@dataclass(frozen=True, slots=True)
class Progressed:
    """A provisional answer: 180 is ringing; with media, early audio may come."""

    status: int
    reason: str
    media: Media | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end took the call."""

    media: Media | None


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """The far end asked anew where audio goes, or put us on hold."""

    media: Media


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over, or never came about."""

    by: Literal["us", "them", "network"]
    status: int
    """The final SIP status of a call that was not answered; 200 after an answered one; 408 when nothing came back."""
    why: str


Event = Progressed | Answered | MediaChanged | Ended


@dataclass(frozen=True, slots=True)
class Line:
    """Who calls whom, from where. A `bytes` name or number goes out raw, hostile or not; text is quoted properly."""

    number: str
    server: tuple[str, int]
    local: tuple[str, int]
    rtp_port: int
    from_: str | bytes = "anonymous"
    name: str | bytes = ""
    credentials: Credentials | None = None


def host_port(address: tuple[str, int]) -> str:
    """Return an address as a URI spells it."""
    return f"{address[0]}:{address[1]}"


def display(name: str | bytes) -> str:
    """Return a display name with the space that follows it; bytes go out raw."""
    if isinstance(name, bytes):
        return f"{wire.from_bytes(name)} "
    return f"{wire.quoted(name)} " if name else ""


def escaped(user: str | bytes) -> str:
    """Return the user part of a URI, with what may not stand there as %xx (RFC 3261 section 25.1); bytes go out raw."""
    if isinstance(user, bytes):
        return wire.from_bytes(user)
    allowed = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$,;?/")
    return "".join(chr(byte) if byte in allowed else f"%{byte:02X}" for byte in wire.to_bytes(user))
