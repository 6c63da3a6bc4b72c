"""Who waits and who is free, kept in order, so that a match is made on the event and never by a scan.

The rules, in their order: an entry goes only to an agent of its queue; among entries the higher priority, then the
longest wait; among agents the longest idle. Every operation costs O(log n) in the entries of a queue or the agents of
a queue, times the number of queues of the agent.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sortedcontainers import SortedList

from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry

_Place = tuple[int, datetime, InteractionId]
_Idle = tuple[datetime, AgentId]


class Routing:
    """The waiting entries of every queue and the free agents of every queue."""

    def __init__(self) -> None:
        self._lines: dict[QueueId, SortedList[_Place]] = {}
        self._places: dict[InteractionId, tuple[QueueId, _Place]] = {}
        self._free: dict[QueueId, SortedList[_Idle]] = {}
        self._idle: dict[AgentId, tuple[frozenset[QueueId], _Idle]] = {}

    def wait(self, interaction: InteractionId, entry: Entry) -> None:
        """Put an entry at its place; an entry that is there already is moved to it."""
        self.leave(interaction)
        place = (-entry.priority, entry.since, interaction)
        self._places[interaction] = (entry.queue, place)
        self._lines.setdefault(entry.queue, SortedList()).add(place)

    def leave(self, interaction: InteractionId) -> None:
        """Take an entry out of its line, if it is in one."""
        known = self._places.pop(interaction, None)
        if known is not None:
            queue, place = known
            self._lines[queue].remove(place)

    def free(self, agent: AgentId, queues: frozenset[QueueId], *, idle_since: datetime) -> None:
        """Count an agent as free for these queues."""
        idle = (idle_since, agent)
        if self._idle.get(agent) == (queues, idle):
            return
        self.taken(agent)
        self._idle[agent] = (queues, idle)
        for queue in queues:
            self._free.setdefault(queue, SortedList()).add(idle)

    def taken(self, agent: AgentId) -> None:
        """Stop counting an agent as free."""
        known = self._idle.pop(agent, None)
        if known is not None:
            queues, idle = known
            for queue in queues:
                self._free[queue].remove(idle)

    def agent_for(self, interaction: InteractionId) -> AgentId | None:
        """Return the longest-idle free agent for a waiting entry, if it is the one to serve now."""
        known = self._places.get(interaction)
        if known is None or not (free := self._free.get(known[0])):
            return None
        longest: _Idle = free[0]
        return longest[1]

    def entry_for(self, agent: AgentId) -> InteractionId | None:
        """Return the entry that a free agent should serve next, over all their queues."""
        known = self._idle.get(agent)
        if known is None:
            return None
        heads = [line[0] for queue in known[0] if (line := self._lines.get(queue))]
        return min(heads)[2] if heads else None

    def position(self, interaction: InteractionId) -> int | None:
        """Return an entry's place in its line, 1 for the next to be served; None when it does not wait."""
        known = self._places.get(interaction)
        if known is None:
            return None
        queue, place = known
        return int(self._lines[queue].index(place)) + 1

    def waiting(self, queue: QueueId) -> int:
        """Return how many entries wait in a queue."""
        return len(self._lines.get(queue, ()))

    def longest_since(self, queue: QueueId) -> datetime | None:
        """Return since when the longest-waiting entry of a queue waits. Costs O(n) only where priorities differ."""
        line = self._lines.get(queue)
        if not line:
            return None
        if line[0][0] == line[-1][0]:
            head: _Place = line[0]
            return head[1]
        longest: datetime = min(place[1] for place in line)
        return longest

    def free_agents(self, queue: QueueId) -> int:
        """Return how many agents are free for a queue."""
        return len(self._free.get(queue, ()))

    def queues(self) -> Iterable[QueueId]:
        """Return every queue in which anything ever waited."""
        return self._lines.keys()


def expected_wait(position: int, *, handling: timedelta | None, agents: int) -> timedelta | None:
    """Return the wait to expect at a place in line: `position` handlings shared by `agents`, or None when unknown.

    Each of `agents` ends a contact every `handling` on average, so that the queue moves up once every
    `handling / agents`; for exponential handling times this is the mean of the wait given that all are busy.
    """
    if handling is None or agents < 1:
        return None
    return handling * position / agents
