"""Prompts become sound files: by which voice, how often, and what happens when that fails."""

import shutil
import wave
from pathlib import Path

import pytest

from tests.speech.programs import runs_of, speaking_programs
from trunkline.core.errors import Unavailable
from trunkline.flows.talk import Prompt
from trunkline.speech import synthesizer as module
from trunkline.speech.synthesizer import CommandSynthesizer, NoSynthesizer, SynthesizerFailed

BOTH = ("flite", "espeak-ng")


def a_synthesizer(folder: Path, *installed: str) -> CommandSynthesizer:
    """Return one over stand-in programs."""
    return CommandSynthesizer(folder / "sounds", folder / "prompts", prefix=speaking_programs(folder, *installed))


def put_recording(file: Path, rate: int = 44100) -> None:
    """Write a stereo recording of a tenth of a second."""
    file.parent.mkdir(exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\x10\x01" * 2 * (rate // 10))


async def test_english_is_spoken_by_flite_and_the_rest_by_espeak(tmp_path: Path) -> None:
    voice = a_synthesizer(tmp_path, *BOTH)

    await voice.make([Prompt("Hello", "en-GB"), Prompt("Hola", "es-MX")])

    assert sorted(run[:3] for run in runs_of(tmp_path)) == [["espeak-ng", "-v", "es-mx"], ["flite", "-voice", "slt"]]


async def test_espeak_speaks_english_where_flite_is_missing(tmp_path: Path) -> None:
    hello = Prompt("Hello", "en-GB")
    voice = a_synthesizer(tmp_path, "espeak-ng")

    await voice.make([hello])

    sound = voice.sound_for(hello)
    assert sound is not None
    with wave.open(str(sound)) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (8000, 1, 2)
        assert opened.getnframes() > 0


async def test_text_is_spoken_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    hello = Prompt("Hello", "en-GB")
    await a_synthesizer(tmp_path, *BOTH).make([hello, hello])

    await a_synthesizer(tmp_path, *BOTH).make([hello])

    assert len(runs_of(tmp_path)) == 1
    assert [file.suffix for file in (tmp_path / "sounds").iterdir()] == [".wav"]


async def test_text_cannot_become_an_option_or_a_command(tmp_path: Path) -> None:
    texts = ["-o /tmp/x", "$(id); `id`", "--help"]
    voice = a_synthesizer(tmp_path, *BOTH)

    await voice.make([Prompt(text, "en") for text in texts])

    assert sorted(run[run.index("-t") + 1] for run in runs_of(tmp_path)) == sorted(texts)


async def test_recording_wins_over_speech_and_a_new_one_over_the_old(tmp_path: Path) -> None:
    recorded = Prompt("Hello", "en", "hello")
    voice = a_synthesizer(tmp_path, *BOTH)
    put_recording(tmp_path / "prompts" / "hello.wav")
    await voice.make([recorded])
    first = voice.sound_for(recorded)

    put_recording(tmp_path / "prompts" / "hello.wav", rate=22050)
    assert voice.sound_for(recorded) is None
    await voice.make([recorded])

    assert first is not None
    assert voice.sound_for(recorded) not in {None, first}
    assert runs_of(tmp_path) == []


async def test_text_stands_in_for_a_recording_that_is_missing(tmp_path: Path) -> None:
    voice = a_synthesizer(tmp_path, *BOTH)

    await voice.make([Prompt("Hello", "en", "gone")])

    assert voice.sound_for(Prompt("Hello", "en", "gone")) == voice.sound_for(Prompt("Hello", "en"))
    with pytest.raises(SynthesizerFailed, match=r"no gone\.wav"):
        await voice.make([Prompt("", "en", "gone")])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fail", "does not exist"),
        ("mute", "it ended with 3"),
        ("garbage", "not a WAV file"),
        ("nowhere", "No such file"),
    ],
)
async def test_failure_says_why_and_leaves_nothing_behind(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SynthesizerFailed, match=why):
        await a_synthesizer(tmp_path, "flite").make([Prompt(text, "en")])

    assert list((tmp_path / "sounds").iterdir()) == []


async def test_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 0.5)

    with pytest.raises(SynthesizerFailed, match="longer than"):
        await a_synthesizer(tmp_path, "flite").make([Prompt("hang", "en")])


async def test_machine_without_a_voice_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    bare = CommandSynthesizer(tmp_path / "sounds", tmp_path)
    no_prefix = CommandSynthesizer(tmp_path / "sounds", tmp_path, prefix=["/no/such/prefix"])

    for voice in (bare, no_prefix):
        with pytest.raises(NoSynthesizer, match="apt install flite"):
            await voice.make([Prompt("Hello", "en")])
    with pytest.raises(NoSynthesizer, match="apt install espeak-ng"):
        await bare.make([Prompt("Hola", "es")])


async def test_recording_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "prompts" / "hello.wav").mkdir(parents=True)

    with pytest.raises(SynthesizerFailed, match=r"hello\.wav"):
        await a_synthesizer(tmp_path, *BOTH).make([Prompt("Hello", "en", "hello")])


@pytest.mark.parametrize(("program", "language"), [("flite", "en-GB"), ("espeak-ng", "es-MX")])
async def test_installed_program_speaks(tmp_path: Path, program: str, language: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    prompt = Prompt("Hotel Lima", language)
    voice = CommandSynthesizer(tmp_path, tmp_path)

    try:
        await voice.make([prompt])
    except Unavailable as error:
        pytest.fail(str(error))

    sound = voice.sound_for(prompt)
    assert sound is not None
    with wave.open(str(sound)) as opened:
        assert 0.4 < opened.getnframes() / 8000 < 3
