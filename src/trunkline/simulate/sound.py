"""Sounds to say and to recognise: tones, WAV files, and how much of a frequency is in what was heard."""

import math
import wave
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from trunkline.simulate import g711
from trunkline.simulate.g711 import Samples
from trunkline.simulate.rtp import FRAME, RATE

QUIET = 100.0
"""RMS, of 32768, below which nobody calls it sound: about -50 dBFS."""
_BLOCK = RATE // 10
"""The tenth of a second that is judged at a time."""


NoWav = wave.Error
"""The file is no WAV file that we can read."""


class Sound:
    """Something to say over and over or once: 16-bit samples at 8 kHz."""

    def __init__(self, samples: Sequence[int], *, loops: bool = True) -> None:
        missing = -len(samples) % FRAME
        self._samples = array("h", samples) + array("h", bytes(2 * missing))
        self._loops = loops
        self._encoded: dict[int, bytes] = {}

    @property
    def seconds(self) -> float:
        """How long it is, said once."""
        return len(self._samples) / RATE

    def speaker(self) -> Callable[[int], bytes]:
        """Return a function that gives the next 20 ms in a codec (`sdp.PCMU`, `sdp.PCMA`), for one Talker."""
        place = 0

        def frame(codec: int) -> bytes:
            nonlocal place
            encoded = self._encoded.get(codec) or self._encoded.setdefault(codec, g711.encode(self._samples, codec))
            if place >= len(encoded):
                if not self._loops or not encoded:
                    return _silent_frame(codec)
                place = 0
            place += FRAME
            return encoded[place - FRAME : place]

        return frame


@cache
def _silent_frame(codec: int) -> bytes:
    return g711.encode([0] * FRAME, codec)


@cache
def silence() -> Sound:
    """Return no sound, which is sent all the same."""
    return Sound([0] * FRAME)


@cache
def tone(frequency: int, *, level: float = 0.25) -> Sound:
    """Return an endless sine of whole hertz; the level is a share of the loudest."""
    return Sound(sine(frequency, 1.0, level=level))


def sine(frequency: float, seconds: float, *, level: float = 0.25) -> Samples:
    """Return the samples of a sine."""
    step, peak = 2 * math.pi * frequency / RATE, level * 32767
    return array("h", (round(peak * math.sin(step * place)) for place in range(round(seconds * RATE))))


def rms(samples: Sequence[int]) -> float:
    """Return the root mean square: 0 is silence, 32768 the loudest square wave."""
    return math.sqrt(math.fsum(sample * sample for sample in samples) / len(samples)) if samples else 0.0


def share_of(frequency: float, samples: Sequence[int]) -> float:
    """Return which share of the power is at a frequency, 0 to 1 (Goertzel, Amer. Math. Monthly 65, 1958)."""
    power = math.fsum(sample * sample for sample in samples)
    if power == 0:
        return 0.0
    coefficient, before, last = 2 * math.cos(2 * math.pi * frequency / RATE), 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    at_frequency = last * last + before * before - coefficient * last * before
    return min(2 * at_frequency / (len(samples) * power), 1.0)


def heard(frequency: float, samples: Sequence[int], *, seconds: float = 0.5, share: float = 0.25) -> bool:
    """Tell whether a tone sounds for so many seconds in all, judged by tenths of a second.

    A share of a quarter still finds one of two tones that were mixed.
    """
    found = 0
    for start in range(0, len(samples) - _BLOCK + 1, _BLOCK):
        block = samples[start : start + _BLOCK]
        found += rms(block) >= QUIET and share_of(frequency, block) >= share
    return found * _BLOCK >= seconds * RATE


def describe(samples: Sequence[int]) -> str:
    """Return in words what sounded last, for whoever waited for something else: "RMS 2310, 97% at about 440 Hz"."""
    last = samples[-_BLOCK:]
    loudness = rms(last)
    if loudness < QUIET:
        return f"silence, RMS {loudness:.0f}"
    shares = {frequency: share_of(frequency, last) for frequency in range(100, RATE // 2, RATE // _BLOCK)}
    loudest = max(shares, key=shares.__getitem__)
    return f"RMS {loudness:.0f}, {shares[loudest]:.0%} at about {loudest} Hz"


def read_wav(path: Path) -> Samples:
    """Return a 16-bit WAV file as mono at 8 kHz; raises ValueError for other widths."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: only 16-bit WAV files can be said; try `sox {path} -b 16 -r 8000 -c 1 new.wav`")
        channels, rate = file.getnchannels(), file.getframerate()
        samples = array("h", file.readframes(file.getnframes()))
    mono = samples[::channels]
    if rate == RATE:
        return mono
    return array("h", (mono[place * rate // RATE] for place in range(len(mono) * RATE // rate)))


def write_wav(path: Path, samples: Samples) -> None:
    """Write mono 16-bit samples at 8 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
