"""Agents and entries as the journal writes them, and read back: what a floor is rebuilt from.

Only what differs from the usual is written, for a roll call names everybody at work.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from trunkline.core.agent import Agent, Held, PhoneKind, Presence, placed
from trunkline.core.capacity import USUAL, Capacity
from trunkline.core.centre import Centre, QueueOverflow
from trunkline.core.demand import Membership, Relaxed, Skills, Strategy, Wanted
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.core.occupancy import Busy
from trunkline.core.record import changed
from trunkline.core.routing import OVERTAKEN_AT_MOST, POINT

EVERY = timedelta(hours=1)
"""How often the roll is called: so much of the journal is read to rebuild a floor."""

_PLACED = (Stage.SCHEDULED, Stage.WAITING, Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP)

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the centre file decides besides the agents: strategies, overflows, and the two limits."""

    strategies: Mapping[QueueId, Strategy] = field(default_factory=dict)
    point: timedelta = POINT
    overtaken_at_most: int = OVERTAKEN_AT_MOST
    overflows: Mapping[QueueId, QueueOverflow] = field(default_factory=dict)
    """Where the entries of a queue go on to, of those that send any."""

    def strategy(self, queue: QueueId) -> Strategy:
        """Return a queue's strategy."""
        return self.strategies.get(queue, Strategy.LONGEST_IDLE)


def rules_of(centre: Centre) -> Rules:
    """Return the rules that a centre file states."""
    strategies = {id_: queue.strategy for id_, queue in centre.queues.items()}
    overflows = {id_: queue.overflow for id_, queue in centre.queues.items() if queue.overflow is not None}
    return Rules(strategies, centre.point, centre.overtaken_at_most, overflows)


@dataclass(frozen=True, slots=True)
class Matter:
    """What routing and its reports know of an interaction that has or had a place: its entry and where it is now."""

    entry: Entry
    medium: str
    stage: Stage
    since: datetime
    """When `stage` began."""
    agents: tuple[AgentId, ...] = ()
    """At whom it rings, or who has it."""


# --- entries ---


def entry_facts(entry: Entry, medium: str) -> Facts:
    """Return what a line about a new place says of it; since when it counts is the line's own time."""
    facts: Facts = {"queue": entry.queue, "priority": entry.priority, "medium": medium}
    if entry.skills:
        facts["skills"] = dict(sorted(entry.skills))
    if entry.prefer:
        facts["prefer"] = sorted(entry.prefer)
    if entry.relax:
        facts["relax"] = [[each.after.total_seconds(), dict(sorted(each.skills))] for each in entry.relax]
    if entry.wanted is not None:
        facts["wanted"] = [entry.wanted.agent, _written(entry.wanted.until)]
    return facts


def entry_of(facts: Mapping[str, Any], at: datetime) -> Entry:
    """Return the place that a line tells of; it is since `at`, unless the line says otherwise."""
    wanted = facts.get("wanted")
    return Entry(
        queue=QueueId(facts["queue"]), since=_read(facts.get("since")) or at, priority=facts.get("priority", 0),
        skills=_skills(facts.get("skills", {})), prefer=frozenset(facts.get("prefer", ())),
        relax=tuple(Relaxed(timedelta(seconds=after), _skills(asked)) for after, asked in facts.get("relax", ())),
        wanted=Wanted(AgentId(wanted[0]), _read(wanted[1])) if wanted else None,
    )  # fmt: skip


def _matter_facts(interaction: Interaction, entry: Entry) -> Facts:
    facts = entry_facts(entry, interaction.medium)
    facts |= {"since": _written(entry.since), "stage": interaction.stage.value}
    facts["stage_since"] = _written(interaction.stage_since)
    if interaction.offers:
        facts["agents"] = [offer.agent for offer in interaction.offers]
    return facts


def _matter_of(facts: Mapping[str, Any]) -> Matter:
    since = datetime.fromisoformat(facts["stage_since"])
    agents = tuple(map(AgentId, facts.get("agents", ())))
    return Matter(entry_of(facts, since), facts["medium"], Stage(facts["stage"]), since, agents)


# --- agents ---


def agent_facts(agent: Agent) -> Facts:
    """Return what the journal says of an agent at a roll call, and when they log in."""
    facts: Facts = {
        "presence": agent.presence.value, "reason": agent.reason, "since": _written(agent.since),
        "idle_since": _written(agent.idle_since), "offered_at": _written(agent.offered_at), "phone": agent.phone.value,
        "queues": {id_: [each.rank, each.after.total_seconds()] for id_, each in sorted(agent.queues.items())},
    }  # fmt: skip
    if agent.skills:
        facts["skills"] = dict(sorted(agent.skills.items()))
    if agent.capacity != USUAL:
        interrupts = {medium: sorted(others) for medium, others in sorted(agent.capacity.interrupts.items())}
        facts["capacity"] = [dict(sorted(agent.capacity.limits.items())), interrupts]
    if agent.lately != Busy():
        facts["busy"] = [agent.lately.seconds, _written(agent.lately.at)]
    if agent.hands:
        facts["hands"] = {id_: [held.medium, _written(held.since)] for id_, held in agent.hands.items()}
    return {name: value for name, value in facts.items() if value is not None}


