"""`menu`: let the caller choose, by key on voice, by label on text media."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trunkline.flows.fields import Name, TelephoneKey
from trunkline.flows.readout import can_read_menus, choice_read_out
from trunkline.flows.steps.asking import AskingStep
from trunkline.flows.steps.step import Flaw, Go, Loc, Scene, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Choice, Key, Menu, Prompt, Silence, Typed
from trunkline.flows.words import Text, Words


class MenuChoice(BaseModel):
    """One choice. `phrases` are other words for it, for those who type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: TelephoneKey | None = None
    label: Text
    phrases: tuple[Text, ...] = Field(default=(), strict=False)
    go: Name

    def is_meant_by(self, text: str) -> bool:
        """Say whether typed text names this choice."""
        typed = " ".join(text.split()).casefold()
        return typed in {(self.key or "").casefold(), self.label.casefold(), *(p.casefold() for p in self.phrases)} - {
            ""
        }


class MenuStep(AskingStep):
    """Let the caller choose. On voice the choices are read out, unless the words for voice were written for it."""

    kind: ClassVar[str] = "menu"

    menu: Words
    choices: Annotated[tuple[MenuChoice, ...], Field(min_length=1, strict=False)]

    def question(self, scene: Scene, first: tuple[Prompt, ...] = ()) -> Menu:
        """Return the menu with its choices."""
        medium, language = scene.facts.medium, scene.language
        prompts = (*first, *self.menu.prompts(medium, language))
        if medium == "voice" and not self.menu.voice_is_whole:
            prompts = (*prompts, *self.read_out(language))
        keys = "".join(choice.key or "" for choice in self.choices)
        choices = tuple(Choice(choice.key, choice.label) for choice in self.choices)
        return Menu(prompts, keys, self.no_answer.after, choices)

    def read_out(self, language: str) -> tuple[Prompt, ...]:
        """Return the sentences that tell a caller the keys."""
        return tuple(Prompt(choice_read_out(c.label, c.key, language), language) for c in self.choices if c.key)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go where the choice leads."""
        match answer:
            case Key(key):
                chosen = next((choice for choice in self.choices if choice.key == key), None)
            case Typed(text):
                chosen = next((choice for choice in self.choices if choice.is_meant_by(text)), None)
            case Silence():
                return self.silent(scene)
            case _:
                raise UnfitAnswer("a step of kind menu", answer)
        return Go(chosen.go, chosen.label) if chosen else self.mismatched(scene)

    def ways(self) -> Sequence[Way]:
        """List each choice, and the ways out."""
        chosen = (
            Way(choice.go, ("choices", at, "go"), f"{_called(choice)} goes to", by_itself=False)
            for at, choice in enumerate(self.choices)
        )
        return (*chosen, *self.vain_ways())

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what the menu says."""
        return ((("menu",), self.menu), *self.vain_words())

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Find keys used twice or missing, and menus nobody can read out."""
        flaws = []
        seen: dict[str, MenuChoice] = {}
        for at, choice in enumerate(self.choices):
            if choice.key is None and "voice" in media:
                flaws.append(Flaw(("choices", at), "no-key", f'"{choice.label}" has no key', 'give it one: key: "1"'))
            if choice.key is not None and choice.key in seen:
                other = seen[choice.key].label
                message = f'key {choice.key} is used twice, for "{other}" and for "{choice.label}"'
                flaws.append(Flaw(("choices", at, "key"), "key-twice", message))
            seen.setdefault(choice.key or "", choice)
        if "voice" in media and not self.menu.voice_is_whole and not can_read_menus(language):
            hint = 'write the whole of it under voice: menu: {text: "…", voice: "…"}'
            flaws.append(Flaw(("menu",), "read-out", f"choices cannot be read out in {language} yet", hint))
        return flaws


def _called(choice: MenuChoice) -> str:
    """Return how a problem names a choice."""
    return f"key {choice.key}" if choice.key else f'choice "{choice.label}"'
