"""`set`: keep constants under names."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Scene, Step, Turn, Way
from trunkline.flows.words import Text


class SetStep(Step):
    """Keep constants under names, for the agent's screen and for later steps."""

    kind: ClassVar[str] = "set"

    set: Annotated[dict[Name, Text | bool | int | float], Field(min_length=1)]
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Keep them and go on."""
        del scene
        return Go(self.next, save=self.set)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)
