"""`ask`: let the caller enter something."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from trunkline.flows.fields import Name
from trunkline.flows.steps.asking import AskingStep
from trunkline.flows.steps.step import Flaw, Go, Loc, Scene, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Ask, Key, Prompt, Silence, Typed
from trunkline.flows.words import Words

MOST_DIGITS = 32
FINISH = "#"
Length = Annotated[int, Field(ge=1, le=MOST_DIGITS)]
_LATER = ("number", "date", "text", "yes-no", "phone", "email", "card")


def _as(value: object) -> object:
    """Refuse the forms that are still to come as such."""
    if value in _LATER:
        raise ValueError(f'"{value}" is not built yet: only digits are')
    return value


class AskStep(AskingStep):
    """Let the caller enter digits; `#` ends them, and so does the longest length."""

    kind: ClassVar[str] = "ask"

    ask: Words
    save: Name
    as_: Annotated[Literal["digits"], BeforeValidator(_as)] = Field(alias="as")
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

    def question(self, scene: Scene, first: tuple[Prompt, ...] = ()) -> Ask:
        """Return the question; between two keys the caller has as long as before the first, at most ten seconds."""
        prompts = (*first, *self.ask.prompts(scene.facts.medium, scene.language))
        return Ask(prompts, FINISH, self.longest, min(self.no_answer.after, timedelta(seconds=10)))

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Keep what fits; spaces and dashes that a writer puts between digits do not count."""
        match answer:
            case Typed(text) | Key(text):
                digits = text.replace(" ", "").replace("-", "")
            case Silence():
                return self.silent(scene)
            case _:
                raise UnfitAnswer("a step of kind ask", answer)
        if not digits:
            return self.silent(scene)
        if digits.isascii() and digits.isdigit() and self.shortest <= len(digits) <= self.longest:
            return Go(self.next, digits, {self.save: digits})
        return self.mismatched(scene)

    def ways(self) -> Sequence[Way]:
        """List the way on, and the ways out."""
        return (Way(self.next, ("next",), "next goes to", by_itself=False), *self.vain_ways())

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is asked."""
        return ((("ask",), self.ask), *self.vain_words())

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Find lengths that contradict each other."""
        del media, language
        given = self.model_fields_set
        if "length" in given and {"min", "max"} & given:
            return (Flaw(("length",), "length", "length says it all", "remove min and max, or length"),)
        if self.min > self.max:
            return (Flaw(("min",), "length", f"min {self.min} is more than max {self.max}"),)
        return ()
