"""What two phones agree on about their audio (SDP, RFC 8866; offer and answer, RFC 3264): G.711 and telephone-event."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

PCMU, PCMA = 0, 8
_NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
_EVENTS = 101
_NUMBER = re.compile(r"[0-9]{1,5}")


class Direction(StrEnum):
    """Which way audio goes, seen from the one who says so."""

    BOTH = "sendrecv"
    SENDS = "sendonly"
    RECEIVES = "recvonly"
    NONE = "inactive"

    @property
    def answered(self) -> "Direction":
        """The most that the other side may answer (RFC 3264 section 6.1)."""
        return {Direction.SENDS: Direction.RECEIVES, Direction.RECEIVES: Direction.SENDS}.get(self, self)


@dataclass(frozen=True, slots=True)
class Media:
    """The far end's audio: where to send, as what, and which way it said audio goes."""

    host: str
    port: int
    codec: int
    """A static payload type: PCMU or PCMA."""
    events: int | None
    """The payload type for telephone-event (RFC 4733), if it takes DTMF."""
    direction: Direction = Direction.BOTH

    @property
    def wants_audio(self) -> bool:
        """Whether we may send."""
        return self.direction in {Direction.BOTH, Direction.RECEIVES} and self.host != "0.0.0.0"  # noqa: S104 - RFC 2543 hold


def describe(
    host: str,
    port: int,
    *,
    codecs: tuple[int, ...] = (PCMU, PCMA),
    events: int | None = _EVENTS,
    direction: Direction = Direction.BOTH,
    session: int = 1,
    version: int = 1,
) -> bytes:
    """Return a description of our audio, for an offer or an answer."""
    payloads = [*codecs, *([events] if events is not None else [])]
    lines = [
        "v=0",
        f"o=- {session} {version} IN IP4 {host}",
        "s=trunkline",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, payloads))}",
        *(f"a=rtpmap:{codec} {_NAMES[codec]}/8000" for codec in codecs),
    ]
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    return "\r\n".join([*lines, "a=ptime:20", f"a={direction}", ""]).encode("ascii")


def read(body: bytes) -> Media | None:
    """Return the audio a description offers; None when there is none that we can speak."""
    host, direction = "", Direction.BOTH
    audio: list[str] = []
    events: int | None = None
    in_audio = in_other = False
    for line in body.decode("utf-8", "replace").splitlines():
        kind, _, text = line.strip().partition("=")
        if kind == "m":
            in_audio = text.startswith("audio ") and not audio
            in_other = not in_audio
            audio = text.split() if in_audio else audio
        elif in_other:
            continue
        elif kind == "c":
            host = text.split()[-1].partition("/")[0] if text.split() else host
        elif kind == "a" and text in set(Direction):
            direction = Direction(text)
        elif kind == "a" and in_audio and text.startswith("rtpmap:"):
            number, _, name = text.removeprefix("rtpmap:").partition(" ")
            if name.lower().startswith("telephone-event/8000") and _NUMBER.fullmatch(number):
                events = int(number)
    codec = next((int(kind) for kind in audio[3:] if kind in {str(PCMU), str(PCMA)}), None)
    port = int(audio[1]) if len(audio) > 3 and _NUMBER.fullmatch(audio[1]) else 0
    if codec is None or not _is_address(host) or not 0 < port < 65536:
        return None
    return Media(host, port, codec, events, direction)


def _is_address(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
