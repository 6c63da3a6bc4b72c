"""G.711 µ-law and A-law by table (ITU-T G.711), because Python 3.13 no longer has `audioop`.

Samples are signed 16-bit at 8 kHz; G.711 keeps 14 (µ-law) or 13 (A-law) bits of them.
"""

from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeAlias

from trunkline.simulate.sdp import PCMU

Samples: TypeAlias = "array[int]"
"""Signed 16-bit samples at 8 kHz (`array("h")`)."""


def _mu_law_byte(sample: int) -> int:
    """Return the µ-law byte of a 14-bit sample: sign, 3 bits of segment, 4 bits of step, all inverted."""
    mask = 0xFF if sample >= 0 else 0x7F
    magnitude = min(abs(sample), 8158) + 33
    segment = magnitude.bit_length() - 6
    return (segment << 4 | (magnitude >> (segment + 1)) & 0xF) ^ mask


def _a_law_byte(sample: int) -> int:
    """Return the A-law byte of a 13-bit sample: sign, segment and step, even bits inverted."""
    mask = 0xD5 if sample >= 0 else 0x55
    magnitude = sample if sample >= 0 else -sample - 1
    segment = max(magnitude.bit_length() - 5, 0)
    return (segment << 4 | (magnitude >> max(segment, 1)) & 0xF) ^ mask


def _mu_law_sample(byte: int) -> int:
    byte = ~byte & 0xFF
    magnitude = (((byte & 0xF) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -magnitude if byte & 0x80 else magnitude


def _a_law_sample(byte: int) -> int:
    byte ^= 0x55
    segment, magnitude = byte >> 4 & 7, (byte & 0xF) << 4
    magnitude = magnitude + 8 if segment == 0 else (magnitude + 0x108) << (segment - 1)
    return magnitude if byte & 0x80 else -magnitude


@cache
def _encoder(codec: int) -> bytes:
    if codec == PCMU:
        return bytes(_mu_law_byte(sample) for sample in range(-8192, 8192))
    return bytes(_a_law_byte(sample) for sample in range(-4096, 4096))


@cache
def _decoder(codec: int) -> Sequence[int]:
    return tuple((_mu_law_sample if codec == PCMU else _a_law_sample)(byte) for byte in range(256))


def encode(samples: Iterable[int], codec: int) -> bytes:
    """Return one byte for each 16-bit sample; the codec is `sdp.PCMU` or `sdp.PCMA`."""
    table, shift = _encoder(codec), 2 if codec == PCMU else 3
    return bytes(table[(sample + 32768) >> shift] for sample in samples)


def decode(payload: bytes, codec: int) -> Samples:
    """Return the 16-bit samples of a payload."""
    return array("h", map(_decoder(codec).__getitem__, payload))
