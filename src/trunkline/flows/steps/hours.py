"""`hours`: go one way while a calendar is open, another while it is closed."""

from collections.abc import Sequence
from typing import ClassVar

from trunkline.core.errors import Misconfigured
from trunkline.core.hours import is_open_at
from trunkline.flows.fields import Name
from trunkline.flows.steps.step import Go, Mention, Scene, Step, Turn, Way


class HoursStep(Step):
    """Go one way while a calendar of the centre file is open, another while it is closed."""

    kind: ClassVar[str] = "hours"

    hours: Name
    open: Name
    closed: Name

    def enter(self, scene: Scene) -> Turn:
        """Decide by the calendar; raises Misconfigured when the centre file no longer has it."""
        calendar = scene.facts.centre.hours.get(self.hours)
        if calendar is None:
            raise Misconfigured(f'the centre file has no hours "{self.hours}", which a flow asks for')
        # That it is open is no news; that a caller came in spite of "closed" is worth an agent's eye.
        return Go(self.open) if is_open_at(calendar, scene.now) else Go(self.closed, "closed")

    def ways(self) -> Sequence[Way]:
        """List both ways."""
        return (
            Way(self.open, ("open",), "open goes to", by_itself=True),
            Way(self.closed, ("closed",), "closed goes to", by_itself=True),
        )

    def mentions(self) -> Sequence[Mention]:
        """Name the calendar."""
        return (Mention("hours", self.hours, ("hours",)),)
