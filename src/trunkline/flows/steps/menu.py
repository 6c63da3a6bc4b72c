"""`menu`: let the caller choose, by key on voice, by label on text media."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trunkline.flows.fields import Name, TelephoneKey
from trunkline.flows.readout import can_read_menus, choice_read_out
from trunkline.flows.steps.asking import AskingStep
from trunkline.flows.steps.step import Flaw, Go, Loc, Scene, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Choice, Key, Menu, Prompt, Silence, Typed
from trunkline.flows.words import Words


class MenuChoice(BaseModel):
    """One choice. `phrases` are other words for it, for those who type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: TelephoneKey | None = None
    label: Words
    phrases: tuple[str, ...] = Field(default=(), strict=False)
    go: Name

    def called(self) -> str:
        """Return its label as an agent and a problem read it."""
        return str(next(self.label.all_texts(), "?"))

    def is_meant_by(self, text: str, label: str) -> bool:
        """Say whether typed text names this choice, whose label is shown as `label`."""
        typed = " ".join(text.split()).casefold()
        meant = (self.key or "", label, *(str(each) for each in self.label.all_texts()), *self.phrases)
        return bool(typed) and typed in {" ".join(each.split()).casefold() for each in meant}


class MenuStep(AskingStep):
    """Let the caller choose. On voice the choices are read out, unless the words for voice were written for it."""

    kind: ClassVar[str] = "menu"

    menu: Words
    choices: Annotated[tuple[MenuChoice, ...], Field(min_length=1, strict=False)]

    def question(self, scene: Scene, first: tuple[Prompt, ...] = ()) -> Menu:
        """Return the menu with its choices."""
        medium, language = scene.facts.medium, scene.language
        prompts = (*first, *scene.prompts(self.menu))
        choices = tuple(Choice(choice.key, self._label(choice, scene)) for choice in self.choices)
        if medium == "voice" and not self.menu.is_whole_in(language):
            fixed = [next(choice.label.in_language(language).texts(), None) for choice in self.choices]
            prompts = (
                *prompts,
                *(
                    Prompt(choice_read_out(c.label, c.key, language), language, fixed=not t or t.plain is not None)
                    for c, t in zip(choices, fixed, strict=True)
                    if c.key
                ),
            )
        keys = "".join(choice.key or "" for choice in self.choices)
        return Menu(prompts, keys, self.no_answer.after_on(medium), choices)

    def _label(self, choice: MenuChoice, scene: Scene) -> str:
        """Return a choice's label for one interaction."""
        return choice.label.filled(scene.known, scene.faults)

    def fixed_prompts(self, language: str) -> tuple[Prompt, ...]:
        """Return the sentences that tell a caller the keys, where they are the same for everybody."""
        if self.menu.is_whole_in(language):
            return ()
        labels = [(choice.key, choice.label.fixed_prompts(language)) for choice in self.choices]
        return tuple(
            Prompt(choice_read_out(label[0].text, key, language), language) for key, label in labels if key and label
        )

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go where the choice leads."""
        match answer:
            case Key(key):
                chosen = next((choice for choice in self.choices if choice.key == key), None)
            case Typed(text):
                chosen = next((each for each in self.choices if each.is_meant_by(text, self._label(each, scene))), None)
            case Silence():
                return self.silent(scene)
            case _:
                raise UnfitAnswer("a step of kind menu", answer)
        return Go(chosen.go, chosen.called()) if chosen else self.mismatched(scene)

    def ways(self) -> Sequence[Way]:
        """List each choice, and the ways out."""
        chosen = (
            Way(choice.go, ("choices", at, "go"), f"{_called(choice)} goes to", by_itself=False)
            for at, choice in enumerate(self.choices)
        )
        return (*chosen, *self.vain_ways())

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what the menu says."""
        labels = ((("choices", at, "label"), choice.label) for at, choice in enumerate(self.choices))
        return ((("menu",), self.menu), *labels, *self.vain_words())

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Find keys used twice or missing, and menus nobody can read out."""
        flaws = []
        seen: dict[str, MenuChoice] = {}
        for at, choice in enumerate(self.choices):
            if choice.key is None and "voice" in media:
                flaws.append(
                    Flaw(("choices", at), "no-key", f'"{choice.called()}" has no key', 'give it one: key: "1"')
                )
            if choice.key is not None and choice.key in seen:
                other = seen[choice.key].called()
                message = f'key {choice.key} is used twice, for "{other}" and for "{choice.called()}"'
                flaws.append(Flaw(("choices", at, "key"), "key-twice", message))
            seen.setdefault(choice.key or "", choice)
        if "voice" in media and not self.menu.is_whole_in(language) and not can_read_menus(language):
            hint = 'write the whole of it under voice: menu: {text: "…", voice: "…"}'
            flaws.append(Flaw(("menu",), "read-out", f"choices cannot be read out in {language} yet", hint))
        return flaws


def _called(choice: MenuChoice) -> str:
    """Return how a problem names a choice."""
    return f"key {choice.key}" if choice.key else f'choice "{choice.called()}"'
