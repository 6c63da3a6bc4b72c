"""A caller's line in a test: say beforehand which keys the caller presses, and look at what was said to them."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.fakes.fake_switch import FakeSwitch
from trunkline.core.call import Call
from trunkline.flows.talk import Prompt
from trunkline.ports.voice_line import LineGone, Recorded


@dataclass
class FakeVoice:
    """Synthesizer: the sound of a prompt is a path that ends with its words."""

    async def make(self, prompts: Sequence[Prompt]) -> None:
        pass

    def sound_for(self, prompt: Prompt) -> Path | None:
        return Path("/said") / prompt.text.replace("/", "-")


@dataclass
class FakeLine:
    """VoiceLine: `keys` holds what the caller will press, None for a silence; empty: they listen for ever."""

    switch: FakeSwitch
    call: Call
    keys: deque[str | None] = field(default_factory=deque)
    said: list[str] = field(default_factory=list)
    recording: bytes = b""
    rested: list[timedelta] = field(default_factory=list)
    _left: asyncio.Future[None] | None = None

    async def play(self, sounds: Sequence[Path], *, stop_on: str = "") -> str | None:
        self._on_the_line()
        self.said += [sound.name for sound in sounds]
        if stop_on and self.keys and self.keys[0] is not None:
            return self.keys.popleft()
        return None

    async def wait_for_key(self, within: timedelta) -> str | None:
        self._on_the_line()
        if not self.keys:
            self._left = asyncio.get_running_loop().create_future()
            await self._left
        return self.keys.popleft()

    def leave(self, why: str) -> None:
        """Take the caller off this line, as the switch does when its guard runs out."""
        assert self._left is not None, "nobody is listening on this line"
        self._left.set_exception(LineGone(why))

    async def rest(self, time: timedelta) -> None:
        self._on_the_line()
        self.rested.append(time)

    async def record(
        self,
        file: Path,
        *,
        at_most: timedelta,
        silence: timedelta,
        beep: bool,
        stop_on: str,
        after: timedelta = timedelta(),
    ) -> Recorded:
        self._on_the_line()
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = file.read_bytes()[: 44 + round(after.total_seconds() * 16000)] if after else b""
        file.write_bytes(kept + self.recording[44 if kept else 0 :])
        if self.keys and self.keys[0] is None:
            self.switch.caller_hangs_up(self.call)
            raise LineGone("the caller hung up")
        return Recorded(file, after + timedelta(seconds=len(self.recording) / 16000), "silence")

    async def keep(self, time: timedelta) -> None:
        self._on_the_line()

    async def hang_up(self) -> None:
        self._on_the_line()
        self.switch.caller_hangs_up(self.call)

    def _on_the_line(self) -> None:
        if self.call.id not in self.switch.callers:
            raise LineGone("the caller hung up")
