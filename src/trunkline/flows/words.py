"""Words for a caller, a visitor or a texter: one text for all, one per medium, one per language, or a recording."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from trunkline.flows.evaluate import Known
from trunkline.flows.readout import base_of
from trunkline.flows.talk import Prompt
from trunkline.flows.template import Template

MEDIA = ("voice", "chat", "sms", "email")
_RECORDING = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


def _recording_name(name: str) -> str:
    """Accept the name of a file in the prompts folder, without folder and ending."""
    if not _RECORDING.fullmatch(name):
        raise ValueError(
            f'"{name}" cannot be a recording: give the name of a file in prompts/ without folder and without .wav'
        )
    return name


Text = Template
_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)


class OneLanguage(BaseModel):
    """What to say in one language. `text` serves every medium that has no text of its own."""

    model_config = _CLOSED

    text: Text | None = None
    voice: Text | None = None
    chat: Text | None = None
    sms: Text | None = None
    email: Text | None = None
    recording: Annotated[str, AfterValidator(_recording_name)] | None = None

    def on(self, medium: str) -> Template | None:
        """Return the text for a medium, None when there is none."""
        own: Template | None = getattr(self, medium, None) if medium in MEDIA else None
        return own or self.text

    def texts(self) -> Iterator[Template]:
        """Yield every text there is."""
        return (text for text in (self.text, self.voice, self.chat, self.sms, self.email) if text)


def _from_text(value: object) -> object:
    """Read the short form: one text for every medium."""
    return {"text": value} if isinstance(value, str) else value


def _by_language(value: object) -> object:
    """Put languages apart from media: `{en: Hello, es: Hola}`."""
    if not isinstance(value, dict):
        return _from_text(value)
    spoken = {key: text for key, text in value.items() if isinstance(key, str) and _LANGUAGE.fullmatch(key)}
    rest = {key: text for key, text in value.items() if key not in spoken}
    return {**rest, "languages": spoken} if spoken else value


class AnyWords(OneLanguage):
    """What to say, in the flow's language or in several."""

    languages: dict[str, Annotated[OneLanguage, BeforeValidator(_from_text)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> "AnyWords":
        """Refuse words without any."""
        for words in (self, *self.languages.values()):
            if not (words.recording or any(words.texts()) or (words is self and self.languages)):
                raise ValueError("nothing to say: give text, recording, or a text for each medium")
        return self

    def in_language(self, language: str) -> OneLanguage:
        """Return the words in a language: its own, its base's, those without a language, or the first there are."""
        if not self.languages:
            return self
        return self._own(language) or (next(iter(self.languages.values()), self) if not self._has_own else self)

    @property
    def _has_own(self) -> bool:
        """Whether there are words without a language."""
        return self.recording is not None or any(self.texts())

    def _own(self, language: str) -> OneLanguage | None:
        """Return the words that were written for a language."""
        exact = self.languages.get(language) or self.languages.get(base_of(language))
        if exact is not None:
            return exact
        return next((w for name, w in self.languages.items() if base_of(name) == base_of(language)), None)

    def misses(self, language: str, main: str) -> bool:
        """Say whether a language has no words of its own; words without a language are in the flow's main one."""
        if self._own(language) is not None:
            return False
        return not (self._has_own and base_of(language) == base_of(main))

    def lacks(self, medium: str, language: str) -> bool:
        """Say whether a medium has nothing to say here."""
        words = self.in_language(language)
        return words.on(medium) is None and not (medium == "voice" and words.recording)

    def is_whole_in(self, language: str) -> bool:
        """Whether the words for voice were written for voice alone, so that nothing is to be added to them."""
        words = self.in_language(language)
        return words.voice is not None or words.recording is not None

    def all_texts(self) -> Iterator[Template]:
        """Yield every text in every language."""
        yield from self.texts()
        for words in self.languages.values():
            yield from words.texts()

    def recordings(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield every recording with its place."""
        if self.recording:
            yield ("recording",), self.recording
        for name, words in self.languages.items():
            if words.recording:
                yield (name, "recording"), words.recording

    def filled(self, known: Known, faults: list[str]) -> str:
        """Return the text for one interaction, empty where there is none."""
        text = self.in_language(known.language).on(known.facts.medium)
        return (text.plain or text.filled(known, faults)) if text else ""

    def prompts(self, known: Known, faults: list[str]) -> tuple[Prompt, ...]:
        """Return what to say to one interaction."""
        medium, language = known.facts.medium, known.language
        words = self.in_language(language)
        text, recording = words.on(medium), words.recording if medium == "voice" else None
        if text is None or text.plain is not None:
            return (Prompt((text.plain or "") if text else "", language, recording),)
        return (Prompt(text.filled(known, faults), language, recording, fixed=recording is not None),)

    def fixed_prompts(self, language: str) -> tuple[Prompt, ...]:
        """Return what can be made for voice before anybody calls."""
        words = self.in_language(language)
        text = words.on("voice")
        if words.recording or (text and text.plain is not None):
            return (Prompt((text.plain if text else "") or "", language, words.recording),)
        return ()


Words = Annotated[AnyWords, BeforeValidator(_by_language)]
