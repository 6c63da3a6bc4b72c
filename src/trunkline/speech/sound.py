"""Sound as the telephone has it: any plain WAV in, 8 kHz 16 bit mono out, filtered so that nothing folds back."""

import audioop
import io
import math
import struct
import wave

RATE = 8000
_WIDTH = 4
_TAPS = 63
_CUTOFF_HZ = 3600
_PEAK = 0.708
"""-3 dB below full scale."""


def telephone_sound(data: bytes) -> bytes:
    """Return a WAV file's bytes as 8 kHz 16 bit mono, its peak at -3 dB; raises ValueError for what is no such file.

    The length that the header claims is not believed: programs that write to a pipe cannot know it.
    """
    channels, rate, samples = _unpacked(data)
    mono = audioop.tomono(samples, 2, 0.5, 0.5) if channels == 2 else samples
    # Half scale in 32 bits: room for the filter's overshoot, and no rounding that anybody hears.
    wide = audioop.mul(audioop.lin2lin(mono, 2, _WIDTH), _WIDTH, 0.5)
    if rate > RATE:
        wide = _low_passed(wide, rate)
    if rate != RATE:
        wide, _ = audioop.ratecv(wide, _WIDTH, 1, rate, RATE, None)
    peak = audioop.max(wide, _WIDTH)
    level = _PEAK * 0x7FFFFFFF / peak if peak else 1.0
    narrow = audioop.lin2lin(audioop.mul(wide, _WIDTH, level), _WIDTH, 2)
    packed = io.BytesIO()
    with wave.open(packed, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(narrow)
    return packed.getvalue()


def _unpacked(data: bytes) -> tuple[int, int, bytes]:
    """Return channels, rate and samples of a 16-bit WAV file; raises ValueError."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    channels = rate = 0
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt " and at + 16 <= len(data):
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
            if form not in {1, 0xFFFE} or bits != 16 or channels not in {1, 2} or not 4000 <= rate <= 192_000:
                raise ValueError("not 16 bit PCM with one or two channels")
        elif name == b"data" and rate:
            samples = data[at : at + length]
            return channels, rate, samples[: len(samples) // (2 * channels) * 2 * channels]
        at += length + length % 2
    raise ValueError("a WAV file without samples")


def _low_passed(samples: bytes, rate: int) -> bytes:
    """Return 32-bit samples without what 8 kHz cannot carry (windowed sinc; Smith, DSP Guide, chapter 16)."""
    half = _TAPS // 2
    cut = _CUTOFF_HZ / rate
    taps = [_tap(k - half, cut) * (0.54 - 0.46 * math.cos(2 * math.pi * k / (_TAPS - 1))) for k in range(_TAPS)]
    whole = sum(taps)
    margin = bytes(half * _WIDTH)
    padded = margin + samples + margin
    total = bytes(len(samples))
    for k, tap in enumerate(taps):
        shifted = padded[k * _WIDTH : k * _WIDTH + len(samples)]
        total = audioop.add(total, audioop.mul(shifted, _WIDTH, tap / whole), _WIDTH)
    return total


def _tap(offset: int, cut: float) -> float:
    """Return the ideal low-pass's answer at an offset from its middle."""
    return 2 * cut if offset == 0 else math.sin(2 * math.pi * cut * offset) / (math.pi * offset)
