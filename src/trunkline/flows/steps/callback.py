"""`callback`: plan to call the customer back."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from trunkline.core.ids import QueueId
from trunkline.flows.evaluate import zone_of
from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Mention, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, AskCallback, CallbackPlanned, CallbackRefused
from trunkline.flows.template import Template


class CallbackStep(Step):
    """Plan to call the customer back: when their place in the queue comes up, or at an agreed time."""

    kind: ClassVar[str] = "callback"

    callback: Name
    number: Template = Template.of("{caller}")
    at: Template | None = None
    next: Name | None = None
    existing: Name | None = None
    no_number: Name

    def enter(self, scene: Scene) -> Turn:
        """Plan it, unless nobody knows which number to call."""
        number = scene.text(self.number).strip()
        if not number:
            return Go(self.no_number)
        at = self._at(scene)
        return AskCallback(number, QueueId(self.callback), keep_place=at is None, at=at)

    def _at(self, scene: Scene) -> datetime | None:
        """Return the agreed time, None when there is none that can be read."""
        if self.at is None:
            return None
        text = scene.text(self.at).strip()
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            scene.faults.append("the time of a callback is not one such as 2026-11-23T14:30")
            return None
        return at if at.tzinfo else at.replace(tzinfo=zone_of(scene.facts) or scene.now.tzinfo)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on, or end; a number that may not be called is as good as none."""
        del scene
        if isinstance(answer, CallbackPlanned):
            return Go(self.existing if answer.existing and self.existing else self.next, "callback planned")
        if isinstance(answer, CallbackRefused):
            return Go(self.no_number, "no callback")
        raise UnfitAnswer("a step of kind callback", answer)

    def ways(self) -> Sequence[Way]:
        """List the way on, or the end: being called back is what the customer came for."""
        existing = (Way(self.existing, ("existing",), "existing goes to", by_itself=True),) if self.existing else ()
        return (
            Way(self.next, ("next",), "next goes to", by_itself=True),
            *existing,
            Way(self.no_number, ("no_number",), "no_number goes to", by_itself=True),
        )

    def mentions(self) -> Sequence[Mention]:
        """Name the queue."""
        return (Mention("queue", self.callback, ("callback",)),)

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the number and the time."""
        own = [(("number",), self.number), (("at",), self.at)]
        return [(loc, template) for loc, template in own if template]
