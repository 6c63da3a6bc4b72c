"""Matches under virtual time, made as floor/dispatcher makes them."""

from collections.abc import Callable

from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.routing import Routing
from trunkline.planning.virtual import Alarm, VirtualTime


class Matching:
    """Brings together who waits and who is free, at each event and when time alone changes something."""

    def __init__(self, routing: Routing, time: VirtualTime, offer: Callable[[InteractionId, AgentId], None]) -> None:
        """`offer` takes the entry out of routing and takes up the agent's room: else the same is offered for ever."""
        self._routing, self._time, self._offer = routing, time, offer
        self._due: float | None = None
        self._timer: Alarm | None = None

    def serve(self, id_: InteractionId) -> None:
        """Find an agent for an entry; whoever is asked may be due to somebody else first."""
        while (agent := self._routing.agent_for(id_, now=self._time.now)) is not None:
            self.feed(agent)

    def feed(self, agent: AgentId) -> None:
        """Find what an agent has room for."""
        while (id_ := self._routing.entry_for(agent, now=self._time.now)) is not None:
            self._offer(id_, agent)

    def look_again(self) -> None:
        """Look again when something changes by time alone."""
        due = self._routing.next_due()
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.call_off()
        self._due, self._timer = due, None
        if due is not None:
            self._timer = self._time.at(due, self._time_has_come)

    def _time_has_come(self) -> None:
        self._due, self._timer = None, None
        for id_ in self._routing.due(self._time.now):
            self.serve(id_)
        self.look_again()
