"""What the centre asks of a voice: prompts as sound files, made before anybody needs them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from trunkline.flows.talk import Prompt


class Synthesizer(Protocol):
    """Turns prompts into sound: WAV, 8 kHz, 16 bit, mono, in the folder of sounds that the switch sees."""

    async def make(self, prompts: Sequence[Prompt]) -> None:
        """Make those that are not there yet; call it when a flow was loaded.

        Raises Unavailable when no synthesizer is installed for a language (its `retry` is False), or it failed.
        """

    def sound_for(self, prompt: Prompt) -> Path | None:
        """Return a prompt's sound, None while it has not been made. Answers at once: a look at the disk, no more."""
