"""Routing as its rules read, by a scan of everything: what the real one is measured against."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.core.demand import Membership
from trunkline.core.interaction import Entry

POINT_S = 60.0


@dataclass
class ModelAgent:
    """An agent of the model."""

    queues: Mapping[str, Membership]
    skills: Mapping[str, int]
    room: frozenset[str] = frozenset()
    idle_since: float = 0.0


@dataclass
class ModelEntry:
    """A waiting entry of the model."""

    entry: Entry
    medium: str
    overtaken: int = 0


@dataclass
class Model:
    """The whole floor."""

    agents: dict[str, ModelAgent] = field(default_factory=dict)
    entries: dict[str, ModelEntry] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    def asks(self, id_: str, now: float) -> dict[str, int]:
        """Return the skills asked by now."""
        entry = self.entries[id_].entry
        asked = entry.skills
        for stage in entry.relax:
            if entry.since.timestamp() + stage.after.total_seconds() <= now:
                asked = stage.skills
        return dict(asked)

    def count(self, id_: str) -> float:
        """Return since when an entry counts as waiting."""
        entry = self.entries[id_].entry
        return entry.since.timestamp() - entry.priority * POINT_S

    def kept_for(self, id_: str, now: float) -> str | None:
        """Return the agent an entry is kept for."""
        wanted = self.entries[id_].entry.wanted
        if wanted is None or (wanted.until is not None and wanted.until.timestamp() <= now):
            return None
        return wanted.agent

    def able(self, agent: str, id_: str, now: float) -> bool:
        """Say whether an agent with room may serve an entry."""
        who, what = self.agents[agent], self.entries[id_]
        if what.medium not in who.room or what.entry.queue in self.closed:
            return False
        if self.kept_for(id_, now) is not None:
            return self.kept_for(id_, now) == agent
        membership = who.queues.get(what.entry.queue)
        if membership is None or now - self.count(id_) < membership.after.total_seconds():
            return False
        return all(who.skills.get(skill, 0) >= level for skill, level in self.asks(id_, now).items())

    def count_for(self, agent: str, id_: str) -> float:
        """Return since when an entry counts as waiting for an agent, who may be of a lower rank."""
        membership = self.agents[agent].queues.get(self.entries[id_].entry.queue, Membership())
        return self.count(id_) + (membership.rank - 1) * POINT_S

    def agents_in_order(self, id_: str, now: float) -> list[tuple[int, int, float]]:
        """Return rank, preferred skill (negative) and idle time of the able agents."""
        entry = self.entries[id_].entry
        return sorted(
            (
                self.agents[agent].queues.get(entry.queue, Membership()).rank,
                -sum(self.agents[agent].skills.get(skill, 0) for skill in entry.prefer),
                self.agents[agent].idle_since,
            )
            for agent in self.agents
            if self.able(agent, id_, now)
        )

    def rank_of(self, agent: str, id_: str) -> tuple[int, int, float]:
        """Return by what an agent is ordered for an entry."""
        entry, who = self.entries[id_].entry, self.agents[agent]
        skilled = sum(who.skills.get(skill, 0) for skill in entry.prefer)
        return who.queues.get(entry.queue, Membership()).rank, -skilled, who.idle_since
