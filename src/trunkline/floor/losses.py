"""Callers whom the switch takes out of their flow again and again: fetched back, but not for ever."""

from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Stage
from trunkline.floor.state import Floor, Moved


class Losses:
    """Counts how often in a row a caller was lost at one step."""

    def __init__(self, floor: Floor) -> None:
        self._counted: dict[InteractionId, tuple[str, int]] = {}
        floor.watchers.append(self._forget)

    def count(self, interaction: Interaction) -> int:
        """Count one more and return how many it is now; a step further on begins anew."""
        where = str(interaction.run["step"]) if interaction.run is not None else ""
        step, times = self._counted.get(interaction.id, (where, 0))
        times = times + 1 if step == where else 1
        self._counted[interaction.id] = (where, times)
        return times

    def _forget(self, moved: Moved) -> None:
        for _, interaction in moved.interactions:
            if interaction.stage is not Stage.IN_FLOW:
                self._counted.pop(interaction.id, None)
