"""`run`: let another flow do its part, then go on."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Mention, Scene, Step, Turn, Way


class RunStep(Step):
    """Let another flow run from its start; where that one ends, this one goes on. Both share their values."""

    kind: ClassVar[str] = "run"

    run: Name
    next: Name

    def enter(self, scene: Scene) -> Turn:
        """Go into it."""
        del scene
        return Go(self.next, runs=self.run)

    def ways(self) -> Sequence[Way]:
        """List the one way on."""
        return (Way(self.next, ("next",), "next goes to", by_itself=True),)

    def mentions(self) -> Sequence[Mention]:
        """Name the flow."""
        return (Mention("flow", self.run, ("run",)),)
