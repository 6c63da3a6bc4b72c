"""`consent`: note what somebody consents to be written about, or does not any more."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Done, KeepConsent
from trunkline.flows.template import Template


class ConsentStep(Step):
    """Note a consent, or that it is taken back, for follow-ups that ask for it. What is neither notes nothing."""

    kind: ClassVar[str] = "consent"

    consent: Name
    given: Template = Template.of("{true}")
    by: Literal["same", "sms", "email"] = "same"
    to: Template | None = None
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Note it."""
        medium = self.by if self.by != "same" else "sms" if scene.facts.medium == "voice" else scene.facts.medium
        to = scene.text(self.to).strip() if self.to is not None else ""
        given = scene.value(self.given)
        if not isinstance(given, bool):
            # No answer is no word on it; and "no" is a text, which is no yes.
            scene.faults.append(f"consent {self.consent}: given is neither true nor false")
            return Go(self.next)
        return KeepConsent(medium, to, self.consent, given)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go on."""
        del scene
        if isinstance(answer, Done):
            return Go(self.next)
        raise UnfitAnswer("a step of kind consent", answer)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List whether it is given, and the address."""
        own = [(("given",), self.given), (("to",), self.to)]
        return [(loc, template) for loc, template in own if template]
