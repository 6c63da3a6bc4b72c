"""Who is at which step of which flow now: counted as callers move, never by looking through all of them."""

from collections import Counter
from collections.abc import Callable, Mapping

from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Stage
from trunkline.floor.state import Floor, Moved

Place = tuple[str, str]
"""A flow and a step of it."""

_AT_A_STEP = frozenset({Stage.IN_FLOW, Stage.WAITING, Stage.OFFERED})


def place_of(interaction: Interaction) -> Place | None:
    """Return the flow and the step that an interaction stands at; None once an agent has it, and when it is over.

    Whoever waits stands at the step that sent them to wait, also while an agent's phone rings; a message that was left
    stands at its voicemail step until an agent takes it. In a flow that another runs, it stands in the inner one.
    """
    run = interaction.run
    if run is None or interaction.stage not in _AT_A_STEP or not run.get("step"):
        return None
    return run["flow"], run["step"]


class AtSteps:
    """Keeps the counts, and the flows whose counts have changed since they were last taken."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._places: dict[InteractionId, Place] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._touched: set[str] = set()
        self.changed: Callable[[], None] = lambda: None
        """Told whenever a count is another."""
        self.recount()
        floor.watchers.append(self._watch)

    def recount(self) -> None:
        """Count everybody anew: after the floor was loaded."""
        self._touched |= self._counts.keys()
        self._places, self._counts = {}, {}
        for interaction in self._floor.interactions.values():
            self._put(interaction)

    def of(self, flow: str) -> Mapping[str, int]:
        """Return how many are at each step of a flow; steps with nobody are left out."""
        return dict(self._counts.get(flow, {}))

    def all(self) -> Mapping[str, Mapping[str, int]]:
        """Return the counts of every flow with somebody in it."""
        return {flow: dict(counts) for flow, counts in self._counts.items()}

    def take_changes(self) -> Mapping[str, Mapping[str, int]]:
        """Return the counts of each flow whose counts have changed since the last time; empty where nobody is left."""
        touched, self._touched = self._touched, set()
        return {flow: self.of(flow) for flow in sorted(touched)}

    def _watch(self, moved: Moved) -> None:
        for _, interaction in moved.interactions:
            self._put(interaction)

    def _put(self, interaction: Interaction) -> None:
        before, now = self._places.get(interaction.id), place_of(interaction)
        if before == now:
            return
        if before is not None:
            self._count(before, -1)
            del self._places[interaction.id]
        if now is not None:
            self._count(now, 1)
            self._places[interaction.id] = now

    def _count(self, place: Place, by: int) -> None:
        flow, step = place
        counts = self._counts.get(flow)
        if counts is None:
            counts = self._counts[flow] = Counter()
        counts[step] += by
        if not counts[step]:
            del counts[step]
        if not counts:
            del self._counts[flow]
        self._touched.add(flow)
        self.changed()
