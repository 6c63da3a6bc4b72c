"""Why an offer went to an agent and to nobody else, or why somebody still waits: from the journal alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trunkline.core.agent import Agent, Presence
from trunkline.core.capacity import TEXT_MEDIA
from trunkline.core.decision import Criterion
from trunkline.core.demand import Membership, Skills, Strategy, lacks
from trunkline.core.hindsight import Hindsight
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import Matter
from trunkline.core.routing import asked_after, relaxations

_ENDS = {
    Happened.ACCEPTED, Happened.DECLINED, Happened.RANG_OUT, Happened.PHONE_UNREACHABLE, Happened.OFFER_WITHDRAWN,
    Happened.ABANDONED, Happened.CALLBACK_NOT_REACHED,
}  # fmt: skip


class Because(StrEnum):
    """Why an agent of the queue was not the one, what lasts first."""

    LACKS_SKILLS = "lacks_skills"
    AWAY = "away"
    NOT_READY = "not_ready"
    NO_PHONE = "no_phone"
    TAKES_NONE = "takes_none"
    BUSY = "busy"
    KEPT_FOR_ANOTHER = "kept_for_another"
    IN_RESERVE = "in_reserve"
    LATER = "later"
    """Able and free, but not the first to be asked."""


@dataclass(frozen=True, slots=True)
class Another:
    """An agent of the queue who was at work, and why it did not go to them."""

    agent: AgentId
    because: Because
    since: datetime | None = None
    """When that began: their break, their call."""
    reason: str | None = None
    """The reason of their presence, or the stage of what they held."""
    lacking: tuple[tuple[str, int, int], ...] = ()
    """Each skill that they lack: its name, their level, the level asked."""
    after_s: float = 0.0
    """The wait from which on they are asked, in reserve."""
    order: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Their rank, what they have of what is preferred (negative), the strategy's key: the smaller is asked first."""
    idle_s: float | None = None


@dataclass(frozen=True, slots=True)
class OfferExplained:
    """One offer. `facts` are its journal line's; `complete` tells whether `others` are known to be all there were."""

    at: datetime
    agent: AgentId
    facts: Mapping[str, Any]
    criterion: Criterion
    others: tuple[Another, ...]
    complete: bool
    end: Happened | None = None
    """What came of it, None while it rings."""
    end_at: datetime | None = None

    @property
    def later(self) -> list[Another]:
        """The other agents who were able and free, in the order in which they would have been asked."""
        return [each for each in self.others if each.because is Because.LATER]


@dataclass(frozen=True, slots=True)
class WaitExplained:
    """Somebody who still waits."""

    at: datetime
    matter: Matter
    asked: Skills
    relaxed: int
    position: int
    is_open: bool
    others: tuple[Another, ...]
    complete: bool


def explained(offered: JournalEntry, floor: Hindsight, after: Iterable[JournalEntry] = ()) -> OfferExplained:
    """Explain an offer; `floor` is as it was just before it, `after` are the interaction's lines that follow."""
    assert offered.agent is not None  # noqa: S101 - an offer is to somebody
    facts, at = offered.facts, offered.at
    asks = _Asks(
        QueueId(facts["queue"]), facts.get("medium", "voice"), frozenset(facts.get("asked", {}).items()),
        frozenset(facts.get("prefer", ())), Strategy(facts.get("strategy", Strategy.LONGEST_IDLE)),
        facts.get("kept_for"), facts["waited_s"] + facts.get("priority", 0) * floor.rules.point.total_seconds(),
    )  # fmt: skip
    others = _others(asks, floor, at, but=offered.agent)
    beside = facts.get("by") == Criterion.BESIDE
    criterion = Criterion.BESIDE if beside else _criterion(asks, others, floor, offered.agent)
    # Of several at whom it rang each has an end of their own, but for who hangs up on all of them at once.
    ends = (line for line in after if line.kind in _ENDS)
    end = next((line for line in ends if line.agent == offered.agent or line.kind is Happened.ABANDONED), None)
    return OfferExplained(
        at, offered.agent, facts, criterion, others, floor.complete,
        end.kind if end else None, end.at if end else None,
    )  # fmt: skip


def wait_explained(id_: InteractionId, floor: Hindsight, at: datetime) -> WaitExplained | None:
    """Explain why somebody waits; None for who does not."""
    matter = floor.matters.get(id_)
    if matter is None or matter.stage is not Stage.WAITING:
        return None
    entry, point = matter.entry, floor.rules.point
    waited = (at - entry.since).total_seconds()
    relaxed = relaxations(entry, waited)
    asked = asked_after(entry, relaxed)
    kept = (
        entry.wanted if entry.wanted is not None and (entry.wanted.until is None or entry.wanted.until > at) else None
    )
    asks = _Asks(
        entry.queue, matter.medium, asked, entry.prefer, floor.rules.strategy(entry.queue),
        kept.agent if kept else None, waited + entry.priority * point.total_seconds(),
    )  # fmt: skip
    counts = _counts(id_, matter, point)
    before = sum(
        1
        for other_id, other in floor.matters.items()
        if other.stage is Stage.WAITING
        and other.entry.queue == entry.queue
        and _counts(other_id, other, point) < counts
    )
    is_open = entry.queue not in floor.hours.closed
    return WaitExplained(at, matter, asked, relaxed, before + 1, is_open, _others(asks, floor, at), floor.complete)


