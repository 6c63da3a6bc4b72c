"""Why an entry goes to an agent, as routing knew it in that moment: the inputs, and not a scan of who was there."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from trunkline.core.agent import Agent
from trunkline.core.demand import Skills, Strategy
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Offer
from trunkline.core.occupancy import share


class Criterion(StrEnum):
    """What told the agent from the next one."""

    KEPT = "kept"
    ONLY = "only"
    RANK = "rank"
    SKILL = "skill"
    STRATEGY = "strategy"
    BESIDE = "beside"
    """It rang at somebody else, and at this agent as well: the queue rings several."""


SOME = 4
"""How many able agents are looked for at most: that many means that many or more."""


class Decision(NamedTuple):
    """What routing went by. `able` counts the free agents who could have been asked, up to SOME."""

    by: Criterion
    asked: Skills
    preferred: frozenset[str]
    relaxed: int
    """How many relaxations had come true."""
    position: int
    overtaken: int
    """How often one who came later and asked the same had been served before it."""
    passed_over: int | None
    """How many entries of the agent's queues count as waiting longer and could not go to them; None: not counted."""
    strategy: Strategy
    rank: int
    score: int
    """The agent's levels in what is preferred, or in what is asked where the queue goes by skill."""
    able: int
    next: AgentId | None
    """Who would have been asked next."""


def offered_facts(waiting: Interaction, agent: Agent, offer: Offer, decision: Decision) -> dict[str, Any]:
    """Return what the journal keeps of an offer; what is as usual is left out."""
    entry, at = waiting.entry, offer.since
    assert entry is not None  # noqa: S101 - a WAITING interaction has its entry, by construction
    facts: dict[str, Any] = {
        "offer": offer.id,
        "queue": entry.queue,
        "medium": waiting.medium,
        "waited_s": (at - entry.since).total_seconds(),
        "idle_s": _seconds(agent.idle_since, at),
        "asked": dict(sorted(decision.asked)),
        "position": decision.position,
        "by": decision.by.value,
        "strategy": decision.strategy.value,
        "able": decision.able,
    }
    if decision.strategy is Strategy.LEAST_OCCUPIED:
        facts["occupancy"] = round(share(agent.lately, at=at), 4)
    if decision.strategy is Strategy.ROUND_ROBIN:
        facts["last_offer_s"] = _seconds(agent.offered_at, at)
    wanted = entry.wanted
    if wanted is not None and (wanted.until is None or wanted.until > at):
        facts["kept_for"] = wanted.agent
    seldom = {
        "priority": entry.priority, "prefer": sorted(decision.preferred), "score": decision.score,
        "relaxed": decision.relaxed, "of": len(entry.relax), "rank": decision.rank - 1 and decision.rank,
        "next": decision.next, "overtaken": decision.overtaken, "passed_over": decision.passed_over,
    }  # fmt: skip
    return facts | {name: value for name, value in seldom.items() if value}


def _seconds(since: datetime | None, at: datetime) -> float | None:
    return (at - since).total_seconds() if since is not None else None
