"""`wait`: let the run rest, for minutes or for days."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from trunkline.core.capacity import TEXT_MEDIA
from trunkline.flows.fields import Name, Rest
from trunkline.flows.steps.step import Flaw, Go, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Pause, Silence, Typed, Woke


class WaitStep(Step):
    """Rest for a while, counted from the arrival at this step, and go on; who writes meanwhile may lead elsewhere."""

    kind: ClassVar[str] = "wait"

    wait: Rest
    answered_by: Name | None = Field(default=None, alias="answered")
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Rest; a run that is taken up again still wakes when it was to."""
        return Pause((scene.since or scene.now) + self.wait, listens=self.answered_by is not None)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on when the time has come, or where an answer leads."""
        del scene
        if isinstance(answer, Woke):
            return Go(self.next)
        if isinstance(answer, Typed | Silence) and self.answered_by is not None:
            return Go(self.answered_by, answer.text if isinstance(answer, Typed) else None)
        raise UnfitAnswer("a step of kind wait", answer)

    def ways(self) -> Sequence[Way]:
        """List the way on, and the one of those who write meanwhile."""
        on = Way(self.next, ("next",), "next goes to", by_itself=True)
        if self.answered_by is None:
            return (on,)
        return (on, Way(self.answered_by, ("answered",), "answered goes to", by_itself=False, media=TEXT_MEDIA))

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Refuse long rests while a caller is on the line."""
        del language
        if "voice" in media and self.wait > timedelta(minutes=1):
            hint = 'lead callers past it: switch: [{when: medium == "voice", go: …}]'
            return (Flaw(("wait",), "medium", "a caller would wait in silence for more than a minute", hint),)
        return ()
