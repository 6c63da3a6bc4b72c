"""`switch`: go where the first true condition leads."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trunkline.flows.evaluate import ValueFault, decided, truth
from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, Way
from trunkline.flows.template import Condition, Template
from trunkline.flows.words import MEDIA


class Case(BaseModel):
    """One condition, and where it leads."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    when: Condition
    go: Name


class SwitchStep(Step):
    """Go where the first true condition leads, else where `else` does. A condition that cannot be had is not true."""

    kind: ClassVar[str] = "switch"

    switch: Annotated[tuple[Case, ...], Field(min_length=1, strict=False)]
    else_: Name = Field(alias="else")

    def enter(self, scene: Scene) -> Turn:
        """Decide."""
        for case in self.switch:
            try:
                if truth(case.when.value(scene.known)):
                    return Go(case.go)
            except ValueFault as fault:
                scene.faults.append(str(fault))
        return Go(self.else_)

    def ways(self) -> Sequence[Way]:
        """List each case, with the media on which it can come true at all."""
        ways = []
        left = set(MEDIA)
        for at, case in enumerate(self.switch):
            outcome = {medium: decided(case.when.expression, medium) for medium in left}
            here = frozenset(medium for medium in left if outcome[medium] is not False)
            ways.append(Way(case.go, ("switch", at, "go"), f"case {at + 1} goes to", by_itself=True, media=here))
            left -= {medium for medium in here if outcome[medium]}
        return (*ways, Way(self.else_, ("else",), "else goes to", by_itself=True, media=frozenset(left)))

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the conditions."""
        return [(("switch", at, "when"), case.when) for at, case in enumerate(self.switch)]
