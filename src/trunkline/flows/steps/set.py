"""`set`: keep constants under names."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Scene, Step, Turn, Way
from trunkline.flows.words import sayable


def _constant(value: object) -> object:
    """Accept text, a number, true or false."""
    if isinstance(value, str):
        return sayable(value)
    if isinstance(value, bool | int | float):
        return value
    # pydantic reports ValueError only.
    raise ValueError("must be text, a number, true or false")


class SetStep(Step):
    """Keep constants under names, for the agent's screen and for later steps."""

    kind: ClassVar[str] = "set"

    set: Annotated[dict[Name, Annotated[Any, BeforeValidator(_constant)]], Field(min_length=1)]
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Keep them and go on."""
        del scene
        return Go(self.next, save=self.set)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)
