"""`transfer`: hand the caller to a number outside."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from trunkline.flows.fields import Duration, Name
from trunkline.flows.steps.step import Flaw, Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Transfer, TransferFailed, Transferred
from trunkline.flows.template import Template


class TransferStep(Step):
    """Hand the caller to a number outside; leave by `failed` when nobody takes the call."""

    kind: ClassVar[str] = "transfer"

    transfer: Template
    timeout: Duration = timedelta(seconds=30)
    failed: Name

    def enter(self, scene: Scene) -> Turn:
        """Hand over, unless there is no number."""
        number = scene.text(self.transfer).strip()
        return Transfer(number, self.timeout) if number else Go(self.failed, "no number")

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """End, or leave."""
        del scene
        match answer:
            case Transferred():
                return Go(None)
            case TransferFailed():
                return Go(self.failed, "not transferred")
            case _:
                raise UnfitAnswer("a step of kind transfer", answer)

    def ways(self) -> Sequence[Way]:
        """List the way out."""
        return (Way(self.failed, ("failed",), "failed goes to", by_itself=True),)

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the number."""
        return ((("transfer",), self.transfer),)

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """Refuse it where there is no call to hand over."""
        del language
        others = [medium for medium in media if medium != "voice"]
        if not others:
            return ()
        message = f"only a call can be transferred, and this step is reached on {' and '.join(others)}"
        return (Flaw(("transfer",), "medium", message, "lead text media past it with a switch on medium"),)
