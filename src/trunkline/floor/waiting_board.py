"""Who waits now and who is at work: what supervisors look at before they give somebody's wait to one agent."""

from collections.abc import Mapping
from datetime import datetime
from heapq import nsmallest
from typing import Any

from trunkline.core.agent import Agent
from trunkline.core.demand import Wanted
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.floor import view
from trunkline.floor.state import Floor

Json = Mapping[str, Any]

MOST_SHOWN = 200
"""So many of those who have waited longest are told of."""


class WaitingBoard:
    """What is told of everybody who waits. It only reads; `floor/supervision.py` changes it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def shown(self) -> Json:
        """Return those who have waited longest, how many wait in all, and everybody who is logged in.

        It looks at every live interaction once, for whoever asks: supervisors are few, and ask once a second at most.
        """
        floor, now = self._floor, self._floor.clock.now()
        waiting = [
            (entry.since, each.id, each, entry)
            for each in floor.interactions.values()
            if each.stage is Stage.WAITING and (entry := each.entry) is not None
        ]
        at_work = sorted((each for each in floor.agents.values() if each.is_at_work), key=_by_name)
        return {
            "waiting": [self._row(each, entry, now) for _, _, each, entry in nsmallest(MOST_SHOWN, waiting)],
            "in_all": len(waiting),
            "agents": [self._agent(each) for each in at_work],
        }

    def colleagues(self, of: AgentId, medium: str) -> Json:
        """Return to whom an agent may pass work on: who else is at work, and whether they have room for a medium."""
        seats = self._floor.routing.agents.seats
        others = sorted(
            (each for each in self._floor.agents.values() if each.is_at_work and each.id != of), key=_by_name
        )
        return {
            "agents": [
                {
                    "id": each.id,
                    "name": each.name,
                    "free": (seat := seats.get(each.id)) is not None and medium in seat.room,
                }
                for each in others
            ]
        }

    def _row(self, interaction: Interaction, entry: Entry, now: datetime) -> Json:
        floor, wanted = self._floor, _wanted(entry, now)
        asks = floor.routing.asks(interaction.id)
        return view.who_waits(interaction, floor.profiles.get(interaction.id), floor.centre) | {
            "waiting_since": entry.since.isoformat(),
            "queue": {"id": entry.queue, "title": floor.centre.queue(entry.queue).title},
            "priority": entry.priority,
            "position": floor.routing.position(interaction.id),
            "asks": [{"skill": floor.centre.skills.get(name, name), "level": asks[name]} for name in sorted(asks)],
            "kept_for": {"id": wanted.agent, "assigned": wanted.until is None} if wanted is not None else None,
        }

    def _agent(self, agent: Agent) -> Json:
        floor = self._floor
        seat, config = floor.routing.agents.seats.get(agent.id), floor.centre.agents.get(agent.id)
        team = config.team if config is not None else None
        return {
            "id": agent.id,
            "name": agent.name,
            "team": floor.centre.teams[team] if team is not None else None,
            "queues": sorted(agent.queues),
            "free_for": sorted(seat.room) if seat is not None else [],
        }


def _by_name(agent: Agent) -> tuple[str, str]:
    return agent.name.casefold(), agent.id


def _wanted(entry: Entry, now: datetime) -> Wanted | None:
    """Return for whom an entry is kept at this moment."""
    wanted = entry.wanted
    return wanted if wanted is not None and (wanted.until is None or wanted.until > now) else None