@dataclass(frozen=True, slots=True)
class _Asks:
    queue: QueueId
    medium: str
    skills: Skills
    preferred: frozenset[str]
    strategy: Strategy
    kept_for: str | None
    waited_s: float
    """The wait that the entry counts as."""


def _others(asks: _Asks, floor: Hindsight, at: datetime, but: AgentId | None = None) -> tuple[Another, ...]:
    there = (
        agent
        for agent in floor.agents.values()
        if agent.id != but and agent.presence is not Presence.OFFLINE
        and (asks.queue in agent.queues or agent.id == asks.kept_for)
    )  # fmt: skip
    found = [_another(agent, asks, floor, at) for agent in there]
    reasons = list(Because)
    return tuple(sorted(found, key=lambda each: (-reasons.index(each.because), each.order, each.agent)))


def _another(agent: Agent, asks: _Asks, floor: Hindsight, at: datetime) -> Another:
    """Return the first reason that holds against an agent, in the order of Because."""
    absent = _not_there(agent, asks, floor)
    if absent is not None:
        return absent
    if asks.medium not in agent.room:
        return _without_room(agent, floor)
    if asks.kept_for is not None and agent.id != asks.kept_for:
        return Another(agent.id, Because.KEPT_FOR_ANOTHER, reason=asks.kept_for)
    after_s = agent.queues.get(asks.queue, Membership()).after.total_seconds()
    if after_s > asks.waited_s:
        return Another(agent.id, Because.IN_RESERVE, after_s=after_s)
    idle_s = (at - agent.idle_since).total_seconds() if agent.idle_since is not None else None
    return Another(agent.id, Because.LATER, order=_order(agent, asks), idle_s=idle_s)


def _not_there(agent: Agent, asks: _Asks, floor: Hindsight) -> Another | None:
    """Return why an agent could not have been asked whatever they held; None for who could."""
    lacking = tuple((skill, agent.skills.get(skill, 0), level) for skill, level in lacks(agent.skills, asks.skills))
    if lacking and agent.id != asks.kept_for:
        return Another(agent.id, Because.LACKS_SKILLS, lacking=lacking)
    if agent.id in floor.hours.away:
        return Another(agent.id, Because.AWAY)
    if agent.presence is Presence.NOT_READY:
        return Another(agent.id, Because.NOT_READY, agent.since, agent.reason)
    if asks.medium in TEXT_MEDIA or floor.reachable(agent):
        return None
    return Another(agent.id, Because.NO_PHONE)


def _without_room(agent: Agent, floor: Hindsight) -> Another:
    if not agent.hands:
        return Another(agent.id, Because.TAKES_NONE)
    held, since = next((id_, held.since) for id_, held in agent.hands.items())
    matter = floor.matters.get(held)
    if matter is None:
        return Another(agent.id, Because.BUSY, since)
    return Another(agent.id, Because.BUSY, matter.since, matter.stage.value)


def _order(agent: Agent, asks: _Asks) -> tuple[float, float, float]:
    """Return where an able agent stands, by the rules of core/lines: rank, skill, the strategy's key."""
    wanted = set(asks.preferred)
    if asks.strategy is Strategy.MOST_SKILLED:
        wanted |= {skill for skill, _ in asks.skills} or (set(agent.skills) if not wanted else set())
    order = agent.order
    key = order.idle_since
    if asks.strategy is Strategy.ROUND_ROBIN:
        key = order.offered_at
    elif asks.strategy is Strategy.LEAST_OCCUPIED:
        key = order.load
    rank = agent.queues.get(asks.queue, Membership()).rank
    return (rank, -sum(agent.skills.get(skill, 0) for skill in wanted), key)


def _criterion(asks: _Asks, others: tuple[Another, ...], floor: Hindsight, chosen: AgentId) -> Criterion:
    if asks.kept_for is not None:
        return Criterion.KEPT
    later = next((each for each in others if each.because is Because.LATER), None)
    agent = floor.agents.get(chosen)
    if later is None or agent is None:
        return Criterion.ONLY
    mine = _order(agent, asks)
    if mine[0] < later.order[0]:
        return Criterion.RANK
    return Criterion.SKILL if mine[1] < later.order[1] else Criterion.STRATEGY


def _counts(id_: InteractionId, matter: Matter, point: timedelta) -> tuple[datetime, InteractionId]:
    return (matter.entry.since - matter.entry.priority * point, id_)
