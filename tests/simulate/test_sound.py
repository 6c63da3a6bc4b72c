from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulate import g711, sound
from trunkline.simulate.rtp import FRAME, RATE
from trunkline.simulate.sdp import PCMA, PCMU


@given(st.integers(200, 3400), st.sampled_from([PCMU, PCMA]))
def test_a_tone_is_heard_through_the_codec_and_another_is_not(frequency: int, codec: int) -> None:
    speak = sound.tone(frequency).speaker()
    samples = g711.decode(b"".join(speak(codec) for _ in range(30)), codec)

    assert sound.heard(frequency, samples)
    assert not sound.heard(frequency + 150, samples)


def test_two_mixed_tones_are_both_heard() -> None:
    mixed = array("h", (a + b for a, b in zip(sound.sine(440, 1.0), sound.sine(880, 1.0), strict=True)))

    assert sound.heard(440, mixed)
    assert sound.heard(880, mixed)
    assert not sound.heard(660, mixed)


def test_no_tone_is_heard_in_silence() -> None:
    assert not sound.heard(440, array("h", [0] * RATE))
    assert not sound.heard(440, array("h"))
    assert sound.rms([]) == 0.0
    assert sound.share_of(440, [0] * 800) == 0.0


def test_a_sound_said_once_is_followed_by_silence() -> None:
    speak = sound.Sound([5000] * 200, loops=False).speaker()

    frames = [g711.decode(speak(PCMU), PCMU) for _ in range(3)]

    assert all(frames[0])
    assert any(frames[1][:40])
    assert not any(frames[1][40:])
    assert not any(frames[2])


def test_a_wav_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    samples = sound.sine(300, 0.5)

    sound.write_wav(tmp_path / "said.wav", samples)

    assert sound.read_wav(tmp_path / "said.wav") == samples
    assert sound.Sound(samples).seconds == pytest.approx(0.5)
    assert len(samples) % FRAME == 0


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([], "silence, RMS 0"),
        ([40] * RATE, "silence, RMS 40"),
        ([*sound.sine(900, 1), *sound.sine(440, 0.2)], "RMS 5792, 100% at about 440 Hz"),
    ],
)
def test_what_sounded_last_is_told_in_words(samples: list[int], words: str) -> None:
    assert sound.describe(samples) == words
