"""`wait`: let the run rest, for minutes or for days."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from trunkline.flows.fields import Name, Rest
from trunkline.flows.steps.step import Flaw, Go, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Pause, Woke


class WaitStep(Step):
    """Rest for a while, counted from the arrival at this step, and go on."""

    kind: ClassVar[str] = "wait"

    wait: Rest
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Rest; a run that is taken up again still wakes when it was to."""
        return Pause((scene.since or scene.now) + self.wait)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on when the time has come."""
        del scene
        if isinstance(answer, Woke):
            return Go(self.next)
        raise UnfitAnswer("a step of kind wait", answer)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Refuse long rests while a caller is on the line."""
        del language
        if "voice" in media and self.wait > timedelta(minutes=1):
            hint = 'lead callers past it: switch: [{when: medium == "voice", go: …}]'
            return (Flaw(("wait",), "medium", "a caller would wait in silence for more than a minute", hint),)
        return ()
