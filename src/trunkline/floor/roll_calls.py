"""The roll, called every hour: so little of the journal must be read to know who was there at any moment."""

from trunkline.core.roll_call import EVERY
from trunkline.floor.state import Floor


class RollCalls:
    """Writes the whole floor into the journal, again and again."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def begin(self) -> None:
        """Call the roll after an hour, and so on; the first is called when the floor is settled."""
        self._floor.clock.at(self._floor.clock.now() + EVERY, self._call)

    def _call(self) -> None:
        if self._floor.settled:
            self._floor.commit(journal=[self._floor.roll_call()])
        self.begin()
