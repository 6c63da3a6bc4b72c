"""Words for a caller, a visitor or a texter: one text for all, one per medium, or a recording."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from trunkline.flows.talk import Prompt

MOST_CHARACTERS = 2000
MEDIA = ("voice", "chat", "sms")
_RECORDING = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def sayable(text: str) -> str:
    """Accept text that can be spoken or sent as it stands."""
    if not text.strip():
        raise ValueError("the text is empty: write what is to be said")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            f"the text is longer than {MOST_CHARACTERS} characters: nobody listens that long; make several steps"
        )
    if "{" in text or "}" in text:
        raise ValueError("the text holds {…}: values inside texts are not built yet")
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise ValueError("the text holds a control character: remove it")
    return " ".join(text.split())


def _recording_name(name: str) -> str:
    """Accept the name of a file in the prompts folder, without folder and ending."""
    if not _RECORDING.fullmatch(name):
        raise ValueError(
            f'"{name}" cannot be a recording: give the name of a file in prompts/ without folder and without .wav'
        )
    return name


Text = Annotated[str, AfterValidator(sayable)]


class _Words(BaseModel):
    """What to say. `text` serves every medium that has no text of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: Text | None = None
    voice: Text | None = None
    chat: Text | None = None
    sms: Text | None = None
    recording: Annotated[str, AfterValidator(_recording_name)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "_Words":
        """Refuse words without any."""
        if not (self.recording or any((self.text, self.voice, self.chat, self.sms))):
            raise ValueError("nothing to say: give text, recording, or a text for each medium")
        return self

    def on(self, medium: str) -> str | None:
        """Return the text for a medium, None when there is none."""
        own: str | None = getattr(self, medium, None) if medium in MEDIA else None
        return own or self.text

    def lacks(self, medium: str) -> bool:
        """Say whether a medium has nothing to say here."""
        return self.on(medium) is None and not (medium == "voice" and self.recording)

    @property
    def voice_is_whole(self) -> bool:
        """Whether the words for voice were written for voice alone, so that nothing is to be added to them."""
        return self.voice is not None or self.recording is not None

    def prompts(self, medium: str, language: str) -> tuple[Prompt, ...]:
        """Return what to say on a medium."""
        recording = self.recording if medium == "voice" else None
        return (Prompt(self.on(medium) or "", language, recording),)


def _from_text(value: object) -> object:
    """Read the short form: one text for every medium."""
    return {"text": value} if isinstance(value, str) else value


Words = Annotated[_Words, BeforeValidator(_from_text)]
