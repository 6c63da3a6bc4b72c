"""`ask`: let the caller enter something."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from trunkline.flows.entries import MOST_TEXT, Form, Manner, entered
from trunkline.flows.evaluate import today_of
from trunkline.flows.fields import Name
from trunkline.flows.readout import yes_or_no
from trunkline.flows.steps.asking import AskingStep
from trunkline.flows.steps.step import Flaw, Go, Loc, Scene, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Action, Answer, Ask, Choice, Key, Menu, Prompt, Silence, Typed
from trunkline.flows.words import Words

MOST_DIGITS = 32
MOST_BETWEEN_KEYS = timedelta(seconds=10)
FINISH = "#"
Length = Annotated[int, Field(ge=1, le=MOST_DIGITS)]


class AskStep(AskingStep):
    """Let the caller enter something; on voice `#` ends it, and so does the longest length."""

    kind: ClassVar[str] = "ask"

    ask: Words
    save: Name
    as_: Form = Field(alias="as")
    length: Length | None = None
    min: Length = 1
    max: Length = MOST_DIGITS
    next: Name

    @property
    def shortest(self) -> int:
        """The fewest digits that are right."""
        return self.length or self.min

    @property
    def longest(self) -> int:
        """The most digits that are right."""
        return self.length or self.max

    def question(self, scene: Scene, first: tuple[Prompt, ...] = ()) -> Action:
        """Return the question; between two keys a caller has as long as before the first, at most ten seconds.

        Yes or no is a choice of two: 1 and 2 on voice, to be said in the question itself.
        """
        prompts = (*first, *scene.prompts(self.ask))
        after = self.no_answer.after_on(scene.facts.medium)
        if self.as_ == "yes-no":
            choices = tuple(Choice(key, yes_or_no(scene.language, value=key == "1").capitalize()) for key in ("1", "2"))
            return Menu(prompts, "12", after, choices)
        if scene.facts.medium == "voice":
            after = min(after, MOST_BETWEEN_KEYS)
        return Ask(prompts, FINISH, self._longest_on(scene), after, self.as_, secret=self.as_ == "card")

    def _longest_on(self, scene: Scene) -> int:
        """Return how many keys or characters end the entry by themselves."""
        if self.as_ == "digits":
            return self.longest
        if scene.facts.medium != "voice":
            return MOST_TEXT
        return {"date": 8, "card": 19}.get(self.as_, MOST_DIGITS)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Keep what fits; a card's number is never kept, only its last four digits."""
        match answer:
            case Typed(text) | Key(text):
                if not text.strip() and (self.as_ == "digits" or scene.facts.medium == "voice"):
                    return self.silent(scene)
            case Silence():
                return self.silent(scene)
            case _:
                raise UnfitAnswer("a step of kind ask", answer)
        facts = scene.facts
        manner = Manner(facts.medium == "voice", scene.language, facts.centre.region, today_of(scene.known))
        found = entered(self.as_, text, manner)
        if found is None or (self.as_ == "digits" and not self.shortest <= len(found.shown) <= self.longest):
            return self.mismatched(scene)
        return Go(self.next, found.shown, {self.save: found.value})

    def ways(self) -> Sequence[Way]:
        """List the way on, and the ways out."""
        return (Way(self.next, ("next",), "next goes to", by_itself=False), *self.vain_ways())

    def saves(self) -> Sequence[str]:
        """List the name."""
        return (self.save,)

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is asked."""
        return ((("ask",), self.ask), *self.vain_words())

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Find lengths that contradict each other."""
        del language
        given = self.model_fields_set
        if self.as_ in {"text", "email"} and "voice" in media:
            hint = "ask for digits, or lead callers past it with a switch on medium"
            return (Flaw(("as",), "medium", f"{self.as_} cannot be entered on a telephone", hint),)
        if self.as_ != "digits" and {"length", "min", "max"} & given:
            key = min({"length", "min", "max"} & given)
            return (Flaw((key,), "length", f"{key} is for digits only", "remove it"),)
        if "length" in given and {"min", "max"} & given:
            return (Flaw(("length",), "length", "length says it all", "remove min and max, or length"),)
        if self.min > self.max:
            return (Flaw(("min",), "length", f"min {self.min} is more than max {self.max}"),)
        return ()
