"""Prompts spoken by flite (English) and espeak-ng (every other language), as programs of their own, once per text."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trunkline.core.errors import Unavailable
from trunkline.flows.talk import Prompt
from trunkline.speech.sound import telephone_sound

_PATIENT = ("nice", "-n", "15")
"""Words are made before anybody hears them: who is on the line comes first."""
LONGEST_WAIT_S = 20.0
AT_ONCE = 2
_NO_PROGRAM = frozenset({126, 127})
"""What a prefix such as chroot or bwrap ends with when the program is not there."""


class NoSynthesizer(Unavailable):
    """Nothing on this machine can speak a language."""

    def __init__(self, language: str) -> None:
        needed = "flite" if language.startswith("en") else "espeak-ng"
        super().__init__(f"nothing here can speak {language}: install {needed} (apt install {needed})", retry=False)
        self.language = language


class SynthesizerFailed(Unavailable):
    """A synthesizer was there and did not do it."""

    def __init__(self, engine: str, why: str) -> None:
        super().__init__(f"{engine} made no sound: {why}")
        self.engine = engine


class _Missing(Exception):  # noqa: N818 - never leaves this module
    """The program is not installed."""


@dataclass(frozen=True, slots=True)
class _Voice:
    """One program's voice."""

    engine: str
    name: str

    def key(self, text: str) -> str:
        """Return the name of the file for a text."""
        return hashlib.sha256("\0".join((self.engine, self.name, text)).encode()).hexdigest()[:40]


def _voices(language: str) -> Iterator[_Voice]:
    """Yield what can speak a language, best first."""
    base, _, region = language.partition("-")
    if base == "en":
        yield _Voice("flite", "slt")
    if region:
        yield _Voice("espeak-ng", language.lower())
    yield _Voice("espeak-ng", base)


class CommandSynthesizer:
    """The port Synthesizer over programs.

    `sounds` holds the results; `recordings` is the flows' prompts folder. With a private root, `prefix` is what runs a
    program inside it (`["chroot", "/srv/root"]`) and `inside` tells a path of `sounds` as that root sees it.
    """

    def __init__(
        self,
        sounds: Path,
        recordings: Path,
        *,
        prefix: Sequence[str] = (),
        inside: Callable[[Path], str] = str,
    ) -> None:
        self._sounds = sounds
        self._recordings = recordings
        self._prefix = tuple(prefix)
        self._inside = inside
        self._free = asyncio.Semaphore(AT_ONCE)

    async def make(self, prompts: Sequence[Prompt]) -> None:
        """Make what is not there yet; one that fails does not keep the others from being made."""
        self._sounds.mkdir(parents=True, exist_ok=True)
        wanted = [prompt for prompt in dict.fromkeys(prompts) if self.sound_for(prompt) is None]
        outcomes = await asyncio.gather(*(self._make_one(prompt) for prompt in wanted), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def sound_for(self, prompt: Prompt) -> Path | None:
        """Return the sound, the recording's before the voice's; None while there is none."""
        recorded = self._recorded_name(prompt.recording) if prompt.recording else None
        if recorded and (self._sounds / recorded).exists():
            return self._sounds / recorded
        if recorded or not prompt.text:
            return None
        spoken = (self._sounds / f"{voice.key(prompt.text)}.wav" for voice in _voices(prompt.language))
        return next((file for file in spoken if file.exists()), None)

    async def _make_one(self, prompt: Prompt) -> None:
        """Make one prompt's sound."""
        async with self._free:
            recorded = self._recorded_name(prompt.recording) if prompt.recording else None
            if recorded:
                await asyncio.to_thread(self._convert, self._recordings / f"{prompt.recording}.wav", recorded)
                return
            if not prompt.text:
                raise SynthesizerFailed("recording", f"there is no {prompt.recording}.wav and no text in its place")
            failure: Unavailable = NoSynthesizer(prompt.language)
            for voice in _voices(prompt.language):
                try:
                    raw = await self._spoken(voice, prompt.text)
                except _Missing:
                    continue
                except SynthesizerFailed as error:
                    failure = error
                    continue
                await asyncio.to_thread(self._store, raw, f"{voice.key(prompt.text)}.wav", voice.engine)
                return
            raise failure

    def _recorded_name(self, recording: str) -> str | None:
        """Return the name of a recording's sound, new whenever the recording is; None when there is no recording."""
        try:
            stat = (self._recordings / f"{recording}.wav").stat()
        except OSError:
            return None
        key = f"{recording}\0{stat.st_mtime_ns}\0{stat.st_size}"
        return f"rec-{hashlib.sha256(key.encode()).hexdigest()[:36]}.wav"

    async def _spoken(self, voice: _Voice, text: str) -> bytes:
        """Let a program speak; raises _Missing or SynthesizerFailed."""
        if voice.engine == "espeak-ng":
            argv = ["espeak-ng", "-v", voice.name, "-s", "155", "--stdin", "--stdout"]
            return await self._program(argv, text.encode())
        # flite writes files only. This one is beside the sounds, because a private root sees that folder too.
        raw = self._sounds / f"{voice.key(text)}.{os.getpid()}.raw"
        try:
            await self._program(["flite", "-voice", voice.name, "-t", text, "-o", self._inside(raw)], b"")
            return await asyncio.to_thread(raw.read_bytes)
        except OSError as error:
            raise SynthesizerFailed(voice.engine, error.strerror or str(error)) from error
        finally:
            raw.unlink(missing_ok=True)

    async def _program(self, argv: Sequence[str], given: bytes) -> bytes:
        """Run a program to its end and return what it wrote; raises _Missing or SynthesizerFailed."""
        if not self._prefix and shutil.which(argv[0]) is None:
            raise _Missing
        pipe = asyncio.subprocess.PIPE
        # One that reads nothing may be over before we get to write, which uvloop takes badly.
        stdin = pipe if given else asyncio.subprocess.DEVNULL
        try:
            running = await asyncio.create_subprocess_exec(
                *_PATIENT, *self._prefix, *argv, stdin=stdin, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise _Missing from error
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                out, complaint = await running.communicate(given or None)
        except RuntimeError as error:
            raise SynthesizerFailed(argv[0], "it was over before it had read the text") from error
        except TimeoutError as error:
            raise SynthesizerFailed(argv[0], f"it took longer than {LONGEST_WAIT_S:.0f} s") from error
        finally:
            if running.returncode is None:
                with suppress(ProcessLookupError):
                    running.kill()
                await running.wait()
        if running.returncode in _NO_PROGRAM:
            raise _Missing
        if running.returncode:
            why = complaint.decode(errors="replace").strip()[-200:]
            raise SynthesizerFailed(argv[0], why or f"it ended with {running.returncode}")
        return out

    def _convert(self, recording: Path, name: str) -> None:
        """Store a recording as the telephone has it."""
        try:
            data = recording.read_bytes()
        except OSError as error:
            raise SynthesizerFailed("recording", f"{recording.name}: {error.strerror}") from error
        self._store(data, name, "recording")

    def _store(self, raw: bytes, name: str, engine: str) -> None:
        """Write a sound under its name, whole or not at all."""
        try:
            sound = telephone_sound(raw)
        except ValueError as error:
            raise SynthesizerFailed(engine, str(error)) from error
        new = self._sounds / f"{name}.{os.getpid()}.new"
        new.write_bytes(sound)
        new.replace(self._sounds / name)
