"""What a caller hears, in words: silence, a tone, speech, music, or only "sound" where it is not sure.

A plain judgement by level and pauses, made for reading along with a test call and good for nothing else: speech is
quiet between words, music is not. Measured on Asterisk's prompts, flite, espeak-ng and the five opsound pieces:
prompts come out as speech (sound when short), four pieces as music; the fifth, all hard beats, in part as speech.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from trunkline.simulate import sound
from trunkline.simulate.rtp import FRAME, RATE

_FRAMES_A_SECOND = RATE // FRAME
_PAUSE = 15
"""Frames of silence (0.3 s) that end a piece; shorter ones are inside it."""
_LONGEST = 5 * _FRAMES_A_SECOND
"""Frames after which a piece is judged though it goes on."""
_SURE = 50
"""Frames (1 s) it takes to tell speech from music."""
_APART = 1.2
"""Seconds of silence between two things heard; less is a pause in one."""


class Kind(StrEnum):
    """What it was."""

    SILENCE = "silence"
    TONE = "tone"
    SPEECH = "speech"
    MUSIC = "music"
    SOUND = "sound"
    """Too short or too mixed to be sure."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing heard, from and to a moment in seconds of the audio."""

    kind: Kind
    start: float
    end: float
    frequency: int | None = None
    """Of a tone, in hertz."""

    def __str__(self) -> str:
        what = f"tone of {self.frequency} Hz" if self.kind is Kind.TONE else self.kind
        return f"{what} {self.end - self.start:.1f} s"


class Ear:
    """Feed it the audio as it comes; it tells each thing heard once that is over."""

    def __init__(self) -> None:
        self._rest: list[int] = []
        self._piece: list[list[int]] = []
        self._place = 0
        self._quiet = 0
        self._open: Heard | None = None

    def hear(self, samples: Sequence[int]) -> list[Heard]:
        """Take the next samples in and return what has ended with them."""
        self._rest.extend(samples)
        usable = len(self._rest) // FRAME * FRAME
        frames = [self._rest[start : start + FRAME] for start in range(0, usable, FRAME)]
        del self._rest[:usable]
        return [heard for frame in frames for heard in self._take(frame)]

    def finish(self) -> list[Heard]:
        """Return what is left when nothing more comes."""
        left = [*self._close_piece(), *self._grow(Kind.SILENCE, self._quiet)]
        return left if self._open is None else [*left, self._open]

    def _take(self, frame: list[int]) -> Iterator[Heard]:
        loud = sound.rms(frame) >= sound.QUIET
        self._place += 1
        if loud and not self._piece:
            yield from self._grow(Kind.SILENCE, self._quiet, until=self._place - 1)
            self._quiet = 0
        if loud or self._piece:
            self._piece.append(frame)
        self._quiet = 0 if loud else self._quiet + 1
        if self._quiet >= _APART * _FRAMES_A_SECOND and self._open is not None and self._open.kind is not Kind.SILENCE:
            yield self._open
            self._open = None
        if self._piece and (self._quiet >= _PAUSE or len(self._piece) >= _LONGEST):
            yield from self._close_piece()
            if self._quiet < _PAUSE:
                self._quiet = 0

    def _close_piece(self) -> Iterator[Heard]:
        if not self._piece:
            return
        frames = self._piece[: len(self._piece) - self._quiet]
        end, self._piece = self._place - self._quiet, []
        kind, frequency = judge(frames)
        yield from self._grow(kind, len(frames), until=end, frequency=frequency)

    def _grow(
        self, kind: Kind, frames: int, *, until: int | None = None, frequency: int | None = None
    ) -> Iterator[Heard]:
        """Lengthen what is open, or begin something new and give out what was open."""
        end = self._place if until is None else until
        new = Heard(kind, (end - frames) / _FRAMES_A_SECOND, end / _FRAMES_A_SECOND, frequency)
        before = self._open
        if kind is Kind.SILENCE and frames < (_PAUSE if before is None else _APART * _FRAMES_A_SECOND):
            return
        if before is not None and _belong_together(before, new):
            kind = new.kind if before.kind is Kind.SOUND else before.kind
            self._open = replace(before, kind=kind, end=new.end)
            return
        if before is not None:
            yield before
        self._open = new


def _belong_together(before: Heard, new: Heard) -> bool:
    if Kind.SILENCE in {before.kind, new.kind} or new.start - before.end >= _APART:
        return before.kind is new.kind is Kind.SILENCE
    if Kind.TONE in {before.kind, new.kind}:
        return before.kind is new.kind and abs((before.frequency or 0) - (new.frequency or 0)) <= 10
    return before.kind is new.kind or Kind.SOUND in {before.kind, new.kind}


def judge(frames: Sequence[Sequence[int]]) -> tuple[Kind, int | None]:
    """Return what a piece of sound is, given in frames of 20 ms, and a tone's frequency."""
    frequency = _tone_of(frames)
    if frequency is not None:
        return Kind.TONE, frequency
    if len(frames) < _SURE:
        return Kind.SOUND, None
    levels = [sound.rms(frame) for frame in frames]
    low = _low_share(levels)
    hushed = sum(level < 0.15 * _mean(levels) for level in levels) / len(levels)
    if low >= 0.25 and hushed >= 0.08:
        return Kind.SPEECH, None
    if low < 0.2 and hushed < 0.02:
        return Kind.MUSIC, None
    return Kind.SOUND, None


def _mean(levels: Sequence[float]) -> float:
    return math.fsum(levels) / len(levels)


def _low_share(levels: Sequence[float]) -> float:
    """Return the mean share of frames under half of their second's mean level: high in speech, low in music."""
    seconds = [levels[start : start + _SURE] for start in range(0, len(levels) - _SURE + 1, _SURE)]
    shares = [sum(level < 0.5 * _mean(second) for level in second) / _SURE for second in seconds]
    return _mean(shares)


def _tone_of(frames: Sequence[Sequence[int]]) -> int | None:
    """Return the one frequency that nearly all the power is at, at the beginning, in the middle and at the end."""
    places = {0, (len(frames) - 10) // 2, len(frames) - 10} if len(frames) >= 10 else {0}
    found = {_frequency_of([sample for frame in frames[place : place + 10] for sample in frame]) for place in places}
    known = {frequency for frequency in found if frequency is not None}
    if None in found or max(known) - min(known) > 10:
        return None
    return round(_mean(list(known)))


def _frequency_of(samples: Sequence[int]) -> float | None:
    crossings = [
        place - samples[place] / (samples[place] - samples[place - 1])
        for place in range(1, len(samples))
        if samples[place - 1] < 0 <= samples[place]
    ]
    if len(crossings) < 3:
        return None
    frequency = RATE * (len(crossings) - 1) / (crossings[-1] - crossings[0])
    return frequency if sound.share_of(frequency, samples) >= 0.85 else None
