"""Any plain WAV becomes telephone sound: right rate, right pitch, nothing folded back."""

import io
import math
import struct
import wave

import pytest

from trunkline.speech.sound import telephone_sound


def a_tone(hertz: float, rate: int, *, channels: int = 1, seconds: float = 0.5) -> bytes:
    """Return a WAV file with a tone at a quarter of full scale."""
    samples = [round(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(rate * seconds))]
    packed = io.BytesIO()
    with wave.open(packed, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in samples))
    return packed.getvalue()


def heard(data: bytes) -> list[int]:
    """Return the samples of a telephone sound."""
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        frames = sound.readframes(sound.getnframes())
    return list(struct.unpack(f"<{len(frames) // 2}h", frames))


def strength(samples: list[int], hertz: float) -> float:
    """Return how much of a frequency there is, as the amplitude of its sine."""
    across = sum(s * math.cos(2 * math.pi * hertz * n / 8000) for n, s in enumerate(samples))
    along = sum(s * math.sin(2 * math.pi * hertz * n / 8000) for n, s in enumerate(samples))
    return 2 * math.hypot(across, along) / len(samples)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 6000])
@pytest.mark.parametrize("channels", [1, 2])
def test_tone_keeps_its_pitch_and_length_and_peaks_at_minus_three_decibels(rate: int, channels: int) -> None:
    samples = heard(telephone_sound(a_tone(1000, rate, channels=channels)))

    assert abs(len(samples) - 4000) <= 2
    assert strength(samples, 1000) == pytest.approx(0.708 * 32767, rel=0.05)


def test_tone_above_the_telephones_reach_does_not_fold_back() -> None:
    def mixed(hertz: float) -> bytes:
        low, high = a_tone(1000, 16000), a_tone(hertz, 16000)
        pairs = zip(struct.iter_unpack("<h", low[44:]), struct.iter_unpack("<h", high[44:]), strict=True)
        return low[:44] + b"".join(struct.pack("<h", a + b) for (a,), (b,) in pairs)

    samples = heard(telephone_sound(mixed(5000)))

    assert strength(samples, 3000) < strength(samples, 1000) / 300


def test_silence_stays_silent() -> None:
    assert set(heard(telephone_sound(a_tone(0, 16000)))) == {0}


def test_length_in_the_header_is_not_believed() -> None:
    piped = bytearray(a_tone(1000, 8000))
    piped[40:44] = (0x7FFFF000).to_bytes(4, "little")

    assert len(heard(telephone_sound(bytes(piped)))) == 4000


def test_unknown_parts_before_the_samples_are_passed_over() -> None:
    plain = a_tone(1000, 8000)
    listed = plain[:12] + b"LIST\x03\x00\x00\x00abc\x00" + plain[12:]

    assert telephone_sound(listed) == telephone_sound(plain)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"nonsense, and more of it",
        a_tone(1000, 8000)[:36],
        a_tone(1000, 8000).replace(b"\x10\x00data", b"\x08\x00data"),
        b"RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00abcd",
    ],
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"WAV|PCM"):
        telephone_sound(data)
