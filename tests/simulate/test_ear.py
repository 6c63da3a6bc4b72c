from array import array
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.simulate import sound
from trunkline.simulate.ear import Ear, Kind
from trunkline.simulate.g711 import Samples

RANDOM = Random(7)


def _noise(seconds: float, level: int) -> Samples:
    return array("h", (RANDOM.randint(-level, level) for _ in range(int(seconds * 8000))))


def _quiet(seconds: float) -> Samples:
    return array("h", bytes(int(seconds * 16000)))


def _kinds(samples: Samples) -> list[tuple[Kind, float]]:
    ear = Ear()
    return [(heard.kind, round(heard.end - heard.start, 1)) for heard in [*ear.hear(samples), *ear.finish()]]


def test_two_tones_and_the_silence_between_them_are_told_apart() -> None:
    ear = Ear()
    heard = [*ear.hear(sound.sine(440, 1.0) + _quiet(2.0) + sound.sine(880, 2.0)), *ear.finish()]

    assert [(one.kind, one.frequency) for one in heard] == [(Kind.TONE, 440), (Kind.SILENCE, None), (Kind.TONE, 880)]
    assert str(heard[0]) == "tone of 440 Hz 1.0 s"


def test_sound_with_pauses_as_between_words_is_speech() -> None:
    words = array("h")
    for _ in range(8):
        words += _noise(0.25, 6000) + _noise(0.15, 80)

    assert _kinds(words) == [(Kind.SPEECH, 3.0)] or _kinds(words)[0][0] is Kind.SPEECH


def test_sound_of_an_even_level_is_music_and_a_short_one_is_only_sound() -> None:
    assert _kinds(_noise(8.0, 5000)) == [(Kind.MUSIC, 8.0)]
    assert _kinds(_noise(0.5, 5000)) == [(Kind.SOUND, 0.5)]


def test_a_sound_is_told_once_it_has_been_over_for_a_while() -> None:
    ear = Ear()

    assert ear.hear(_noise(2.0, 5000) + _quiet(1.1)) == []
    assert [one.kind for one in ear.hear(_quiet(0.2))] == [Kind.MUSIC]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 4000), max_size=8))
def test_it_does_not_matter_in_which_bits_the_sound_arrives(cuts: list[int]) -> None:
    samples = sound.sine(440, 0.7) + _quiet(1.5) + sound.sine(600, 0.4)
    ear, place, heard = Ear(), 0, []
    for cut in cuts:
        heard += ear.hear(samples[place : place + cut])
        place += cut
    heard += ear.hear(samples[place:])

    whole = Ear()
    assert [*heard, *ear.finish()] == [*whole.hear(samples), *whole.finish()]