def agent_of(id_: AgentId, facts: Mapping[str, Any]) -> Agent:
    """Return the agent of whom a line tells this."""
    queues = {
        QueueId(queue): Membership(rank, timedelta(seconds=after)) for queue, (rank, after) in facts["queues"].items()
    }
    agent = placed(Agent(id_, id_, {}), queues, facts.get("skills", {}))
    capacity, busy = facts.get("capacity"), facts.get("busy")
    # JSON keeps no order of its own: the earliest in hand comes first.
    hands = sorted(
        (datetime.fromisoformat(since), held, medium) for held, (medium, since) in facts.get("hands", {}).items()
    )
    return changed(
        agent, presence=Presence(facts["presence"]), reason=facts.get("reason"), since=_read(facts.get("since")),
        idle_since=_read(facts.get("idle_since")), offered_at=_read(facts.get("offered_at")),
        phone=PhoneKind(facts["phone"]),
        hands={InteractionId(held): Held(medium, since) for since, held, medium in hands},
        capacity=_capacity(*capacity) if capacity else USUAL,
        lately=Busy(busy[0], _read(busy[1])) if busy else Busy(),
    )  # fmt: skip


# --- everybody ---


@dataclass(frozen=True, slots=True)
class Hours:
    """The queues that are closed now, and the agents whose working hours are not now."""

    closed: frozenset[QueueId] = frozenset()
    away: frozenset[AgentId] = frozenset()


def hours_facts(hours: Hours) -> Facts:
    """Return what the journal says of the hours when they change."""
    return {"closed": sorted(hours.closed), "away": sorted(hours.away)}


def hours_of(facts: Mapping[str, Any]) -> Hours:
    """Return the hours of which a line tells this."""
    return Hours(frozenset(map(QueueId, facts["closed"])), frozenset(map(AgentId, facts["away"])))


class Called(NamedTuple):
    """What a roll call finds."""

    agents: dict[AgentId, Agent]
    matters: dict[InteractionId, Matter]
    phones: set[str]
    hours: Hours
    rules: Rules


def roll_call(
    agents: Iterable[Agent], interactions: Iterable[Interaction], phones: Iterable[str], hours: Hours, rules: Rules
) -> Facts:
    """Return the whole floor as one line of the journal says it: who is at work, who waits, who talks."""
    present = (each for each in agents if each.presence is not Presence.OFFLINE or each.hands)
    placed_ = ((each, each.entry) for each in interactions if each.stage in _PLACED and each.entry is not None)
    return {
        "agents": {each.id: agent_facts(each) for each in present},
        "matters": {each.id: _matter_facts(each, entry) for each, entry in placed_},
        "phones": sorted(phones),
        "hours": hours_facts(hours),
        "rules": {
            "strategies": {id_: strategy.value for id_, strategy in rules.strategies.items()},
            "point_s": rules.point.total_seconds(),
            "overtaken_at_most": rules.overtaken_at_most,
            "overflows": {id_: [to.after.total_seconds(), to.queue] for id_, to in rules.overflows.items()},
        },
    }


def called(facts: Mapping[str, Any]) -> Called:
    """Return what a roll call found."""
    rules = facts["rules"]
    return Called(
        {AgentId(id_): agent_of(AgentId(id_), each) for id_, each in facts["agents"].items()},
        {InteractionId(id_): _matter_of(each) for id_, each in facts["matters"].items()},
        set(facts["phones"]),
        hours_of(facts["hours"]),
        Rules(
            {QueueId(queue): Strategy(strategy) for queue, strategy in rules["strategies"].items()},
            timedelta(seconds=rules["point_s"]),
            rules["overtaken_at_most"],
            {
                QueueId(queue): QueueOverflow(timedelta(seconds=after), QueueId(to))
                for queue, (after, to) in rules["overflows"].items()
            },
        ),
    )


def _capacity(limits: Mapping[str, int], interrupts: Mapping[str, Iterable[str]]) -> Capacity:
    return Capacity(limits, {medium: frozenset(others) for medium, others in interrupts.items()})


def _skills(written: Mapping[str, int]) -> Skills:
    return frozenset(written.items())


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
