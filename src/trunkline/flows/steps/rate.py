"""`rate`: ask how it went, from 1 to 5."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.flows.fields import Name
from trunkline.flows.steps.asking import AskingStep, NoAnswer, NoMatch, TimesPut
from trunkline.flows.steps.step import Go, Loc, Scene, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Key, Prompt, Rate, Silence, Typed
from trunkline.flows.words import Words

KEYS = "12345"


class OneQuestion(NoAnswer):
    """What to do about silence: nothing more, if not said otherwise."""

    tries: TimesPut = 1


class TwoQuestions(NoMatch):
    """What to do about an answer that is no score: ask once more, if not said otherwise."""

    tries: TimesPut = 2


class RateStep(AskingStep):
    """Ask for a score from 1 to 5. Who gives none goes on all the same, after one question if not said otherwise."""

    kind: ClassVar[str] = "rate"

    rate: Words
    save: Name = "rating"
    next: Name
    no_answer: OneQuestion = OneQuestion()
    no_match: TwoQuestions = TwoQuestions()

    def question(self, scene: Scene, first: tuple[Prompt, ...] = ()) -> Rate:
        """Return the question."""
        prompts = (*first, *scene.prompts(self.rate))
        return Rate(prompts, KEYS, self.no_answer.after_on(scene.facts.medium), self.save)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Keep the score."""
        match answer:
            case Key(text) | Typed(text):
                text = text.strip()
            case Silence():
                return self._or_on(self.silent(scene))
            case _:
                raise UnfitAnswer("a step of kind rate", answer)
        if len(text) == 1 and text in KEYS:
            return Go(self.next, text, {self.save: int(text)}, rating=(self.save, int(text)))
        return self._or_on(self.mismatched(scene))

    def _or_on(self, turn: Turn) -> Turn:
        """Go on where the flow would end for want of another way."""
        return Go(self.next) if isinstance(turn, Go) and turn.to is None else turn

    def ways(self) -> Sequence[Way]:
        """List the way on, and the ways out."""
        others = (way for way in self.vain_ways() if way.to)
        return (Way(self.next, ("next",), "next goes to", by_itself=True), *others)

    def saves(self) -> Sequence[str]:
        """List the name."""
        return (self.save,)

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is asked."""
        return ((("rate",), self.rate), *self.vain_words())
