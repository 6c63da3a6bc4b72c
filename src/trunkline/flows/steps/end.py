"""`end`: say good-bye, if there is something to say, and end the interaction."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Done, Say
from trunkline.flows.words import Words


class EndStep(Step):
    """Say the last words, if any, and end."""

    kind: ClassVar[str] = "end"

    end: Words | None

    def enter(self, scene: Scene) -> Turn:
        """Say the last words, or end at once."""
        return Say(scene.prompts(self.end)) if self.end else Go(None)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """End when all was said."""
        del scene
        if isinstance(answer, Done):
            return Go(None)
        raise UnfitAnswer("a step of kind end", answer)

    def ways(self) -> Sequence[Way]:
        """List none."""
        return ()

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List the last words."""
        return ((("end",), self.end),) if self.end else ()
