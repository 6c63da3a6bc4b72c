"""`set`: keep values under names."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, Way
from trunkline.flows.template import Given, Template


def _constant(value: object) -> object:
    """Accept text, a number, true or false."""
    if isinstance(value, str | bool | int | float):
        return value
    # pydantic reports ValueError only.
    raise ValueError("must be text, a number, true or false")


class SetStep(Step):
    """Keep constants, filled texts and the worth of expressions under names."""

    kind: ClassVar[str] = "set"

    set: Annotated[dict[Name, Annotated[Given, BeforeValidator(_constant)]], Field(min_length=1)]
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Keep them and go on; what cannot be had is kept as null. All are reckoned before any is kept."""
        worth = {k: scene.value(v) if isinstance(v, Template) else v for k, v in self.set.items()}
        return Go(self.next, save=worth)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def saves(self) -> Sequence[str]:
        """List the names."""
        return list(self.set)

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the values with expressions in them."""
        return [(("set", name), value) for name, value in self.set.items() if isinstance(value, Template)]
