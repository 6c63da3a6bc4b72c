"""`tag`: put marks on the interaction."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, Way
from trunkline.flows.template import Template


def _listed(value: object) -> object:
    """Read one for a list of one."""
    return [value] if isinstance(value, str) else value


class TagStep(Step):
    """Put marks on the interaction, which agents see and reports count."""

    kind: ClassVar[str] = "tag"

    tag: Annotated[tuple[Template, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)]
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Put them on and go on; a mark that comes to nothing is left out."""
        tags = (scene.text(tag).strip() for tag in self.tag)
        return Go(self.next, tags=tuple(tag for tag in tags if tag))

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the marks."""
        return [(("tag", at), tag) for at, tag in enumerate(self.tag)]
