"""What a flow says to a caller on the line, and how the caller answers by keys."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from trunkline.core.errors import Unavailable
from trunkline.flows.talk import Answer, Ask, Done, Key, Menu, Pause, Prompt, Rate, Say, Silence, Typed, Woke
from trunkline.ports.clock import Clock
from trunkline.ports.synthesizer import Synthesizer
from trunkline.ports.voice_line import VoiceLine

log = logging.getLogger(__name__)

ANY_KEY = "0123456789*#"

Spoken = Say | Menu | Ask | Rate | Pause


class Speaking:
    """Carries out on a line what needs nothing but words and keys."""

    def __init__(self, sounds: Synthesizer, clock: Clock) -> None:
        self._sounds = sounds
        self._clock = clock

    async def do(self, line: VoiceLine, action: Spoken) -> Answer:
        """Say it, and return what the caller answered; raises LineGone."""
        match action:
            case Say(prompts):
                await self.say(line, prompts)
                return Done()
            case Menu() | Rate():
                key = await self._heard(line, action.prompts, action.after)
                return Key(key) if key is not None else Silence()
            case Ask():
                return await self._ask(line, action)
            case Pause(until):
                if (left := until - self._clock.now()) > timedelta():
                    await line.rest(left)
                return Woke()

    async def say(self, line: VoiceLine, prompts: Sequence[Prompt]) -> None:
        """Say this to the end; raises LineGone."""
        await line.play(await self.sounds_for(prompts))

    async def sounds_for(self, prompts: Sequence[Prompt]) -> list[Path]:
        """Return the sounds that there are: a prompt without one is left out, for a call is worth more than a word."""
        if any(self._sounds.sound_for(prompt) is None for prompt in prompts):
            try:
                await self._sounds.make(prompts)
            except Unavailable as fault:
                log.error("a prompt has no sound", extra={"why": str(fault)})
        found = (self._sounds.sound_for(prompt) for prompt in prompts)
        return [sound for sound in found if sound is not None]

    async def _heard(self, line: VoiceLine, prompts: Sequence[Prompt], after: timedelta) -> str | None:
        key = await line.play(await self.sounds_for(prompts), stop_on=ANY_KEY)
        return key or await line.wait_for_key(after)

    async def _ask(self, line: VoiceLine, ask: Ask) -> Answer:
        typed = ""
        key = await self._heard(line, ask.prompts, ask.after)
        while key is not None and key not in ask.finish_on:
            typed += key
            if len(typed) >= ask.max_length:
                break
            key = await line.wait_for_key(ask.after)
        return Typed(typed) if typed or key is not None else Silence()
