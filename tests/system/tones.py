"""Recordings that are tones, each of a pitch of its own: a test hears which of a flow's words are said, and when."""

import asyncio
from array import array
from collections.abc import Sequence
from pathlib import Path

from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.g711 import Samples
from trunkline.simulate.rtp import RATE
from trunkline.simulate.sound import QUIET, rms, share_of, sine, write_wav

NAMES = (
    "welcome", "choose", "order_no", "english", "spanish", "score", "nobody", "beep", "thanks", "lost",
    "which", "speech", "speech_rest", "menu", "entry", "inner", "inner_new", "hello_en", "hello_es", "leave",
    "before", "farewell", "farewell_rest", "after", "after_new", "told", "message",
)  # fmt: skip
"""What a flow's recordings are called, and the beep that Asterisk has before it records."""
PITCHES = {name: 350 + 50 * place for place, name in enumerate(NAMES)}
_CALLED = {hertz: name for name, hertz in PITCHES.items()}
SOUND = "sound"
"""What is no recording of ours: speech, music, a beep."""
_BLOCK_S = 0.1
_BLOCK = int(RATE * _BLOCK_S)
_SURE = 3
"""Blocks in a row that make a tone."""
_LATE = int(RATE * 0.4)
"""Samples that may still be on their way: no judgement on the very latest."""
_LOOK_S = 0.05


def record(folder: Path, name: str, *pieces: tuple[str, float], hush: float = 0.3) -> None:
    """Write a recording: the tone of each piece for so many seconds, and `hush` seconds of silence around each."""
    samples = silent(hush)
    for tone, seconds in pieces:
        samples += sine(PITCHES[tone], seconds) + silent(hush)
    folder.mkdir(exist_ok=True)
    write_wav(folder / f"{name}.wav", samples)


def silent(seconds: float) -> Samples:
    """Return so much silence."""
    return array("h", bytes(2 * round(seconds * RATE)))


def named(block: Sequence[int]) -> str | None:
    """Return whose tone a tenth of a second is, SOUND for any other, None for silence."""
    if rms(block) < QUIET:
        return None
    rising = [place for place in range(1, len(block)) if block[place - 1] < 0 <= block[place]]
    if len(rising) < 3:
        return SOUND
    hertz = 50 * round(RATE * (len(rising) - 1) / (rising[-1] - rising[0]) / 50)
    return _CALLED.get(hertz, SOUND) if share_of(hertz, block) > 0.6 else SOUND


class Listening:
    """Follows what a caller hears from the first word on, tone by tone: none is missed, none may come in between."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._until = 0.0
        self._last: str | None = None
        self._row: list[str | None] = []
        self.music_may_come = False
        """Whether the next recording may have music before it: the switch's, while there is no service."""
        self.heard: list[str] = []
        """Every recording that was heard so far, in its order; what is said between two of them is one SOUND."""

    async def hears(self, *names: str, within: float = 20) -> None:
        """Wait for these recordings, which must come next, one after the other."""
        for name in names:
            before = len(self.heard)
            try:
                async with asyncio.timeout(within):
                    while not self.heard[before:] or (self.music_may_come and self.heard[before:] == [SOUND] != [name]):
                        await self._listen()
            except (TimeoutError, CallRefused) as fault:
                raise AssertionError(f"{name} was not heard after {self.heard}: {fault!r}") from None
            assert self.heard[-1] == name, f"{self.heard[-1]} came after {self.heard[:-1]}, not {name}"
            self.music_may_come = False

    async def _listen(self) -> None:
        if self._take():
            return
        if (ended := self._caller.ended) is not None:
            raise CallRefused(ended)
        await asyncio.sleep(_LOOK_S)  # the far end does not tell when it speaks

    def _take(self) -> bool:
        """Take in the next tenth of a second, if it was heard already."""
        new = self._caller.audio(self._until)
        if len(new) < _BLOCK + (_LATE if self._caller.is_up else 0):
            return False
        self._until += _BLOCK_S
        name = named(new[:_BLOCK])
        self._row = [*self._row, name] if self._row[-1:] == [name] else [name]
        if len(self._row) == _SURE:
            goes_on = name == self._last or (name == SOUND and self.heard[-1:] == [SOUND])
            if name is not None and not goes_on:
                self.heard.append(name)
            self._last = name
        return True
