"""Audio and keys in packets (RTP, RFC 3550; DTMF as telephone events, RFC 4733), without sockets or a clock.

Everything is 8 kHz G.711 in packets of 20 ms: 160 samples, 160 bytes.
"""

import secrets
import struct
from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from trunkline.core.errors import Rejected
from trunkline.simulate import g711
from trunkline.simulate.g711 import Samples
from trunkline.simulate.sdp import PCMA, PCMU, Media

RATE = 8000
FRAME = 160
"""Samples, and G.711 bytes, in 20 ms."""
KEYS = "0123456789*#ABCD"
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VOLUME = 10
_KEY_FRAMES, _END_FRAMES, _REST_FRAMES = 6, 3, 5
"""A key lasts 120 ms, its end is told three times, then 100 ms of the usual sound before the next."""
_MOVED = RATE // 2
"""A source whose timestamps leave the arrival times by this much has been restarted: it is laid where it arrived."""


class NoRtp(Rejected):
    """The bytes are not an RTP packet."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet; contributing sources and header extensions are read over."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def serialise(self) -> bytes:
        """Return the packet's bytes."""
        second = self.payload_type | (0x80 if self.marker else 0)
        return _HEADER.pack(0x80, second, self.sequence, self.timestamp, self.ssrc) + self.payload


def parse(data: bytes) -> Packet:
    """Return the packet in one datagram; raises NoRtp when it is none."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2:
        raise NoRtp("no RTP version 2 header")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if end < start + 4:
            raise NoRtp("extension cut short")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            raise NoRtp("padding of no length")
        end -= padding
    if end < start:
        raise NoRtp("cut short")
    return Packet(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80))


class Talker:
    """What we send: one datagram for every 20 ms, sound or a key.

    `frame` gives the next 160 bytes in a codec; it is not asked while a key sounds.
    """

    def __init__(self, frame: Callable[[int], bytes]) -> None:
        self.frame = frame
        self._ssrc = secrets.randbits(32)
        self._sequence, self._timestamp = secrets.randbits(16), secrets.randbits(32)
        self._marker = True
        self._keys: deque[str] = deque()
        self._place, self._key_began = 0, 0

    @property
    def keys_waiting(self) -> bool:
        """Whether a pressed key has not sounded to its end."""
        return bool(self._keys)

    @property
    def keys_unheard(self) -> bool:
        """Whether a pressed key has not begun to sound."""
        return len(self._keys) > (self._place > 0)

    def press(self, keys: str) -> None:
        """Send these keys one after the other; raises ValueError for what is no key."""
        wrong = set(keys.upper()) - set(KEYS)
        if wrong:
            raise ValueError(f"no telephone has a key {', '.join(sorted(wrong))}")
        self._keys.extend(keys.upper())

    def next_packet(self, media: Media) -> bytes | None:
        """Return the datagram for the next 20 ms; None while the far end wants no sound. Time goes on all the same."""
        now = self._timestamp
        self._timestamp = (now + FRAME) & 0xFFFFFFFF
        if self._keys and media.events is not None:
            packet = self._key_packet(media.events, now)
            if packet is not None:
                return packet
        if not media.wants_audio:
            self._marker = True
            return None
        return self._packet(media.codec, now, self.frame(media.codec))

    def skip(self, frames: int) -> None:
        """Let time pass without sending: we were late."""
        self._timestamp = (self._timestamp + frames * FRAME) & 0xFFFFFFFF
        self._marker = True

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool | None = None) -> bytes:
        marked, self._marker = self._marker if marker is None else marker, False
        self._sequence = (self._sequence + 1) & 0xFFFF
        return Packet(payload_type, self._sequence, timestamp, self._ssrc, payload, marked).serialise()

    def _key_packet(self, payload_type: int, now: int) -> bytes | None:
        place, self._place = self._place, self._place + 1
        if place == 0:
            self._key_began = now
        if place < _KEY_FRAMES + _END_FRAMES - 1:
            # RFC 4733 section 2.5.1: one timestamp for all packets of an event, the duration grows, E is sent thrice.
            ends = place >= _KEY_FRAMES - 1
            event = _EVENT.pack(
                KEYS.index(self._keys[0]), (0x80 if ends else 0) | _VOLUME, min(place + 1, _KEY_FRAMES) * FRAME
            )
            return self._packet(payload_type, self._key_began, event, marker=place == 0)
        if place == _KEY_FRAMES + _END_FRAMES + _REST_FRAMES:
            self._keys.popleft()
            self._place = 0
        return None


class Listener:
    """What we hear: packets laid out in time, whatever their order, with silence where none came."""

    def __init__(self) -> None:
        self.began: float | None = None
        """The moment that is zero in the audio."""
        self._ssrc, self._base, self._laid_at = -1, 0, 0
        self._samples: Samples = array("h")
        self._events_type: int | None = None
        self._last_event: tuple[int, int] | None = None
        self.sources: Counter[int] = Counter()
        """How many packets of sound came from each source, by its SSRC."""
        self.keys = ""
        """The keys the far end pressed."""

    def begin(self, now: float, media: Media | None = None) -> None:
        """Set the moment that is zero in the audio, once; and which payload type brings keys."""
        self.began = now if self.began is None else self.began
        if media is not None:
            self._events_type = media.events

    def receive(self, data: bytes, now: float) -> None:
        """Take a datagram in; what is no audio and no key is left alone."""
        try:
            packet = parse(data)
        except NoRtp:
            return
        self.begin(now)
        if packet.payload_type in {PCMU, PCMA}:
            self.sources[packet.ssrc] += 1
            self._lay(packet, now)
        elif packet.payload_type == self._events_type and len(packet.payload) >= _EVENT.size:
            self._hear_key(packet)

    @property
    def packets(self) -> int:
        """How many packets of sound came."""
        return self.sources.total()

    def audio(self, now: float | None = None) -> Samples:
        """Return what was heard since the beginning, 16-bit samples; with `now`, silence up to it too."""
        if now is None or self.began is None:
            return self._samples[:]
        self._stretch(int((now - self.began) * RATE))
        return self._samples[:]

    def audio_since(self, place: int, now: float) -> Samples:
        """Return what was heard from a sample on, up to now."""
        if self.began is not None:
            self._stretch(int((now - self.began) * RATE))
        return self._samples[place:]

    def _lay(self, packet: Packet, now: float) -> None:
        arrived = int((now - (self.began or 0.0)) * RATE)
        ahead = (packet.timestamp - self._base + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        place = self._laid_at + ahead
        if packet.ssrc != self._ssrc or abs(place - arrived) > _MOVED:
            self._ssrc, self._base, self._laid_at = packet.ssrc, packet.timestamp, arrived
            place = arrived
        if place < 0:
            return
        samples = g711.decode(packet.payload, packet.payload_type)
        self._stretch(place + len(samples))
        self._samples[place : place + len(samples)] = samples

    def _stretch(self, length: int) -> None:
        missing = length - len(self._samples)
        if missing > 0:
            self._samples.extend(array("h", bytes(2 * missing)))

    def _hear_key(self, packet: Packet) -> None:
        event = (packet.ssrc, packet.timestamp)
        if event != self._last_event and packet.payload[0] < len(KEYS):
            self.keys += KEYS[packet.payload[0]]
            self._last_event = event
