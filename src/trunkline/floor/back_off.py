"""Agents who let an offer ring are left alone for a while, and then ready again by themselves."""

from datetime import datetime
from functools import partial

from trunkline.core import agent as agents
from trunkline.core.agent import Agent, Presence
from trunkline.core.ids import AgentId
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.conversation import presence_facts
from trunkline.floor.state import Floor, Moved
from trunkline.ports.clock import Timer


class BackOff:
    """Watches the floor and keeps one timer for each agent who is to be ready again."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._timers: dict[AgentId, tuple[datetime, Timer]] = {}
        floor.watchers.append(self.follow)

    def follow(self, moved: Moved) -> None:
        """Set or drop the timers of the agents who changed."""
        for _, agent in moved.agents:
            self._set(agent)

    def follow_all(self) -> None:
        """Set the timers of everybody: after a start."""
        for agent in self._floor.agents.values():
            self._set(agent)

    def _set(self, agent: Agent) -> None:
        known = self._timers.get(agent.id)
        if known is not None and known[0] == agent.back_at:
            return
        if known is not None:
            known[1].cancel()
            del self._timers[agent.id]
        when = agent.back_at
        if when is not None:
            self._timers[agent.id] = (when, self._floor.clock.at(when, partial(self._is_back, agent.id, when)))

    def _is_back(self, id_: AgentId, when: datetime) -> None:
        self._timers.pop(id_, None)
        agent = self._floor.agents.get(id_)
        if agent is None or agent.back_at != when:
            return
        at = self._floor.clock.now()
        ready = agents.show(agent, Presence.READY, None, at=at)
        entry = JournalEntry(Happened.PRESENCE_CHANGED, at, agent=id_, facts=presence_facts(ready))
        self._floor.commit(agents=[ready], journal=[entry])
