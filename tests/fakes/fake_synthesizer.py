"""A voice for tests: silence by name, at once."""

from collections.abc import Sequence
from pathlib import Path

from trunkline.core.errors import Unavailable
from trunkline.flows.talk import Prompt


class FakeSynthesizer:
    """The port Synthesizer without sound. Put a language into `cannot_speak` and it fails as a real one does."""

    def __init__(self, sounds: Path = Path("/sounds")) -> None:
        self.cannot_speak: set[str] = set()
        self.made: dict[Prompt, Path] = {}
        self._sounds = sounds

    async def make(self, prompts: Sequence[Prompt]) -> None:
        """Note what was asked for, and refuse what cannot be spoken after the rest was made."""
        refused = [prompt for prompt in prompts if prompt.language in self.cannot_speak]
        for prompt in prompts:
            if prompt not in refused:
                self.made.setdefault(prompt, self._sounds / f"prompt-{len(self.made)}.wav")
        if refused:
            raise Unavailable(f"nothing here can speak {refused[0].language}", retry=False)

    def sound_for(self, prompt: Prompt) -> Path | None:
        """Return where the sound would be."""
        return self.made.get(prompt)
