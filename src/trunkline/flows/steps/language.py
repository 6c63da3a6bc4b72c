"""`language`: speak another language from here on."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.flows.fields import Language, Name
from trunkline.flows.steps.step import Go, Scene, Step, Turn, Way


class LanguageStep(Step):
    """Speak another of the flow's languages from here on."""

    kind: ClassVar[str] = "language"

    language: Language
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Change and go on."""
        del scene
        return Go(self.next, language=self.language)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)
