"""The floor of any moment, rebuilt from the journal: who was there, what they held, and who waited.

It is made of the same functions as the live floor, so that the two agree to the microsecond.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from trunkline.core import agent as agents
from trunkline.core.agent import LOGGED_IN, Agent, PhoneKind, Presence
from trunkline.core.demand import Wanted
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.record import changed
from trunkline.core.roll_call import Hours, Matter, Rules, agent_of, called, entry_of, hours_of

_CAME_TO_NOTHING = {
    Happened.DECLINED, Happened.RANG_OUT, Happened.PHONE_UNREACHABLE, Happened.OFFER_WITHDRAWN
}  # fmt: skip
_SERVED = {Happened.WRAPPED_UP, Happened.WRAP_UP_TIMED_OUT, Happened.PASSED_ON, Happened.HANDED_TO_FLOW}
_LEFT = {
    Happened.ABANDONED, Happened.OVERFLOWED, Happened.CALLBACK_WANTED, Happened.ENDED_IN_FLOW,
    Happened.SERVED_BY_FALLBACK, Happened.TRANSFERRED,
}  # fmt: skip
_OF_AGENTS = {
    Happened.LOGGED_IN, Happened.LOGGED_OUT, Happened.PRESENCE_CHANGED, Happened.PHONE_CHOSEN, Happened.PHONE_CAME,
    Happened.PHONE_GONE, Happened.RELEASED,
}  # fmt: skip
_OF_MATTERS = {
    Happened.QUEUED, Happened.OFFERED, Happened.ACCEPTED, Happened.TALK_ENDED, Happened.CALLBACK_PLANNED,
    Happened.CALLBACK_DUE, Happened.CALLBACK_NOT_REACHED, Happened.MOVED_ON, Happened.ASSIGNED,
    Happened.REOPENED, Happened.TAKEN_OVER,
}  # fmt: skip

TOLD_BY = frozenset(
    {Happened.ROLL_CALLED, Happened.HOURS_CHANGED, *_CAME_TO_NOTHING, *_SERVED, *_LEFT, *_OF_AGENTS, *_OF_MATTERS}
)
"""The kinds of lines that change what the floor is to routing: no other need be read."""


class Hindsight:
    """The floor as it was after the lines seen so far. Begin at a roll call: what was before it is not known."""

    def __init__(self) -> None:
        self.agents: dict[AgentId, Agent] = {}
        self.matters: dict[InteractionId, Matter] = {}
        self.phones: set[str] = set()
        self.hours = Hours()
        self.rules = Rules()
        self.complete = False
        """Whether a roll call was among the lines: without one, somebody may be missing."""

    def see(self, line: JournalEntry) -> None:
        """Let one more line happen. Lines come in the order in which they were written, not by their times."""
        if line.kind is Happened.ROLL_CALLED:
            self.agents, self.matters, self.phones, self.hours, self.rules = called(line.facts)
            self.complete = True
        elif line.kind is Happened.HOURS_CHANGED:
            self.hours = hours_of(line.facts)
        elif line.kind in _OF_AGENTS and line.agent is not None:
            self._see_agent(line.kind, line.agent, line)
        elif line.interaction is not None:
            self._see_matter(line.kind, line.interaction, line)

    def reachable(self, agent: Agent) -> bool:
        """Whether the phone that rings for an agent was there."""
        return agent.endpoint in self.phones

    # --- agents ---

    def _see_agent(self, kind: Happened, id_: AgentId, line: JournalEntry) -> None:
        agent = self.agents.get(id_) or Agent(id_, id_, {})
        facts = line.facts
        match kind:
            case Happened.LOGGED_IN if "presence" in facts:
                agent = agent_of(id_, facts)
            case Happened.LOGGED_IN:
                # A line of an earlier release tells nothing more.
                agent = agents.show(agent, Presence.NOT_READY, LOGGED_IN, at=line.at)
            case Happened.LOGGED_OUT:
                agent = agents.show(agent, Presence.OFFLINE, None, at=line.at)
            case Happened.PRESENCE_CHANGED:
                agent = agents.show(agent, Presence(facts["presence"]), facts["reason"], at=line.at)
            case Happened.PHONE_CHOSEN:
                agent = changed(agent, phone=PhoneKind(facts["phone"]))
            case Happened.RELEASED if line.interaction is not None:
                agent = agents.release(agent, line.interaction, at=line.at, served=False)
            case Happened.PHONE_CAME:
                self.phones.add(_endpoint(agent, facts))
            case Happened.PHONE_GONE:
                self.phones.discard(_endpoint(agent, facts))
        self.agents[id_] = agent

    # --- matters ---

    def _see_matter(self, kind: Happened, id_: InteractionId, line: JournalEntry) -> None:
        if kind in _LEFT or kind in _SERVED:
            matter = self.matters.pop(id_, None)
            # Who gives up while it rings at several leaves one line: all of them are free.
            holders = {
                *(matter.agents if matter is not None else ()),
                *([line.agent] if line.agent is not None else []),
            }
            for agent in holders:
                self._release(agent, id_, at=line.at, served=kind in _SERVED)
        elif kind in _CAME_TO_NOTHING and line.agent is not None:
            self._release(line.agent, id_, at=line.at, served=False)
            self._rings_no_more(id_, line.agent, line.at)
        elif kind is Happened.TAKEN_OVER and line.agent is not None:
            self._taken_over(id_, line.agent, line.at)
        elif kind in _OF_MATTERS:
            self._goes_on(kind, id_, line)

    def _goes_on(self, kind: Happened, id_: InteractionId, line: JournalEntry) -> None:
        facts = line.facts
        match kind:
            case Happened.QUEUED:
                self._put(id_, Stage.WAITING, line)
            case Happened.CALLBACK_PLANNED:
                self._put(id_, Stage.SCHEDULED if facts.get("due_at") else Stage.WAITING, line)
            case Happened.MOVED_ON:
                self._changes(id_, queue=QueueId(facts["to"]), wanted=None)
            case Happened.ASSIGNED:
                self._changes(id_, wanted=Wanted(line.agent) if line.agent is not None else None)
            case Happened.CALLBACK_DUE:
                self._moves(id_, Stage.WAITING, line.at)
            case Happened.CALLBACK_NOT_REACHED if facts.get("again_at"):
                # The agent is free when off the phone, and that is a line of its own.
                self._moves(id_, Stage.SCHEDULED, line.at)
            case Happened.CALLBACK_NOT_REACHED:
                self.matters.pop(id_, None)
            case Happened.OFFERED if line.agent is not None:
                self._offered(id_, line.agent, line)
            case Happened.ACCEPTED | Happened.REOPENED:
                self._moves(id_, Stage.TALKING, line.at, line.agent)
            case _:
                self._moves(id_, Stage.WRAP_UP, line.at, line.agent)

    def _taken_over(self, id_: InteractionId, by: AgentId, at: datetime) -> None:
        matter = self.matters.get(id_)
        for agent in matter.agents if matter is not None else ():
            self._release(agent, id_, at=at, served=True)
        medium = matter.medium if matter is not None else "voice"
        self.agents[by] = agents.take(self.agents.get(by) or Agent(by, by, {}), id_, medium, at=at)
        self._moves(id_, Stage.TALKING, at, by)

    def _offered(self, id_: InteractionId, agent_id: AgentId, line: JournalEntry) -> None:
        if id_ not in self.matters and "queue" in line.facts:
            self._put(id_, Stage.WAITING, _queued_before(line))
        matter = self.matters.get(id_)
        medium = matter.medium if matter is not None else "voice"
        agent = self.agents.get(agent_id) or Agent(agent_id, agent_id, {})
        self.agents[agent_id] = agents.take(agent, id_, medium, at=line.at)
        if matter is not None and matter.stage is Stage.OFFERED:
            self.matters[id_] = replace(matter, agents=(*matter.agents, agent_id))
        else:
            self._moves(id_, Stage.OFFERED, line.at, agent_id)

    def _put(self, id_: InteractionId, stage: Stage, line: JournalEntry) -> None:
        self.matters[id_] = Matter(entry_of(line.facts, line.at), line.facts.get("medium", "voice"), stage, line.at)

    def _changes(self, id_: InteractionId, **changes: Any) -> None:
        matter = self.matters.get(id_)
        if matter is not None:
            self.matters[id_] = replace(matter, entry=replace(matter.entry, **changes))

    def _moves(self, id_: InteractionId, stage: Stage, at: datetime, *holders: AgentId | None) -> None:
        matter = self.matters.get(id_)
        if matter is not None:
            there = tuple(agent for agent in holders if agent is not None)
            self.matters[id_] = replace(matter, stage=stage, since=at, agents=there)

    def _rings_no_more(self, id_: InteractionId, agent: AgentId, at: datetime) -> None:
        """Let it ring at the others, or wait where it rang at nobody else."""
        matter = self.matters.get(id_)
        others = tuple(each for each in matter.agents if each != agent) if matter is not None else ()
        if matter is not None and matter.stage is Stage.OFFERED and others:
            self.matters[id_] = replace(matter, agents=others)
        else:
            self._moves(id_, Stage.WAITING, at)

    def _release(self, holder: AgentId, id_: InteractionId, *, at: datetime, served: bool) -> None:
        agent = self.agents.get(holder)
        if agent is not None:
            self.agents[holder] = agents.release(agent, id_, at=at, served=served)


def floor_after(lines: Iterable[JournalEntry]) -> Hindsight:
    """Return the floor as it was after these lines."""
    floor = Hindsight()
    for line in lines:
        floor.see(line)
    return floor


def _queued_before(offered: JournalEntry) -> JournalEntry:
    """Return what was said of a place that is older than the lines seen, as far as its offer tells it."""
    since = offered.at - timedelta(seconds=offered.facts["waited_s"])
    return replace(
        offered, facts={**offered.facts, "since": since.isoformat(), "skills": offered.facts.get("asked", {})}
    )


def _endpoint(agent: Agent, facts: Mapping[str, Any]) -> str:
    return changed(agent, phone=PhoneKind(facts["phone"])).endpoint
