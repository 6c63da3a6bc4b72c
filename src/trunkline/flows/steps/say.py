"""`say`: say something and go on."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Done, Say
from trunkline.flows.words import Words


class SayStep(Step):
    """Say something and go on."""

    kind: ClassVar[str] = "say"

    say: Words
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Say it."""
        return Say(scene.prompts(self.say))

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on when all was said."""
        del scene
        if isinstance(answer, Done):
            return Go(self.next)
        raise UnfitAnswer("a step of kind say", answer)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is said."""
        return ((("say",), self.say),)
